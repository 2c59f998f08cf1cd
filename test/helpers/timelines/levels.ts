/** What the crowd does: dwell, hysteresis, thresholds of every kind, forecasts, lines. */
import { always, calibrated, type Scenario, want, withCapacity } from '../timeline.ts';

/** A line with thresholds of its own. */
const door = (limits: object) => ({
  ...{ id: 'door', in: 'left', limits },
  points: [
    [0.1, 0.5],
    [0.9, 0.5],
  ],
});
/** A zone with a capacity, of which the density is guarded, too: its forecast follows that once there is a severe one. */
const twoFigures = (peoplePerSqm: object): Record<string, unknown> =>
  calibrated({
    alerts: { trendMinMs: 180_000, trendWindowMs: 300_000, clearMs: 10_000 },
    zone: { capacity: 100, limits: { peoplePerSqm } },
  });
const ramp =
  (perMin: number, start = 0) =>
  (atS: number) =>
    start + (perMin * atS) / 60;

export const levels: Record<string, Scenario> = {
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
  'a threshold below the hysteresis is left at half of it': {
    config: calibrated({ zone: { limits: { peoplePerSqm: { caution: 0.4 } } } }),
    untilS: 220,
    steps: [{ kind: 'density', ...always, value: (s) => (s < 40 ? 0.5 : s < 140 ? 0.25 : 0.15) }],
    want: [want(20, 20.5, 'alert.firing', { level: 'caution' }), want(200, 204, 'alert.resolved')],
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
  'a forecast is not over while a second figure, guarded anew, may rise unseen': {
    config: twoFigures({ caution: 3 }),
    untilS: 440,
    steps: [
      { kind: 'count', ...always, value: (s) => (s < 220 ? ramp(10)(s) : 0) },
      { kind: 'configure', at: 220, config: twoFigures({ caution: 3, severe: 5 }) },
    ],
    want: [
      want(200, 215, 'alert.firing', { level: 'caution', rule: 'zone-forecast' }),
      want(225, 227, 'alert.no_data', { level: 'caution', rule: 'zone-forecast' }),
      want(400, 412, 'alert.data_restored', { level: 'caution', rule: 'zone-forecast' }),
      want(410, 425, 'alert.resolved', { rule: 'zone-forecast' }),
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
  'people going out over a line, and not those going in': {
    config: withCapacity({ camera: { lines: [door({ outPerMin: { caution: 60 } })] } }),
    untilS: 80,
    steps: [
      { kind: 'flow', from: 0, to: 40, in: 70, out: 5 },
      { kind: 'flow', from: 40, to: 81, in: 5, out: 70 },
    ],
    want: [want(60, 63.5, 'alert.firing', { level: 'caution', rule: 'line-out' })],
  },
  'one stream alone meets nobody, whichever way it goes': {
    config: withCapacity({ camera: { lines: [door({ counterPerMin: { caution: 40 } })] } }),
    untilS: 120,
    steps: [
      { kind: 'flow', from: 0, to: 40, in: 5, out: 90 },
      { kind: 'flow', from: 40, to: 80, in: 90, out: 5 },
      { kind: 'flow', from: 80, to: 121, in: 45, out: 60 },
    ],
    want: [want(100, 103.5, 'alert.firing', { level: 'caution', rule: 'line-counter-flow' })],
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
