/** Stories of a crowd on a virtual clock. Times are seconds; every event must be wanted, in order. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { calibrated, play, type Scenario, want, withCapacity } from '../helpers/timeline.ts';

const noForecast = { trendMinMs: 3_600_000, trendWindowMs: 3_600_000 };
const always = { from: 0, to: 10_000 };
/** A line with thresholds of its own. */
const door = (limits: object) => ({
  ...{ id: 'door', in: 'left', limits },
  points: [
    [0.1, 0.5],
    [0.9, 0.5],
  ],
});
const ramp =
  (perMin: number, start = 0) =>
  (atS: number) =>
    start + (perMin * atS) / 60;
const twoZones = {
  alerts: { ...noForecast, escalationSteps: 0 },
  cameras: ['gate', 'stairs'].map((id) => ({
    id,
    url: 'rtsp://192.0.2.1/',
    sampleFps: 2,
    zones: [
      {
        id: 'stage',
        polygon: [
          [0, 0],
          [1, 0],
          [1, 1],
        ],
        capacity: 100,
      },
    ],
  })),
};

const scenarios: Record<string, Scenario> = {
  'an empty square raises nothing': { untilS: 60, steps: [], want: [] },
  'severe is raised four seconds after it begins, straight from normal': {
    untilS: 9,
    steps: [{ kind: 'density', ...always, value: 6 }],
    want: [
      want(4, 4.5, 'alert.firing', { level: 'severe', rule: 'zone-density', zone: 'stage', reason: 'level-rose' }),
    ],
  },
  'alert takes ten seconds': {
    untilS: 60,
    steps: [{ kind: 'density', ...always, value: 4.2 }],
    want: [want(10, 10.5, 'alert.firing', { level: 'alert' })],
  },
  'caution takes twenty seconds': {
    untilS: 60,
    steps: [{ kind: 'density', ...always, value: 3.2 }],
    want: [want(20, 20.5, 'alert.firing', { level: 'caution' })],
  },
  'attention takes thirty seconds': {
    untilS: 60,
    steps: [{ kind: 'density', ...always, value: 2.2 }],
    want: [want(30, 30.5, 'alert.firing', { level: 'attention' })],
  },
  'a rising crowd passes every level in order, once each': {
    untilS: 200,
    steps: [{ kind: 'density', ...always, value: (s) => (s < 60 ? 2.5 : s < 100 ? 3.5 : s < 140 ? 4.5 : 5.5) }],
    want: [
      want(30, 30.5, 'alert.firing', { level: 'attention' }),
      want(80, 84, 'alert.level_changed', { level: 'caution' }),
      want(110, 114, 'alert.level_changed', { level: 'alert' }),
      want(144, 148, 'alert.level_changed', { level: 'severe' }),
    ],
  },
  'the same density is severe on stairs and calm on a plaza': {
    config: calibrated({ zone: { profile: 'stairs' } }),
    untilS: 20,
    steps: [{ kind: 'density', ...always, value: 3.1 }],
    want: [want(4, 4.5, 'alert.firing', { level: 'severe' })],
  },
  'a moving crowd is severe at four': {
    config: calibrated({ zone: { profile: 'moving' } }),
    untilS: 20,
    steps: [{ kind: 'density', ...always, value: 4.1 }],
    want: [want(4, 4.5, 'alert.firing', { level: 'severe' })],
  },
  'a queue is at alert from three and a half': {
    config: calibrated({ zone: { profile: 'queue' } }),
    untilS: 20,
    steps: [{ kind: 'density', ...always, value: 3.6 }],
    want: [want(10, 10.5, 'alert.firing', { level: 'alert' })],
  },
  'a zone may state its own thresholds': {
    config: calibrated({ zone: { limits: { peoplePerSqm: { severe: 1 } } } }),
    untilS: 20,
    steps: [{ kind: 'density', ...always, value: 1.1 }],
    want: [want(4, 4.5, 'alert.firing', { level: 'severe' })],
  },
  'a single wild picture raises nothing': {
    untilS: 60,
    steps: [{ kind: 'density', from: 20, to: 20.5, value: 40 }],
    want: [],
  },
  'two seconds of crush in a calm square raise nothing': {
    untilS: 60,
    steps: [{ kind: 'density', from: 20, to: 22, value: 9 }],
    want: [],
  },
  'a level is left one step at a time, a minute each, and only then resolved': {
    untilS: 300,
    steps: [{ kind: 'density', from: 0, to: 10, value: 6 }],
    want: [
      want(4, 4.5, 'alert.firing', { level: 'severe' }),
      want(72, 74, 'alert.level_changed', { level: 'alert', reason: 'level-fell' }),
      want(132, 134, 'alert.level_changed', { level: 'caution' }),
      want(192, 194, 'alert.level_changed', { level: 'attention' }),
      want(252, 254, 'alert.resolved', { level: 'normal', reason: 'cleared' }),
    ],
  },
  'a level within its hysteresis is kept': {
    untilS: 300,
    steps: [{ kind: 'density', ...always, value: (s) => (s < 10 ? 5.2 : 4.6) }],
    want: [want(4, 4.5, 'alert.firing', { level: 'severe' })],
  },
  'a crowd that returns while the level is being left keeps the level': {
    untilS: 180,
    steps: [{ kind: 'density', ...always, value: (s) => (s > 20 && s < 70 ? 3.6 : 4.4) }],
    want: [want(10, 10.5, 'alert.firing', { level: 'alert' })],
  },
  'a count that flutters about a threshold every picture raises once (fault 47)': {
    untilS: 300,
    steps: [{ kind: 'density', ...always, value: (s) => (Math.round(s * 2) % 2 === 0 ? 5.2 : 4.8) }],
    want: [want(4, 10, 'alert.firing', { level: 'severe' })],
  },
  'a crowd that swings slowly is raised and cleared no more often than the hold time': {
    config: calibrated({ zone: { limits: { peoplePerSqm: { alert: 4 } } } }),
    untilS: 400,
    steps: [{ kind: 'density', ...always, value: (s) => (s % 200 < 100 ? 5 : 1) }],
    want: [
      want(10, 10.5, 'alert.firing', { level: 'alert' }),
      want(160, 165, 'alert.resolved'),
      want(210, 215, 'alert.firing', { level: 'alert' }),
      want(360, 365, 'alert.resolved'),
    ],
  },
  'swings faster than the hold time stay one alert (fault 47)': {
    config: calibrated({ zone: { limits: { peoplePerSqm: { alert: 4 } } } }),
    untilS: 600,
    steps: [{ kind: 'density', ...always, value: (s) => (s % 60 < 30 ? 5 : 1) }],
    want: [want(10, 10.5, 'alert.firing', { level: 'alert' })],
  },
  'capacity: full is alert, a tenth over is severe': {
    config: withCapacity(),
    untilS: 100,
    steps: [{ kind: 'count', ...always, value: (s) => (s < 40 ? 101 : 115) }],
    want: [
      want(10, 10.5, 'alert.firing', { level: 'alert', rule: 'zone-occupancy' }),
      want(44, 48, 'alert.level_changed', { level: 'severe' }),
    ],
  },
  'an absolute count without capacity': {
    config: withCapacity({ zone: { capacity: undefined, limits: { count: { caution: 50 } } } }),
    untilS: 60,
    steps: [{ kind: 'count', ...always, value: 51 }],
    want: [want(20, 20.5, 'alert.firing', { level: 'caution', rule: 'zone-count' })],
  },
  'without calibration there is no density alert, however dense': {
    config: withCapacity({ zone: { capacity: undefined } }),
    untilS: 60,
    steps: [{ kind: 'density', ...always, value: 9 }],
    want: [],
  },
  'filling towards severe is foretold ten and five minutes ahead': {
    config: withCapacity({ alerts: { trendMinMs: 180_000, trendWindowMs: 300_000 } }),
    untilS: 400,
    steps: [{ kind: 'count', ...always, value: ramp(10) }],
    want: [
      want(200, 215, 'alert.firing', { level: 'caution', rule: 'zone-forecast' }),
      want(368, 376, 'alert.level_changed', { level: 'alert', rule: 'zone-forecast' }),
    ],
  },
  'a fill rate is an alert only where its slope is certain': {
    config: withCapacity({
      alerts: { trendMinMs: 180_000, trendWindowMs: 300_000 },
      zone: { capacity: undefined, limits: { fillPerMin: { caution: 20 } } },
    }),
    untilS: 240,
    steps: [{ kind: 'count', ...always, value: ramp(30) }],
    want: [want(200, 215, 'alert.firing', { level: 'caution', rule: 'zone-fill-rate' })],
  },
  'a crowd that fluctuates without filling has no forecast': {
    config: withCapacity({ alerts: { trendMinMs: 180_000, trendWindowMs: 300_000 } }),
    untilS: 600,
    steps: [{ kind: 'count', ...always, value: (s) => 60 + 15 * Math.sin(s / 7) }],
    want: [],
  },
  'people going in over a line': {
    config: withCapacity({ camera: { lines: [door({ inPerMin: { caution: 60, alert: 80 } })] } }),
    untilS: 120,
    steps: [
      { kind: 'flow', from: 0, to: 40, in: 70, out: 5 },
      { kind: 'flow', from: 40, to: 120, in: 90, out: 5 },
    ],
    want: [
      want(20, 20.5, 'alert.firing', { level: 'caution', rule: 'line-in' }),
      want(50, 53.5, 'alert.level_changed', { level: 'alert', rule: 'line-in' }),
    ],
  },
  'as many out as in fill nothing, but meet head on': {
    config: withCapacity({
      camera: {
        lines: [door({ netPerMin: { caution: 30 }, outPerMin: { caution: 90 }, counterPerMin: { caution: 40 } })],
      },
    }),
    untilS: 60,
    steps: [{ kind: 'flow', ...always, in: 75, out: 60 }],
    want: [want(20, 20.5, 'alert.firing', { level: 'caution', rule: 'line-counter-flow' })],
  },
  'a line that doubts its figures raises nothing, and ends nothing': {
    config: withCapacity({ camera: { lines: [door({ netPerMin: { caution: 30 } })] } }),
    untilS: 200,
    steps: [
      { kind: 'flow', from: 0, to: 30, in: 90, out: 5, doubt: 'too-crowded' },
      { kind: 'flow', from: 30, to: 70, in: 90, out: 5 },
      { kind: 'flow', from: 70, to: 201, in: 0, out: 0, doubt: 'too-crowded' },
    ],
    want: [
      want(50, 51, 'alert.firing', { level: 'caution', rule: 'line-net' }),
      want(74, 77, 'alert.no_data', { rule: 'line-net' }),
    ],
  },
  'a lost camera is an alert of its own after fifteen seconds, and recovers': {
    untilS: 60,
    steps: [{ kind: 'no-signal', from: 10, to: 40 }],
    want: [
      want(25, 26.5, 'camera.offline', { level: 'caution', rule: 'camera-picture', camera: 'gate' }),
      want(45, 46, 'camera.recovered'),
    ],
  },
  'a blip of a camera is no alert': {
    untilS: 60,
    steps: [{ kind: 'no-signal', from: 10, to: 20 }],
    want: [],
  },
  'a stalled camera is stale, not offline': {
    untilS: 40,
    steps: [{ kind: 'stall', from: 10, to: 40 }],
    want: [want(27, 30, 'camera.stale', { level: 'caution' })],
  },
  'pictures that cannot be counted are degraded': {
    untilS: 40,
    steps: [{ kind: 'degraded', from: 10, to: 40 }],
    want: [want(25, 26.5, 'camera.degraded', { level: 'caution' })],
  },
  'being blind at an important place is at alert': {
    config: calibrated({ zone: { importance: 'high' } }),
    untilS: 40,
    steps: [{ kind: 'no-signal', from: 10, to: 40 }],
    want: [want(25, 26.5, 'camera.offline', { level: 'alert' })],
  },
  'a severe alert without pictures is latched, says so, and is never resolved by it': {
    untilS: 400,
    steps: [
      { kind: 'density', from: 0, to: 10, value: 6 },
      { kind: 'no-signal', from: 10, to: 500 },
    ],
    want: [
      want(4, 4.5, 'alert.firing', { level: 'severe' }),
      want(15, 16, 'alert.no_data', { level: 'severe', reason: 'picture-long-missing' }),
      want(25, 26.5, 'camera.offline'),
    ],
  },
  'pictures that come back to a full square go on with the same alert': {
    untilS: 60,
    steps: [
      { kind: 'density', ...always, value: 6 },
      { kind: 'no-signal', from: 10, to: 22 },
    ],
    want: [
      want(4, 4.5, 'alert.firing', { level: 'severe' }),
      want(15, 16, 'alert.no_data', { level: 'severe' }),
      want(22, 22.5, 'alert.data_restored', { level: 'severe', reason: 'picture-back' }),
    ],
  },
  'pictures that come back to an empty square clear it by the minute, not at once': {
    untilS: 100,
    steps: [
      { kind: 'density', from: 0, to: 10, value: 6 },
      { kind: 'no-signal', from: 10, to: 22 },
    ],
    want: [
      want(4, 4.5, 'alert.firing', { level: 'severe' }),
      want(15, 16, 'alert.no_data'),
      want(22, 22.5, 'alert.data_restored', { level: 'severe' }),
      want(82, 83, 'alert.level_changed', { level: 'alert' }),
    ],
  },
  'short gaps in a rise do not hide it': {
    untilS: 30,
    steps: [
      { kind: 'density', ...always, value: 6 },
      { kind: 'degraded', from: 1, to: 2 },
      { kind: 'degraded', from: 3, to: 4 },
    ],
    want: [want(4, 6, 'alert.firing', { level: 'severe' })],
  },
  'short gaps while clearing start the minute anew': {
    config: calibrated({ zone: { limits: { peoplePerSqm: { severe: 5 } } } }),
    untilS: 120,
    steps: [
      { kind: 'density', from: 0, to: 10, value: 6 },
      { kind: 'degraded', from: 50, to: 51 },
    ],
    want: [want(4, 4.5, 'alert.firing', { level: 'severe' }), want(111, 112, 'alert.resolved')],
  },
  'inference that stops is one alert of its own, not one a camera': {
    config: twoZones,
    untilS: 60,
    steps: [{ kind: 'worker-down', from: 10, to: 40 }],
    want: [
      want(27, 30, 'alert.firing', { level: 'alert', rule: 'inference-behind' }),
      want(45, 46, 'alert.level_changed', { level: 'caution', rule: 'inference-behind' }),
      want(50, 51, 'alert.resolved', { rule: 'inference-behind' }),
    ],
  },
  'ingest that stops is one alert of its own': {
    config: twoZones,
    untilS: 60,
    steps: [{ kind: 'ingest-down', from: 10, to: 40 }],
    want: [
      want(25, 27, 'alert.firing', { level: 'alert', rule: 'ingest-down' }),
      want(45, 47, 'alert.resolved', { rule: 'ingest-down' }),
    ],
  },
  'one lost camera leaves the other alone': {
    config: twoZones,
    untilS: 40,
    steps: [
      { kind: 'no-signal', from: 10, to: 40, camera: 'stairs' },
      { kind: 'count', ...always, camera: 'gate', value: 120 },
    ],
    want: [
      want(4, 4.5, 'alert.firing', { level: 'severe', camera: 'gate' }),
      want(25, 26.5, 'camera.offline', { camera: 'stairs' }),
    ],
  },
  'a clock set forward by ten minutes fills no dwell (fault 15)': {
    untilS: 40,
    steps: [
      { kind: 'density', from: 0, to: 15, value: 3.4 },
      { kind: 'clock-step', at: 10, byS: 600 },
    ],
    want: [],
  },
  'a clock set back by ten minutes neither raises nor clears': {
    untilS: 30,
    steps: [
      { kind: 'density', ...always, value: 6 },
      { kind: 'clock-step', at: 10, byS: -600 },
    ],
    want: [want(4, 4.5, 'alert.firing', { level: 'severe' })],
  },
  'a killed process is followed by one that knows all (fault 48)': {
    untilS: 60,
    steps: [
      { kind: 'density', ...always, value: 6 },
      { kind: 'crash', at: 10, downS: 5 },
    ],
    want: [want(4, 4.5, 'alert.firing', { level: 'severe' })],
  },
  'killed in the middle of a dwell: the successor goes on with it': {
    untilS: 30,
    steps: [
      { kind: 'density', ...always, value: 4.4 },
      { kind: 'crash', at: 6, downS: 2 },
    ],
    want: [want(9.5, 12, 'alert.firing', { level: 'alert' })],
  },
  'killed between deciding and storing: decided once more, with the same id (fault 48)': {
    untilS: 20,
    steps: [
      { kind: 'density', ...always, value: 6 },
      { kind: 'crash-before-commit', at: 1 },
    ],
    want: [want(4, 4.5, 'alert.firing', { level: 'severe' })],
  },
  'failover during a rise: every level once': {
    untilS: 100,
    steps: [
      { kind: 'density', ...always, value: (s) => (s < 40 ? 3.5 : 5.5) },
      { kind: 'crash', at: 19.5, downS: 3 },
      { kind: 'crash', at: 42, downS: 3 },
      { kind: 'crash', at: 60, downS: 3 },
    ],
    want: [
      want(20, 24, 'alert.firing', { level: 'caution' }),
      want(44, 50, 'alert.level_changed', { level: 'severe' }),
    ],
  },
  'killed while pictures are missing: the latch holds': {
    untilS: 60,
    steps: [
      { kind: 'density', from: 0, to: 10, value: 6 },
      { kind: 'stall', from: 10, to: 500 },
      { kind: 'crash', at: 30, downS: 5 },
    ],
    want: [
      want(4, 4.5, 'alert.firing', { level: 'severe' }),
      want(17, 19.5, 'alert.no_data', { level: 'severe' }),
      want(27, 30, 'camera.stale'),
    ],
  },
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
  'a zone taken out of the configuration closes its alert with that reason': {
    untilS: 20,
    steps: [
      { kind: 'density', ...always, value: 6 },
      { kind: 'configure', at: 10, config: calibrated({ camera: { zones: [] } }) },
    ],
    want: [want(4, 4.5, 'alert.firing'), want(10, 10, 'alert.resolved', { reason: 'rule-removed' })],
  },
  'an alert that begins again is another alert': {
    config: calibrated({ zone: { limits: { peoplePerSqm: { severe: 5 } } } }),
    untilS: 120,
    steps: [{ kind: 'density', ...always, value: (s) => (s < 10 || s > 90 ? 6 : 0) }],
    want: [want(4, 4.5, 'alert.firing'), want(72, 74, 'alert.resolved'), want(96, 100, 'alert.firing')],
  },
  'slow cameras need two pictures, not four seconds': {
    config: calibrated({ camera: { sampleFps: 0.1 } }),
    untilS: 60,
    steps: [{ kind: 'density', from: 10, to: 60, value: 6 }],
    want: [want(20, 20.5, 'alert.firing', { level: 'severe' })],
  },
};

describe('alert timelines', () => {
  for (const [name, scenario] of Object.entries(scenarios)) {
    it(name, () => {
      const { events } = play(scenario);
      for (const [index, event] of events.entries()) {
        assert.equal(event.offset, index + 1, 'offsets rise by one');
        assert.equal(event.eventId, `${event.alertId}~${event.sequence}`);
      }
      assert.equal(new Set(events.map((event) => event.eventId)).size, events.length, 'no id twice');
    });
  }

  it('there are at least forty of them', () => assert.ok(Object.keys(scenarios).length >= 40));
});
