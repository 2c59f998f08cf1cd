/** What the zone's page shows of time: windows, steps, gaps, levels, thresholds. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { durationParts } from '../../services/dashboard/src/text/duration.ts';
import { levelSpans, rowsOf } from '../../services/dashboard/src/zone/level-spans.ts';
import { scaleTop } from '../../services/dashboard/src/zone/scale-top.ts';
import {
  blindTimes,
  columnsOf,
  LiveTail,
  markedBlind,
  partlyBlind,
  sampleOf,
  samplesOf,
  summarise,
  withTail,
} from '../../services/dashboard/src/zone/spans.ts';
import { countThresholds } from '../../services/dashboard/src/zone/thresholds.ts';
import {
  moved,
  parseWindow,
  RANGES,
  rangeOf,
  stepFor,
  stretchOf,
  type TimeWindow,
  windowBetween,
  windowParam,
} from '../../services/dashboard/src/zone/window.ts';
import type { ActiveAlert, AlertEvent } from '../../shared/contracts/alert.ts';
import type { HistoryPoint } from '../../shared/contracts/history.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const NOW = 1_790_000_000_000;

describe('the time shown', () => {
  it('every range has a step that is kept that long and gives a readable number of spans', () => {
    for (const { id, spanMs } of RANGES) {
      const stretch = stretchOf({ spanMs, end: 'live' }, NOW);
      const stepMs = stepFor(stretch, NOW);
      const spans = spanMs / stepMs;
      assert.ok(spans <= 420 && spans >= 80, `${id}: ${spans} spans of ${stepMs} ms`);
      assert.ok(stepMs % MINUTE === 0 || spanMs <= 6 * HOUR, id);
    }
  });

  it('a short time long ago is read from minutes, since ten seconds are kept for hours only', () => {
    assert.equal(stepFor({ from: NOW - 24 * HOUR, to: NOW - 24 * HOUR + 10 * MINUTE }, NOW), MINUTE);
    assert.equal(stepFor({ from: NOW - 10 * MINUTE, to: NOW }, NOW), 10 * SECOND);
  });

  it('moves and zooms, follows the present when it reaches it, and never shows the future', () => {
    const live: TimeWindow = { spanMs: HOUR, end: 'live' };
    const earlier = moved(live, 'earlier', NOW);
    assert.deepEqual(earlier, { spanMs: HOUR, end: NOW - HOUR / 4 });
    assert.deepEqual(moved(earlier, 'later', NOW), live);
    assert.deepEqual(moved(live, 'later', NOW), live);
    assert.deepEqual(moved(live, 'closer', NOW), { spanMs: HOUR / 2, end: 'live' });
    const wider = moved(earlier, 'wider', NOW);
    assert.equal(wider.end, 'live', 'grown around its middle it reaches the present');
    assert.deepEqual(moved(earlier, 'live', NOW), live);
    let small = live;
    for (let i = 0; i < 20; i++) small = moved(small, 'closer', NOW);
    assert.equal(small.spanMs, 5 * MINUTE);
    let large = live;
    for (let i = 0; i < 20; i++) large = moved(large, 'wider', NOW);
    assert.equal(large.spanMs, 90 * 24 * HOUR);
  });

  it('from and to make a window, unless they make none', () => {
    assert.deepEqual(windowBetween(NOW - 3 * HOUR, NOW - HOUR, NOW), { spanMs: 2 * HOUR, end: NOW - HOUR });
    assert.equal(windowBetween(NOW - HOUR, NOW + HOUR, NOW)?.end, 'live');
    assert.equal(windowBetween(NOW - HOUR, NOW - 2 * HOUR, NOW), undefined);
    assert.equal(windowBetween(NOW + 1, NOW + HOUR, NOW), undefined);
    assert.equal(windowBetween(Number.NaN, NOW, NOW), undefined);
    const tiny = windowBetween(NOW - HOUR, NOW - HOUR + SECOND, NOW);
    assert.equal(tiny?.spanMs, 5 * MINUTE, 'a mark of a pixel shows something');
  });

  it('durations in two whole units', () => {
    assert.deepEqual(durationParts(90_500), [
      [1, 'minute'],
      [31, 'second'],
    ]);
    assert.deepEqual(durationParts(26 * HOUR), [
      [1, 'day'],
      [2, 'hour'],
    ]);
    assert.deepEqual(durationParts(HOUR), [[1, 'hour']]);
    assert.deepEqual(durationParts(0), [[0, 'second']]);
  });

  it('stands in the address and comes back from it; nonsense is the last hour', () => {
    const windows: TimeWindow[] = [
      ...RANGES.map(({ spanMs }) => ({ spanMs, end: 'live' as const })),
      { spanMs: 2 * HOUR, end: NOW - HOUR },
      { spanMs: 10 * MINUTE, end: 'live' },
    ];
    for (const window of windows) assert.deepEqual(parseWindow(windowParam(window), NOW), window);
    for (const param of [undefined, '', 'x', '5-1', '99999999999999999-1', '1h2']) {
      assert.equal(rangeOf(parseWindow(param, NOW)), '1h', String(param));
    }
  });
});

const point = (at: number, count: number, more: Partial<HistoryPoint> = {}): HistoryPoint => ({
  ...{ cameraId: 'c', zoneId: 'z', at, stepMs: 10 * SECOND, countedMs: 10 * SECOND, samples: 20 },
  ...{ countMean: count, countMin: count, countMax: count + 1, ...more },
});
const BEGIN = NOW - 10 * MINUTE;
const stretch = { from: BEGIN, to: BEGIN + 100 * SECOND };

describe('gaps stay gaps', () => {
  it('missing spans are blind, are not joined by a line, and nothing is made up in them', () => {
    const points = [0, 10, 20, 60, 70, 80, 90].map((s) => point(BEGIN + s * SECOND, s));
    const samples = samplesOf(points);
    const blind = blindTimes(samples, stretch, 4 * SECOND);
    assert.deepEqual(blind, [{ from: BEGIN + 30 * SECOND, to: BEGIN + 60 * SECOND }]);
    const { times, count } = columnsOf(samples, blind);
    assert.deepEqual(count, [0, 10, 20, null, 60, 70, 80, 90]);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
      'uPlot needs rising times',
    );
  });

  it('live pictures stand for themselves alone: the gap begins with the last one', () => {
    const live = [0, 1, 2, 20, 21].map((s) => ({ at: BEGIN + s * SECOND, halfMs: 0, count: 1, countMax: 1 }));
    assert.deepEqual(blindTimes(live, { from: BEGIN, to: BEGIN + 22 * SECOND }, 4 * SECOND), [
      { from: BEGIN + 2 * SECOND, to: BEGIN + 20 * SECOND },
    ]);
  });

  it('before the first count and after the last is blind, too', () => {
    const blind = blindTimes(samplesOf([point(BEGIN + 50 * SECOND, 1)]), stretch, 4 * SECOND);
    assert.deepEqual(blind, [
      { from: BEGIN, to: BEGIN + 50 * SECOND },
      { from: BEGIN + 60 * SECOND, to: BEGIN + 100 * SECOND },
    ]);
    assert.deepEqual(blindTimes([], stretch, 0), [stretch]);
  });

  it('a camera that looks once in half a minute is not blind between two looks', () => {
    const points = [0, 30, 60, 90].map((s) => point(BEGIN + s * SECOND, 5));
    assert.deepEqual(blindTimes(samplesOf(points), stretch, 61 * SECOND), []);
  });

  it('the live end follows the stored spans, each second once, without overlap', () => {
    const tail = new LiveTail(HOUR);
    for (let ms = 0; ms < 30_000; ms += 500) {
      const at = BEGIN + ms;
      tail.add({ at, halfMs: 0, count: 7, countMax: 7 });
      tail.add({ at, halfMs: 0, count: 9, countMax: 9 });
    }
    const points = [point(BEGIN, 1), point(BEGIN + 10 * SECOND, 2)];
    const samples = withTail(points, tail.after(0), 10 * SECOND);
    assert.equal(samples.length, 2 + 15);
    assert.ok(samples.every((sample, i) => i === 0 || sample.at > (samples[i - 1]?.at ?? 0)));
    assert.equal(withTail(points, tail.after(0), 5 * MINUTE).length, 2, 'stored spans cover the live end');
    assert.equal(withTail([], tail.after(0), 5 * MINUTE).length, 1, 'beside long spans: only the present');
  });

  it('a silent reading is no sample; a zone has its own figures', () => {
    const ok = {
      ...{ type: 'reading', cameraId: 'c', seq: 1, capturedAt: NOW, status: 'ok', count: 50, interval: [40, 60] },
      zones: [
        {
          ...{ zoneId: 'z', name: 'Z', count: 5, interval: [4, 6], calibrated: true },
          ...{ peoplePerSqm: 1, peakPeoplePerSqm: 2.5 },
        },
      ],
    } as unknown as PublicReading;
    assert.deepEqual(sampleOf(ok, 'z'), {
      ...{ at: NOW, halfMs: 0, count: 5, low: 4, high: 6, countMax: 5, densityMean: 1, densityPeak: 2.5 },
    });
    assert.equal(sampleOf(ok, undefined)?.count, 50);
    assert.equal(sampleOf(ok, 'gone'), undefined);
    assert.equal(sampleOf({ ...ok, status: 'stale' } as unknown as PublicReading, 'z'), undefined);
  });

  it('the sentence below the charts tells mean, highest, tightest and what is missing', () => {
    const points = [point(BEGIN, 2), point(BEGIN + 10 * SECOND, 4, { densityMean: 1, densityPeak: 3, countMax: 9 })];
    const samples = samplesOf(points);
    const summary = summarise(samples, [{ from: BEGIN + 20 * SECOND, to: BEGIN + 100 * SECOND }]);
    assert.deepEqual(summary, {
      mean: 3,
      highest: { count: 9, at: BEGIN + 15 * SECOND },
      densest: { peoplePerSqm: 3, at: BEGIN + 15 * SECOND },
      blindMs: 80 * SECOND,
    });
    assert.equal(summarise([], [stretch]), undefined);
  });

  it('the mean is one over time: a minute of live seconds weighs no more than a stored minute', () => {
    const points = [0, 1, 2].map((i) => point(BEGIN + i * MINUTE, 10, { stepMs: MINUTE, countedMs: MINUTE }));
    const live = Array.from({ length: 60 }, (_, i) => ({
      ...{ at: BEGIN + 3 * MINUTE + i * SECOND, halfMs: 0, count: 90, countMax: 90 },
    }));
    assert.equal(summarise(withTail(points, live, MINUTE), [])?.mean, 30);
  });

  it('a long span in which most of the time nobody counted is told, one under way is not', () => {
    const window = { from: BEGIN, to: BEGIN + 8 * HOUR };
    const two = { stepMs: 2 * HOUR };
    const points = [
      point(BEGIN, 5, { ...two, countedMs: 2 * HOUR }),
      point(BEGIN + 2 * HOUR, 50, { ...two, countedMs: MINUTE }),
      point(BEGIN + 4 * HOUR, 5, { ...two, countedMs: 110 * MINUTE }),
      point(BEGIN + 6 * HOUR, 5, { ...two, countedMs: 30 * MINUTE }),
    ];
    const blind = blindTimes(samplesOf(points), window, 4 * SECOND);
    assert.deepEqual(blind, [], 'every span has a count');
    const partly = partlyBlind(points, window, 4 * SECOND);
    assert.deepEqual(
      partly.map(({ from, unseenMs }) => [(from - BEGIN) / HOUR, unseenMs / MINUTE]),
      [
        [2, 119],
        [4, 10],
      ],
    );
    assert.deepEqual(
      markedBlind(blind, partly).map(({ from }) => (from - BEGIN) / HOUR),
      [2],
    );
    const summary = summarise(samplesOf(points), blind, partly);
    assert.equal(summary?.blindMs, 129 * MINUTE);
    assert.ok(Math.abs((summary?.mean ?? 0) - 5.17) < 0.01, 'one minute of a crowd is no two hours of it');
  });
});

const event = (alertId: string, sequence: number, at: number, from: string, to: string, more = {}): AlertEvent =>
  ({
    ...{ alertId, sequence, at, rule: 'zone-count', cameraId: 'c', zoneId: 'z' },
    ...{ from: { level: from, condition: 'firing' }, to: { level: to, condition: 'firing' } },
    type: to === 'normal' ? 'alert.resolved' : sequence === 1 ? 'alert.firing' : 'alert.level_changed',
    ...more,
  }) as AlertEvent;
const on = (alertId: string, level: string, changedAt: number): ActiveAlert =>
  ({ alertId, level, changedAt, startedAt: changedAt, rule: 'zone-count', cameraId: 'c', zoneId: 'z' }) as ActiveAlert;
const told = (spans: ReturnType<typeof levelSpans>) =>
  spans.map((s) => [s.alertId, s.level, (s.from - BEGIN) / SECOND, (s.to - BEGIN) / SECOND, s.open]);

describe('levels over time', () => {
  it('an alert is drawn at every level it stood at, for as long as it stood there', () => {
    const events = [
      event('a', 1, BEGIN + 10 * SECOND, 'normal', 'caution'),
      event('a', 2, BEGIN + 20 * SECOND, 'caution', 'caution', { type: 'alert.acknowledged' }),
      event('a', 3, BEGIN + 30 * SECOND, 'caution', 'severe'),
      event('a', 4, BEGIN + 60 * SECOND, 'severe', 'normal'),
    ];
    assert.deepEqual(told(levelSpans(events, [], stretch)), [
      ['a', 'caution', 10, 30, false],
      ['a', 'severe', 30, 60, false],
    ]);
  });

  it('what is on goes to the edge, also when it began before the log that was asked for', () => {
    const early = BEGIN - HOUR;
    const events = [event('a', 1, BEGIN + 40 * SECOND, 'normal', 'alert')];
    const spans = levelSpans(events, [on('a', 'alert', BEGIN + 40 * SECOND), on('b', 'caution', early)], stretch);
    assert.deepEqual(told(spans), [
      ['b', 'caution', 0, 100, true],
      ['a', 'alert', 40, 100, true],
    ]);
  });

  it('the level before the first event in the window is told by that event', () => {
    const events = [event('a', 7, BEGIN + 50 * SECOND, 'severe', 'normal')];
    assert.deepEqual(told(levelSpans(events, [], stretch)), [['a', 'severe', 0, 50, false]]);
  });

  it('alerts outside of the window are not drawn', () => {
    const events = [
      event('a', 1, BEGIN - 60 * SECOND, 'normal', 'alert'),
      event('a', 2, BEGIN - 30 * SECOND, 'alert', 'normal'),
    ];
    assert.deepEqual(levelSpans(events, [], stretch), []);
  });

  it('alerts at the same time stand one below the other', () => {
    const spans = levelSpans([], [on('a', 'alert', BEGIN), on('b', 'severe', BEGIN + SECOND)], stretch);
    assert.equal(rowsOf(spans).length, 2);
  });
});

describe('thresholds', () => {
  const zone = (more: object) =>
    ({ id: 'z', name: 'Z', polygon: [], limits: {}, ...more }) as unknown as Parameters<typeof countThresholds>[0];

  it('own counts come before shares of the capacity', () => {
    const both = zone({ capacity: 200, limits: { count: { severe: 9 }, occupancy: { caution: 0.9 } } });
    assert.deepEqual(countThresholds(both), [{ level: 'severe', value: 9 }]);
    const shares = zone({ capacity: 200, limits: { occupancy: { caution: 0.9, alert: 1 } } });
    assert.deepEqual(countThresholds(shares), [
      { level: 'caution', value: 180 },
      { level: 'alert', value: 200 },
    ]);
    assert.deepEqual(countThresholds(zone({ limits: { occupancy: { alert: 1 } } })), []);
  });

  it('the scale shows the next threshold, and is round', () => {
    assert.equal(scaleTop(0, [], 5), 5);
    assert.equal(scaleTop(23, [], 5), 30);
    assert.equal(scaleTop(23, [40, 90], 5), 50);
    assert.equal(scaleTop(23, [400], 5), 30, 'a threshold far away is named, not drawn');
    assert.equal(scaleTop(0, [2, 3], 0.5), 0.5);
    assert.equal(scaleTop(0.2, [], 0.5), 0.5);
    assert.equal(scaleTop(3.2, [2, 3, 4, 5], 0.5), 5);
  });
});
