/** What people do, or fail to do: acknowledgements, escalation, silences, a changed configuration. */
import type { AlertEventType } from '../../../shared/contracts/alert.ts';
import { always, calibrated, type Scenario, type Step, square, want } from '../timeline.ts';

const twoCameras = {
  ...calibrated(),
  cameras: ['gate', 'stairs'].flatMap((id) => calibrated({ camera: { id } }).cameras),
};

const blindness: ['no-signal' | 'stall' | 'degraded', AlertEventType][] = [
  ['no-signal', 'camera.offline'],
  ['stall', 'camera.stale'],
  ['degraded', 'camera.degraded'],
];

/** A camera that is blind for half a minute, silenced. */
const blindUnderSilence = (kind: (typeof blindness)[number][0], type: AlertEventType): Scenario => ({
  untilS: 60,
  steps: [
    {
      kind: 'command',
      at: 1,
      command: { type: 'silence', cameraId: 'gate', upToLevel: 'caution', reason: 'lens cleaned', durationMs: 600_000 },
    },
    { kind, from: 10, to: 40 },
  ],
  want: [
    want(25, 30, type, { level: 'caution', silenced: true }),
    want(45, 46, 'camera.recovered', { silenced: false }),
  ],
});

/** Severe for ten seconds, silenced up to a level while it is in force, and left one level a minute. */
const fallUnderSilence = (upToLevel: 'alert' | 'severe'): Step[] => [
  { kind: 'density', from: 0, to: 10, value: 6 },
  { kind: 'command', at: 8, command: { type: 'silence', upToLevel, reason: 'x', durationMs: 600_000 } },
];

export const operators: Record<string, Scenario> = {
  'nobody acknowledges severe: a step every thirty seconds, three at most': {
    config: calibrated({ alerts: { escalationSteps: 3 } }),
    untilS: 300,
    steps: [{ kind: 'density', ...always, value: 6 }],
    want: [
      want(4, 4.5, 'alert.firing', { level: 'severe' }),
      want(33.5, 35, 'alert.escalated', { reason: 'nobody-acknowledged' }),
      want(63, 66, 'alert.escalated'),
      want(93, 97, 'alert.escalated'),
    ],
  },
  'nobody acknowledges alert: two minutes': {
    config: calibrated({ alerts: { escalationSteps: 1 } }),
    untilS: 300,
    steps: [{ kind: 'density', ...always, value: 4.4 }],
    want: [want(10, 10.5, 'alert.firing', { level: 'alert' }), want(129.5, 131, 'alert.escalated')],
  },
  'caution climbs no ladder': {
    config: calibrated({ alerts: { escalationSteps: 3 } }),
    untilS: 300,
    steps: [{ kind: 'density', ...always, value: 3.4 }],
    want: [want(20, 20.5, 'alert.firing', { level: 'caution' })],
  },
  'an acknowledgement stops the ladder and clears nothing': {
    config: calibrated({ alerts: { escalationSteps: 3 } }),
    untilS: 120,
    steps: [
      { kind: 'density', ...always, value: 6 },
      { kind: 'command', at: 20, command: { type: 'acknowledge' } },
    ],
    want: [want(4, 4.5, 'alert.firing', { level: 'severe' }), want(20, 20, 'alert.acknowledged', { level: 'severe' })],
  },
  'a higher level breaks through an acknowledgement': {
    config: calibrated({ alerts: { escalationSteps: 1 } }),
    untilS: 100,
    steps: [
      { kind: 'density', ...always, value: (s) => (s < 40 ? 4.4 : 6) },
      { kind: 'command', at: 20, command: { type: 'acknowledge' } },
    ],
    want: [
      want(10, 10.5, 'alert.firing', { level: 'alert' }),
      want(20, 20, 'alert.acknowledged', { level: 'alert' }),
      want(44, 48, 'alert.level_changed', { level: 'severe' }),
      want(74, 79, 'alert.escalated', { level: 'severe' }),
    ],
  },
  'a clock set forward climbs no ladder': {
    config: calibrated({ alerts: { escalationSteps: 3 } }),
    untilS: 15,
    steps: [
      { kind: 'density', ...always, value: 6 },
      { kind: 'clock-step', at: 10, byS: 600 },
    ],
    want: [want(4, 4.5, 'alert.firing')],
  },
  'a silence mutes up to its level, and the higher one breaks through': {
    untilS: 100,
    steps: [
      {
        kind: 'command',
        at: 1,
        command: { type: 'silence', zoneId: 'stage', upToLevel: 'alert', reason: 'band enters', durationMs: 90_000 },
      },
      { kind: 'density', ...always, value: (s) => (s < 40 ? 4.4 : 6) },
    ],
    want: [
      want(10, 10.5, 'alert.firing', { level: 'alert', silenced: true }),
      want(44, 48, 'alert.level_changed', { level: 'severe', silenced: false }),
    ],
  },
  'a silence below the level in force mutes nothing, and is not told of the alert': {
    untilS: 20,
    steps: [
      { kind: 'density', ...always, value: 6 },
      { kind: 'command', at: 6, command: { type: 'silence', upToLevel: 'alert', reason: 'x', durationMs: 60_000 } },
    ],
    want: [want(4, 4.5, 'alert.firing', { level: 'severe', silenced: false })],
  },
  'a silence that ends over a running alert says so': {
    untilS: 60,
    steps: [
      {
        kind: 'command',
        at: 1,
        command: { type: 'silence', zoneId: 'stage', upToLevel: 'severe', reason: 'test of gates', durationMs: 30_000 },
      },
      { kind: 'density', ...always, value: 6 },
    ],
    want: [
      want(4, 4.5, 'alert.firing', { level: 'severe', silenced: true }),
      want(31, 32, 'alert.silence_ended', { level: 'severe', silenced: false }),
    ],
  },
  'a clock set back makes no silence last longer: one made in the future is over': {
    untilS: 60,
    steps: [
      {
        kind: 'command',
        at: 1,
        command: { type: 'silence', zoneId: 'stage', upToLevel: 'severe', reason: 'test of gates', durationMs: 30_000 },
      },
      { kind: 'density', ...always, value: 6 },
      { kind: 'clock-step', at: 10, byS: -86_400 },
    ],
    want: [
      want(4, 4.5, 'alert.firing', { level: 'severe', silenced: true }),
      want(10 - 86_400, 11 - 86_400, 'alert.silence_ended', { level: 'severe', silenced: false }),
    ],
  },
  'a clock set right by seconds ends no silence': {
    untilS: 60,
    steps: [
      {
        kind: 'command',
        at: 1,
        command: {
          type: 'silence',
          zoneId: 'stage',
          upToLevel: 'severe',
          reason: 'test of gates',
          durationMs: 600_000,
        },
      },
      { kind: 'density', ...always, value: 6 },
      { kind: 'clock-step', at: 10, byS: -20 },
    ],
    want: [want(4, 4.5, 'alert.firing', { level: 'severe', silenced: true })],
  },
  'a silence stops the ladder as long as it lasts': {
    config: calibrated({ alerts: { escalationSteps: 1 } }),
    untilS: 100,
    steps: [
      { kind: 'density', ...always, value: 6 },
      {
        kind: 'command',
        at: 10,
        command: { type: 'silence', cameraId: 'gate', upToLevel: 'severe', reason: 'seen', durationMs: 40_000 },
      },
    ],
    want: [
      want(4, 4.5, 'alert.firing', { level: 'severe', silenced: false }),
      want(10, 10, 'alert.silenced'),
      want(50, 51, 'alert.silence_ended'),
      want(73, 76, 'alert.escalated'),
    ],
  },
  'a silence of another zone mutes nothing here': {
    config: calibrated({ camera: { zones: ['stage', 'other'].map((id) => ({ id, polygon: square })) } }),
    untilS: 20,
    steps: [
      {
        kind: 'command',
        at: 1,
        command: { type: 'silence', zoneId: 'other', upToLevel: 'severe', reason: 'x', durationMs: 60_000 },
      },
      { kind: 'density', ...always, value: 6 },
    ],
    want: [want(4, 4.5, 'alert.firing', { silenced: false })],
  },
  'a silence of one camera mutes nothing at another': {
    config: twoCameras,
    untilS: 20,
    steps: [
      {
        kind: 'command',
        at: 1,
        command: { type: 'silence', cameraId: 'stairs', upToLevel: 'severe', reason: 'x', durationMs: 60_000 },
      },
      { kind: 'density', ...always, camera: 'gate', value: 6 },
      { kind: 'density', ...always, camera: 'stairs', value: 6 },
    ],
    want: [
      want(4, 4.5, 'alert.firing', { camera: 'gate', silenced: false }),
      want(4, 4.5, 'alert.firing', { camera: 'stairs', silenced: true }),
    ],
  },
  'a silence of one rule mutes no other': {
    config: calibrated({ zone: { capacity: 100 } }),
    untilS: 20,
    steps: [
      {
        kind: 'command',
        at: 1,
        command: { type: 'silence', rule: 'zone-occupancy', upToLevel: 'severe', reason: 'x', durationMs: 60_000 },
      },
      { kind: 'count', ...always, value: 115 },
      { kind: 'density', ...always, value: 6 },
    ],
    want: [
      want(4, 4.5, 'alert.firing', { rule: 'zone-occupancy', silenced: true }),
      want(4, 4.5, 'alert.firing', { rule: 'zone-density', silenced: false }),
    ],
  },
  ...Object.fromEntries(
    blindness.map(([kind, type]) => [
      `a silence mutes ${type}, and not that the camera is back`,
      blindUnderSilence(kind, type),
    ]),
  ),
  'a silence mutes that an alert has lost its pictures, and that they are back': {
    untilS: 60,
    steps: [
      { kind: 'density', ...always, value: 6 },
      {
        kind: 'command',
        at: 6,
        command: { type: 'silence', upToLevel: 'severe', reason: 'lens cleaned', durationMs: 600_000 },
      },
      { kind: 'no-signal', from: 10, to: 22 },
    ],
    want: [
      want(4, 4.5, 'alert.firing', { level: 'severe', silenced: false }),
      want(6, 6, 'alert.silenced'),
      want(15, 16, 'alert.no_data', { silenced: true }),
      want(22, 22.5, 'alert.data_restored', { silenced: true }),
    ],
  },
  'a silence mutes a fall from a level it covers': {
    untilS: 100,
    steps: fallUnderSilence('severe'),
    want: [
      want(4, 4.5, 'alert.firing', { level: 'severe', silenced: false }),
      want(8, 8, 'alert.silenced'),
      want(72, 74, 'alert.level_changed', { level: 'alert', silenced: true }),
    ],
  },
  'a fall from above a silence goes out: who heard of the height hears that it is over': {
    untilS: 150,
    steps: fallUnderSilence('alert'),
    want: [
      want(4, 4.5, 'alert.firing', { level: 'severe', silenced: false }),
      want(72, 74, 'alert.level_changed', { level: 'alert', silenced: false }),
      want(132, 134, 'alert.level_changed', { level: 'caution', silenced: true }),
    ],
  },
  'a silence ended by hand over a running alert says so': {
    untilS: 20,
    steps: [
      { kind: 'command', at: 1, command: { type: 'silence', upToLevel: 'severe', reason: 'x', durationMs: 60_000 } },
      { kind: 'density', ...always, value: 6 },
      { kind: 'command', at: 10, command: { type: 'end-silence' } },
    ],
    want: [want(4, 4.5, 'alert.firing', { silenced: true }), want(10, 10, 'alert.silence_ended', { silenced: false })],
  },
  'the end of an alert goes out through a silence': {
    config: calibrated({ zone: { limits: { peoplePerSqm: { severe: 5 } } } }),
    untilS: 100,
    steps: [
      { kind: 'density', from: 0, to: 10, value: 6 },
      { kind: 'command', at: 8, command: { type: 'silence', upToLevel: 'severe', reason: 'x', durationMs: 600_000 } },
    ],
    want: [
      want(4, 4.5, 'alert.firing', { silenced: false }),
      want(8, 8, 'alert.silenced'),
      want(72, 74, 'alert.resolved', { silenced: false }),
    ],
  },
  'assigned and commented, an alert goes on as before': {
    untilS: 20,
    steps: [
      { kind: 'density', ...always, value: 6 },
      { kind: 'command', at: 6, command: { type: 'assign', assignee: 'team 4' } },
      { kind: 'command', at: 7, command: { type: 'comment', note: 'gate C opened' } },
    ],
    want: [want(4, 4.5, 'alert.firing'), want(6, 6, 'alert.assigned'), want(7, 7, 'alert.commented')],
  },
  'escalated by hand, also after an acknowledgement, it is one step further at once': {
    untilS: 20,
    steps: [
      { kind: 'density', ...always, value: 6 },
      { kind: 'command', at: 6, command: { type: 'acknowledge' } },
      { kind: 'command', at: 7, command: { type: 'escalate', note: 'needs the police' } },
      { kind: 'command', at: 8, command: { type: 'escalate' } },
    ],
    want: [
      want(4, 4.5, 'alert.firing'),
      want(6, 6, 'alert.acknowledged'),
      want(7, 7, 'alert.escalated', { escalation: 1, reason: 'operator' }),
      want(8, 8, 'alert.escalated', { escalation: 2 }),
    ],
  },
  'escalated by hand it goes out through a silence: the next step is to hear of it': {
    untilS: 20,
    steps: [
      { kind: 'density', ...always, value: 6 },
      {
        kind: 'command',
        at: 6,
        command: { type: 'silence', upToLevel: 'severe', reason: 'seen', durationMs: 600_000 },
      },
      { kind: 'command', at: 8, command: { type: 'escalate', note: 'needs the police' } },
    ],
    want: [
      want(4, 4.5, 'alert.firing'),
      want(6, 6, 'alert.silenced'),
      want(8, 8, 'alert.escalated', { escalation: 1, reason: 'operator', silenced: false }),
    ],
  },
  'a zone taken out of the configuration closes its alert with that reason': {
    untilS: 20,
    steps: [
      { kind: 'density', ...always, value: 6 },
      { kind: 'configure', at: 10, config: calibrated({ camera: { zones: [] } }) },
    ],
    want: [want(4, 4.5, 'alert.firing'), want(10, 10, 'alert.resolved', { reason: 'rule-removed' })],
  },
};
