import assert from 'node:assert/strict';
import { test } from 'node:test';
import { en } from '../../services/dashboard/src/text/en.ts';
import { ko } from '../../services/dashboard/src/text/ko.ts';
import { pickLanguage } from '../../services/dashboard/src/text/texts.ts';
import { chartColumns } from '../../services/dashboard/src/trend/columns.ts';
import { maxPauseMs, niceTop, Series } from '../../services/dashboard/src/trend/series.ts';
import { isGridKey, moveInGrid } from '../../services/dashboard/src/wall/keys.ts';
import { wallLayout } from '../../services/dashboard/src/wall/layout.ts';

const point = (at: number, count: number) => ({ at, count, low: count - 1, high: count + 1 });

test('readings of one second are merged, others kept', () => {
  const series = new Series(60_000);
  for (const [at, count] of [
    [10_000, 4],
    [10_500, 6],
    [11_000, 8],
  ] as const)
    series.add(point(at, count));
  const [stretch] = series.stretches(0, 5_000);
  assert.deepEqual(
    stretch?.map(({ at, count }) => [at, count]),
    [
      [10_000, 5],
      [11_000, 8],
    ],
  );
});

test('a gap stays a gap: by word of the camera, and by silence', () => {
  const series = new Series(600_000);
  series.add(point(1_000, 5));
  series.breakAt(2_000);
  series.breakAt(3_000);
  series.add(point(4_000, 6));
  series.add(point(5_000, 7));
  series.add(point(30_000, 8));
  const counts = series.stretches(0, 4_000).map((stretch) => stretch.map(({ count }) => count));
  assert.deepEqual(counts, [[5], [6, 7], [8]]);
});

test('a gap is null in the chart, never zero', () => {
  const series = new Series(600_000);
  series.add(point(1_000, 5));
  series.breakAt(2_000);
  series.add(point(9_000, 6));
  const columns = chartColumns(series.stretches(0, 4_000));
  assert.deepEqual(columns.counts, [5, null, 6]);
  assert.deepEqual(columns.times, [1, 1.001, 9]);
});

test('a reading that comes late changes nothing that is drawn', () => {
  const series = new Series(600_000);
  for (const [at, count] of [
    [10_000, 4],
    [11_500, 8],
    [11_200, 20],
    [10_500, 20],
  ] as const)
    series.add(point(at, count));
  assert.deepEqual(series.stretches(0, 5_000), [
    [
      { ...point(10_000, 4), merged: 1 },
      { ...point(11_500, 8), merged: 1 },
    ],
  ]);
});

test('the series forgets and does not grow', () => {
  const series = new Series(10_000);
  for (let second = 0; second < 5_000; second += 1) series.add(point(second * 1_000, 1));
  const kept = series.stretches(0, 5_000).flat();
  assert.ok(kept.length < 100, String(kept.length));
  assert.equal(kept.at(-1)?.at, 4_999_000);
});

test('the window of a chart grows with what there is', () => {
  const series = new Series(900_000);
  assert.equal(series.windowStart(50_000, 60_000, 300_000), -10_000);
  series.add(point(100_000, 1));
  assert.equal(series.windowStart(120_000, 60_000, 300_000), 60_000);
  assert.equal(series.windowStart(300_000, 60_000, 300_000), 100_000);
  assert.equal(series.windowStart(700_000, 60_000, 300_000), 400_000);
});

test('slow cameras may pause longer before their line breaks', () => {
  assert.equal(maxPauseMs({ sampleFps: 2, staleAfterMs: 3_000 }), 4_000);
  assert.equal(maxPauseMs({ sampleFps: 0.1, staleAfterMs: 3_000 }), 21_000);
});

test('scales end at round numbers above the largest count', () => {
  for (const largest of [0, 3, 17, 42, 99, 260, 1_234]) {
    const top = niceTop(largest);
    assert.ok(top >= largest * 1.1 && top >= 5 && top <= Math.max(5, largest) * 2, `${largest} -> ${top}`);
  }
});

const size = { widthPx: 1_416, heightPx: 800, gapPx: 12, minTilePx: 280, chromePx: 150 };

test('the wall shows every camera at once, as large as they go', () => {
  assert.equal(wallLayout({ ...size, cameras: 2 }).columns, 2);
  assert.equal(wallLayout({ ...size, cameras: 4 }).columns, 2);
  const { columns, tilePx } = wallLayout({ ...size, cameras: 6 });
  assert.equal(columns, 3);
  assert.ok(2 * ((tilePx * 9) / 16 + size.chromePx) + size.gapPx <= size.heightPx);
});

test('a wall too large for the screen scrolls with readable tiles', () => {
  assert.deepEqual(wallLayout({ ...size, cameras: 64 }), { columns: 4, tilePx: 345 });
  assert.deepEqual(wallLayout({ ...size, widthPx: 366, cameras: 12 }), { columns: 1, tilePx: 366 });
  assert.equal(wallLayout({ ...size, widthPx: 0, cameras: 0 }).columns, 1);
});

test('a single camera is as large as the screen is high', () => {
  const { tilePx } = wallLayout({ ...size, cameras: 1 });
  assert.ok(Math.abs(tilePx - (800 - 150) * (16 / 9)) < 1);
});

test('arrow keys move on the grid and stop at its edges', () => {
  assert.equal(moveInGrid(0, 'ArrowRight', 10, 4), 1);
  assert.equal(moveInGrid(1, 'ArrowDown', 10, 4), 5);
  assert.equal(moveInGrid(7, 'ArrowDown', 10, 4), 7);
  assert.equal(moveInGrid(0, 'ArrowUp', 10, 4), 0);
  assert.equal(moveInGrid(3, 'End', 10, 4), 9);
  assert.equal(moveInGrid(3, 'Home', 10, 4), 0);
  assert.equal(isGridKey('Enter'), false);
});

test('the language is the stored one, else the first known of the browser, else English', () => {
  assert.equal(pickLanguage('ko', ['en-GB']), 'ko');
  assert.equal(pickLanguage(undefined, ['fr', 'ko-KR', 'en']), 'ko');
  assert.equal(pickLanguage('xx', ['fr']), 'en');
});

test('both languages have every text, and none is empty', () => {
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'string') assert.ok(value.trim().length > 0, path);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
    }
  };
  walk(en, 'en');
  walk(ko, 'ko');
  assert.deepEqual(Object.keys(ko.reasons).toSorted(), Object.keys(en.reasons).toSorted());
});

test('numbers and ages read naturally in both languages', () => {
  assert.equal(en.format.ago(400), '0.4 s ago');
  assert.equal(en.format.ago(12_300), '12 s ago');
  assert.equal(ko.format.ago(400), '0.4초 전');
  assert.equal(ko.format.ago(180_000), '3분 전');
  assert.equal(en.format.whole(1_284.4), '1,284');
  assert.equal(en.format.interval([36.9, 46.1]), '36–47');
});

test('an instant of another day says which, whoever reads it at the same time of day', () => {
  const now = new Date(2026, 10, 23, 23, 55, 0).getTime();
  const at = new Date(2026, 10, 23, 23, 50, 12).getTime();
  assert.equal(en.format.when(at, now), '23:50:12');
  assert.equal(ko.format.when(at, now), '23:50:12');
  assert.equal(en.format.when(at, now + 86_400_000), '23 Nov, 23:50:12');
  assert.equal(ko.format.when(at, now + 86_400_000), '11월 23일 23:50:12');
  // A night shift: minutes later is another day.
  assert.equal(en.format.when(at, now + 600_000), '23 Nov, 23:50:12');
});
