/** What a small tile chooses to show: the zone nearest to its threshold, and how much room is left above it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guardedFigure, tightestZone } from '../../services/dashboard/src/camera/tightest.ts';
import type { OkReading } from '../../services/dashboard/src/camera/view.ts';
import { en } from '../../services/dashboard/src/text/en.ts';
import { ko } from '../../services/dashboard/src/text/ko.ts';
import { rateInterval, rateWords } from '../../services/dashboard/src/text/rate.ts';
import { sparkTop } from '../../services/dashboard/src/trend/series.ts';
import { SparkTrend } from '../../services/dashboard/src/trend/spark-trend.ts';
import { wallLayout } from '../../services/dashboard/src/wall/layout.ts';
import type { ZoneReading, ZoneTrend } from '../../shared/contracts/reading.ts';
import type { CameraInfo } from '../../shared/contracts/socket.ts';

type ZoneInfo = CameraInfo['zones'][number];

const info = (id: string, more: Partial<ZoneInfo> = {}): ZoneInfo => ({
  id,
  name: id,
  polygon: [],
  limits: {},
  ...more,
});
const counted = (zoneId: string, count: number, more: Partial<ZoneReading> = {}): ZoneReading => ({
  zoneId,
  name: zoneId,
  count,
  interval: [count - 1, count + 1],
  calibrated: false,
  ...more,
});

test('the figure shown is the one nearest to its highest threshold', () => {
  const zone = info('a', {
    capacity: 50,
    limits: { peoplePerSqm: { caution: 2, severe: 4 }, occupancy: { alert: 1 }, count: { severe: 1_000 } },
  });
  const dense = guardedFigure(zone, counted('a', 20, { calibrated: true, peoplePerSqm: 1, peakPeoplePerSqm: 3 }));
  assert.deepEqual(dense, {
    measure: 'density',
    value: 3,
    low: 1,
    high: 3,
    limits: { caution: 2, severe: 4 },
    share: 0.75,
  });
  const full = guardedFigure(zone, counted('a', 45));
  assert.equal(full?.measure, 'count');
  assert.deepEqual(full?.limits, { alert: 50 }, 'occupancy in people');
  assert.equal(full?.share, 0.9);
  assert.equal(guardedFigure(info('a'), counted('a', 45)), undefined, 'nothing guards the zone');
});

test('the tile stays with its zone until another is clearly nearer', () => {
  const zones = [info('a', { limits: { count: { severe: 100 } } }), info('b', { limits: { count: { severe: 100 } } })];
  const at = (a: number, b: number, previous?: string) =>
    tightestZone(zones, [counted('a', a), counted('b', b)], previous)?.zone.zoneId;
  assert.equal(at(50, 52), 'b');
  assert.equal(at(50, 52, 'a'), 'a');
  assert.equal(at(50, 56, 'a'), 'b');
  assert.equal(at(50, 52, 'gone'), 'b');
  assert.equal(tightestZone(zones, [], 'a'), undefined);
});

test('a spark line shows the next level above it, and no more empty room than that', () => {
  const line = [[{ at: 0, count: 1.2, low: 1, high: 1.2 }]];
  const limits = { attention: 1, caution: 2, severe: 8 };
  const top = sparkTop(line, limits, 1);
  assert.ok(top > 2 && top < 3, String(top));
  assert.ok(sparkTop([[{ at: 0, count: 9, low: 8, high: 9 }]], limits, 1) >= 9);
  assert.ok(sparkTop([], {}, 1) >= 1);
});

test('lines of different zones and of different measures never mix', () => {
  const trend = new SparkTrend(60_000);
  const camera: CameraInfo = {
    id: 'c',
    name: 'c',
    sampleFps: 1,
    staleAfterMs: 3_000,
    zones: [info('a', { limits: { peoplePerSqm: { severe: 4 }, count: { severe: 10 } } })],
    calibrated: true,
    neighbours: [],
  };
  const picture = (at: number, zone: ZoneReading): OkReading => ({
    type: 'reading',
    cameraId: 'c',
    seq: at,
    capturedAt: at,
    publishedAt: at,
    status: 'ok',
    count: 5,
    interval: [4, 6],
    heads: 5,
    zones: [zone],
    model: { name: 'm', version: '1', steps: 1, warmStart: false },
  });
  const density = counted('a', 1, { calibrated: true, peoplePerSqm: 1, peakPeoplePerSqm: 3 });
  trend.add(camera, picture(1_000, density));
  trend.add(camera, picture(4_000, density));
  assert.deepEqual(
    trend
      .of('a')
      ?.stretches(0, 5_000)
      .flat()
      .map(({ count }) => count),
    [3, 3],
  );
  trend.add(camera, picture(7_000, counted('a', 9)));
  assert.deepEqual(
    trend
      .of('a')
      ?.stretches(0, 5_000)
      .flat()
      .map(({ count }) => count),
    [9],
    'people, from anew',
  );
  trend.add({ ...camera, zones: [] }, picture(9_000, counted('a', 9)));
  assert.equal(trend.of('a'), undefined);
  assert.equal(trend.whole.stretches(0, 5_000).flat().length, 4);
});

test('tiles of a chosen size fill the width, and the wall scrolls', () => {
  const size = { cameras: 9, widthPx: 1_416, heightPx: 800, gapPx: 12, minTilePx: 280, chromePx: 150 };
  assert.equal(wallLayout({ ...size, wantedTilePx: 400 }).columns, 3);
  assert.equal(wallLayout({ ...size, wantedTilePx: 2_000 }).columns, 1);
  assert.equal(wallLayout({ ...size, wantedTilePx: 10 }).columns, 4, 'never below what can be read');
  assert.equal(wallLayout({ ...size, widthPx: 336, wantedTilePx: 600 }).columns, 1);
});

test('how a zone moves is said in both languages, and nothing where nothing is certain', () => {
  const filling: ZoneTrend = {
    peoplePerMin: 5.24,
    forecast: { level: 'caution', measure: 'density', limit: 3, inMs: 420_000, inMsInterval: [290_000, 700_000] },
  };
  assert.deepEqual(rateWords(filling, en), {
    direction: 'rising',
    arrow: '↗',
    amount: '+5.2',
    spoken: 'Filling by 5.2 people a minute. At this rate Caution (3 people/m²) in about 7 min (4–12 min).',
  });
  assert.equal(
    rateWords(filling, ko)?.spoken,
    '분당 5.2명씩 늘고 있습니다. 이 속도라면 약 7분 후(4–12분) 주의 단계(3 명/m²)입니다.',
  );
  const soon: ZoneTrend = {
    forecast: { level: 'severe', measure: 'count', limit: 80, inMs: 20_000, inMsInterval: [10_000, 4_000_000] },
  };
  assert.deepEqual(rateWords(soon, en), {
    direction: 'rising',
    arrow: '↗',
    amount: '',
    spoken: 'At this rate Severe (80 people) within a minute (0–60+ min).',
  });
  assert.deepEqual(rateWords({ peoplePerMin: -3 }, en), {
    direction: 'falling',
    arrow: '↘',
    amount: '−3',
    spoken: 'Emptying by 3 people a minute.',
  });
  assert.equal(rateWords(undefined, en), undefined);
  assert.equal(rateWords({}, en), undefined);
  assert.equal(rateInterval([-1.26, 4.31], en), '−1.3 – +4.4');
});
