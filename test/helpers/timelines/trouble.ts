/** What fails: pictures, services, clocks, and the alerts process itself. */
import { always, calibrated, quiet, type Scenario, want, withCapacity } from '../timeline.ts';

const twoZones = {
  alerts: quiet,
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

/** A line and a zone may have one name. */
const sameName = {
  id: 'stage',
  points: [
    [0, 0.5],
    [1, 0.5],
  ],
  in: 'left',
  limits: { inPerMin: { alert: 60 } },
};

const tenCameras = Array.from(
  { length: 10 },
  (_, index) => calibrated({ camera: { id: `gate-${index}` } }).cameras,
).flat();

export const trouble: Record<string, Scenario> = {
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
  'a zone and a line that no worker counts are told, each by an alert of its own': {
    config: withCapacity({
      zone: { importance: 'high' },
      camera: { lines: [sameName] },
    }),
    untilS: 60,
    steps: [{ kind: 'uncounted', from: 10, to: 40 }],
    want: [
      want(25, 26.5, 'alert.firing', { level: 'alert', rule: 'not-judged', zone: 'stage' }),
      want(25, 26.5, 'alert.firing', { level: 'alert', rule: 'not-judged' }),
      want(45, 46, 'alert.resolved', { rule: 'not-judged', zone: 'stage' }),
      want(45, 46, 'alert.resolved', { rule: 'not-judged' }),
    ],
  },
  'a new zone that workers take up within seconds is no alert': {
    untilS: 60,
    steps: [{ kind: 'uncounted', from: 10, to: 20 }],
    want: [],
  },
  'a zone guarded by density alone, whose ground cannot be measured, is told': {
    untilS: 60,
    steps: [{ kind: 'unmeasured', from: 10, to: 40 }],
    want: [
      want(25, 26.5, 'alert.firing', { level: 'caution', rule: 'not-judged', zone: 'stage' }),
      want(45, 46, 'alert.resolved', { rule: 'not-judged' }),
    ],
  },
  'a zone with a capacity is judged without a density': {
    config: calibrated({ zone: { capacity: 100 } }),
    untilS: 60,
    steps: [{ kind: 'unmeasured', from: 10, to: 40 }],
    want: [],
  },
  'a camera that goes dark speaks for what was not judged there': {
    untilS: 90,
    steps: [
      { kind: 'uncounted', from: 10, to: 30 },
      { kind: 'no-signal', from: 30, to: 60 },
    ],
    want: [
      want(25, 26.5, 'alert.firing', { rule: 'not-judged' }),
      want(35, 36, 'alert.no_data', { rule: 'not-judged' }),
      want(45, 46, 'camera.offline'),
      want(60, 61, 'alert.data_restored', { rule: 'not-judged' }),
      want(65, 66, 'alert.resolved', { rule: 'not-judged' }),
      want(65, 66, 'camera.recovered'),
    ],
  },
  'being blind at an important place is at alert': {
    config: calibrated({ zone: { importance: 'high' } }),
    untilS: 40,
    steps: [{ kind: 'no-signal', from: 10, to: 40 }],
    want: [want(25, 26.5, 'camera.offline', { level: 'alert' })],
  },
  'being blind at an unimportant place is at attention': {
    config: calibrated({ zone: { importance: 'low' } }),
    untilS: 40,
    steps: [{ kind: 'no-signal', from: 10, to: 40 }],
    want: [want(25, 26.5, 'camera.offline', { level: 'attention' })],
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
  'one camera of ten that is not counted any more is enough for a caution': {
    config: { ...calibrated(), cameras: tenCameras },
    untilS: 60,
    steps: [
      // It comes back, and no count of what it shows since.
      { kind: 'no-signal', from: 8, to: 10, camera: 'gate-7' },
      { kind: 'stall', from: 10, to: 40, camera: 'gate-7' },
    ],
    want: [
      want(25, 27, 'alert.firing', { level: 'caution', rule: 'inference-behind' }),
      want(45, 46, 'alert.resolved', { rule: 'inference-behind' }),
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
};
