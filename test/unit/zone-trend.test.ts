/** How fast a zone fills and when it comes to its next level: what readings tell of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ZoneTrends } from '../../services/gateway/zone-trends.ts';
import { Config } from '../../shared/config/schema.ts';
import { PublicReading, type ZoneReading, type ZoneTrend } from '../../shared/contracts/reading.ts';
import { FAR_MS, groundOf, msTo, zoneTrend } from '../../shared/readings/zone-trend.ts';

const slope = (perMin: number, lowPerMin: number, highPerMin: number) => ({
  ...{ perMin, lowPerMin, highPerMin },
  significant: lowPerMin > 0 || highPerMin < 0,
});
const UNKNOWN = { figure: 40, slope: undefined };
const count = { attention: 50, caution: 60, alert: 70, severe: 80 };

describe('what is told of a zone that moves', () => {
  const cases: [string, Parameters<typeof zoneTrend>, ZoneTrend | undefined][] = [
    ['nothing before enough was seen', [{ count: UNKNOWN }, { count }, undefined], undefined],
    [
      'nothing while the interval holds zero',
      [{ count: { figure: 40, slope: slope(5, -1, 9) } }, { count }, undefined],
      undefined,
    ],
    [
      'the next level above the count, with the slope’s interval',
      [{ count: { figure: 40, slope: slope(5, 2, 10) } }, { count }, undefined],
      {
        peoplePerMin: 5,
        peoplePerMinInterval: [2, 10],
        forecast: { level: 'attention', measure: 'count', limit: 50, inMs: 120_000, inMsInterval: [60_000, 300_000] },
      },
    ],
    [
      'the one after the level it has reached',
      [{ count: { figure: 60, slope: slope(5, 5, 5) } }, { count }, undefined],
      {
        peoplePerMin: 5,
        peoplePerMinInterval: [5, 5],
        forecast: { level: 'alert', measure: 'count', limit: 70, inMs: 120_000, inMsInterval: [120_000, 120_000] },
      },
    ],
    [
      'no forecast above the highest level',
      [{ count: { figure: 81, slope: slope(5, 2, 9) } }, { count }, undefined],
      { peoplePerMin: 5, peoplePerMinInterval: [2, 9] },
    ],
    [
      'no forecast while it empties',
      [{ count: { figure: 40, slope: slope(-5, -9, -2) } }, { count }, undefined],
      { peoplePerMin: -5, peoplePerMinInterval: [-9, -2] },
    ],
    [
      'no forecast of what is an hour away',
      [{ count: { figure: 40, slope: slope(0.1, 0.05, 0.2) } }, { count }, undefined],
      { peoplePerMin: 0.1, peoplePerMinInterval: [0.05, 0.2] },
    ],
    [
      'shares of a capacity are people',
      [{ count: { figure: 40, slope: slope(10, 10, 10) } }, { occupancy: { severe: 1.2 } }, 50],
      {
        peoplePerMin: 10,
        peoplePerMinInterval: [10, 10],
        forecast: { level: 'severe', measure: 'count', limit: 60, inMs: 120_000, inMsInterval: [120_000, 120_000] },
      },
    ],
    [
      'the measure that comes first',
      [
        { count: { figure: 40, slope: slope(1, 1, 1) }, density: { figure: 3, slope: slope(0.5, 0.25, 1) } },
        { count, peoplePerSqm: { caution: 3, severe: 4 } },
        undefined,
      ],
      {
        peoplePerMin: 1,
        peoplePerMinInterval: [1, 1],
        forecast: { level: 'severe', measure: 'density', limit: 4, inMs: 120_000, inMsInterval: [60_000, 240_000] },
      },
    ],
    [
      'a crowd that draws together: the density rises, the count is uncertain',
      [
        { count: { figure: 40, slope: slope(1, -1, 2) }, density: { figure: 3, slope: slope(0.5, 0.25, 1) } },
        { count, peoplePerSqm: { severe: 4 } },
        undefined,
      ],
      { forecast: { level: 'severe', measure: 'density', limit: 4, inMs: 120_000, inMsInterval: [60_000, 240_000] } },
    ],
  ];
  for (const [name, args, expected] of cases) {
    it(name, () => assert.deepEqual(zoneTrend(...args), expected));
  }

  it('is a forecast only between now and an hour, and within its own interval', () => {
    const positive = fc.double({ min: 0.001, max: 500, noNaN: true });
    fc.assert(
      fc.property(positive, positive, positive, fc.tuple(positive, positive, positive), (figure, base, step, rates) => {
        const [low, mid, high] = rates.toSorted((a, b) => a - b) as [number, number, number];
        const limits = { count: { attention: base, caution: base + step, severe: base + 2 * step } };
        const told = zoneTrend({ count: { figure, slope: slope(mid, low, high) } }, limits, undefined);
        const forecast = told?.forecast;
        if (!forecast) return figure >= base + 2 * step || msTo(nextOf(limits.count, figure), figure, mid) >= FAR_MS;
        const [soonest, latest] = forecast.inMsInterval;
        return (
          forecast.limit > figure &&
          forecast.inMs >= soonest &&
          forecast.inMs <= latest &&
          forecast.inMs <= FAR_MS &&
          forecast.limit === nextOf(limits.count, figure)
        );
      }),
    );
  });
});

const nextOf = (limits: Record<string, number>, figure: number): number =>
  Math.min(...Object.values(limits).filter((limit) => limit > figure));

const START_AT = 1_790_000_000_000;
const POLYGON = [
  [0, 0],
  [1, 0],
  [1, 1],
];
const configOf = (zone: Record<string, unknown> = {}) =>
  Config.parse({
    cameras: [
      {
        id: 'gate',
        url: 'rtsp://h/s',
        zones: [{ id: 'z', polygon: POLYGON, limits: { count: { severe: 100 } }, ...zone }],
      },
    ],
  });
const readingAt = (seconds: number, people: number, more: Partial<ZoneReading> = {}): PublicReading =>
  PublicReading.parse({
    ...{ type: 'reading', cameraId: 'gate', seq: seconds + 1, capturedAt: START_AT + seconds * 1000, status: 'ok' },
    ...{ count: people, interval: [people, people], heads: 0, publishedAt: START_AT + seconds * 1000 },
    zones: [{ zoneId: 'z', name: 'z', count: people, interval: [people, people], calibrated: false, ...more }],
    model: { name: 'm', version: '1', steps: 1, warmStart: false },
  });
const trendIn = (reading: PublicReading): ZoneTrend | undefined =>
  reading.status === 'ok' ? reading.zones[0]?.trend : undefined;

describe('trends in readings', () => {
  const filling = (trends: ZoneTrends, from: number, to: number): ZoneTrend | undefined => {
    let told: ZoneTrend | undefined;
    for (let s = from; s < to; s++) told = trendIn(trends.with(readingAt(s, 20 + s / 6)));
    return told;
  };
  const started = (): ZoneTrends => {
    const trends = new ZoneTrends();
    const { cameras, alerts } = configOf();
    trends.configure(cameras, alerts);
    return trends;
  };

  it('come after three minutes, and say when the level is reached', () => {
    const trends = started();
    assert.equal(filling(trends, 0, 170), undefined);
    const told = filling(trends, 170, 240);
    assert.ok(told?.peoplePerMin !== undefined && Math.abs(told.peoplePerMin - 10) < 0.1, JSON.stringify(told));
    const { level, measure, inMs } = told.forecast ?? {};
    assert.deepEqual([level, measure], ['severe', 'count']);
    assert.ok(inMs !== undefined && Math.abs(inMs - 241_000) < 5000, String(inMs));
  });

  it('count a picture once, however often it is asked for', () => {
    const [once, often] = [started(), started()];
    for (let s = 0; s < 240; s++) {
      const reading = readingAt(s, 20 + s / 6);
      const told = trendIn(once.with(reading));
      for (let n = 0; n < 3; n++) assert.deepEqual(trendIn(often.with(reading)), told);
    }
  });

  it('are silent with the picture, and begin anew after a minute of silence', () => {
    const trends = started();
    assert.ok(filling(trends, 0, 240));
    const silent = PublicReading.parse({
      ...{ type: 'reading', cameraId: 'gate', status: 'stale', reason: 'late-picture', since: START_AT },
      zones: [{ zoneId: 'z', name: 'z' }],
    });
    assert.equal(trends.with(silent), silent);
    assert.ok(filling(trends, 280, 300), 'a short silence is no reason to forget');
    assert.equal(filling(trends, 380, 540), undefined);
    assert.ok(filling(trends, 540, 600));
  });

  it('begin anew when the zone is drawn anew, not when a limit changes', () => {
    const trends = started();
    filling(trends, 0, 240);
    const moved = configOf({ limits: { count: { severe: 200 } } });
    trends.configure(moved.cameras, moved.alerts);
    assert.equal(filling(trends, 240, 241)?.forecast?.limit, 200);
    const redrawn = configOf({ polygon: POLYGON.map(([x = 0, y = 0]) => [x * 0.5, y * 0.5]) });
    trends.configure(redrawn.cameras, redrawn.alerts);
    assert.equal(filling(trends, 241, 400), undefined);
    trends.configure([], redrawn.alerts);
    assert.equal(filling(trends, 400, 700), undefined);
  });

  it('begin anew when another model counts: its step is no crowd that comes', () => {
    const trends = started();
    let fastest = 0;
    for (let s = 0; s < 900; s++) {
      // One comes every two minutes; the second model counts a sixth more.
      const reading = readingAt(s, (80 + s / 120) * (s < 300 ? 1 : 1.17));
      assert.equal(reading.status, 'ok');
      if (reading.status === 'ok' && s >= 300) reading.model.version = '2';
      fastest = Math.max(fastest, trendIn(trends.with(reading))?.peoplePerMin ?? 0);
    }
    assert.ok(fastest > 0.4 && fastest < 0.8, `told as ${fastest} a minute`);
  });

  it('a ground has a name of its own', () => {
    const [a, b] = [configOf(), configOf({ name: 'Stairs' })].map(({ cameras }) => cameras[0]?.zones[0]);
    assert.ok(a && b);
    assert.equal(groundOf({}, a), groundOf({}, b));
    assert.notEqual(groundOf({}, a), groundOf({ calibration: { mount: { heightM: 4, tiltDeg: 30 } } as never }, a));
  });
});
