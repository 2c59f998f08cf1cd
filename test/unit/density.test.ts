import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { heatmapOf, readPicture, spreadOf } from '../../services/worker/density/picture-reading.ts';
import { rasterise } from '../../services/worker/density/zone-mask.ts';
import { parseManifest } from '../../services/worker/model/manifest.ts';
import { type Coverage, countInterval, countPeople, intervalOfScene } from '../../services/worker/model/read-out.ts';
import { Zone } from '../../shared/config/schema.ts';
import { decodeHeatmap, encodeHeatmap } from '../../shared/contracts/heatmap.ts';
import { drawnOf } from '../../shared/readings/drawn.ts';

const manifestOf = (model: string) => parseManifest(readFileSync(`models/${model}/manifest.json`, 'utf8'));
const manifest = manifestOf('standard');
const MAP = { width: 32, height: 16 };
const BLOCKS = { width: 4, height: 2 };
const size = (mask: Float32Array) => mask.reduce((a, b) => a + b, 0);

test('the whole picture as a zone covers every cell and block', () => {
  const { map, blocks } = rasterise(
    [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ],
    MAP,
    BLOCKS,
  );
  assert.equal(size(map), 32 * 16);
  for (const share of blocks) assert.ok(Math.abs(share - 1) < 1e-6);
});

test('two halves share no cell and miss none', () => {
  const left = rasterise(
    [
      [0, 0],
      [0.37, 0],
      [0.61, 1],
      [0, 1],
    ],
    MAP,
    BLOCKS,
  );
  const right = rasterise(
    [
      [0.37, 0],
      [1, 0],
      [1, 1],
      [0.61, 1],
    ],
    MAP,
    BLOCKS,
  );
  for (let i = 0; i < left.map.length; i++)
    assert.ok(Math.abs((left.map[i] as number) + (right.map[i] as number) - 1) < 1e-5);
  for (let i = 0; i < left.blocks.length; i++)
    assert.ok(Math.abs((left.blocks[i] as number) + (right.blocks[i] as number) - 1) < 1e-5);
});

/** Size of map and blocks as the model gives them: cells of 2 px, blocks of 16, rounded. */
const sizesOf = (widthPx: number, heightPx: number) => ({
  map: { width: Math.ceil(widthPx / 2), height: Math.ceil(heightPx / 2) },
  blocks: { width: Math.round(widthPx / 16), height: Math.round(heightPx / 16) },
});

test('zones that tile a picture have all of every block, also where blocks are no whole number of cells', () => {
  const side = fc.integer({ min: 128, max: 1280 });
  const cut = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(side, side, cut, cut, (widthPx, heightPx, above, below) => {
      const { map, blocks } = sizesOf(widthPx, heightPx);
      const [left, right] = ([0, 1] as const).map(
        (edge) =>
        rasterise([[above, 0], [edge, 0], [edge, 1], [below, 1]], map, blocks), // biome-ignore format: corners
      );
      for (const [i, share] of (left as Coverage).blocks.entries())
        assert.ok(Math.abs(share + ((right as Coverage).blocks[i] as number) - 1) < 1e-4, `block ${i}: ${share}`);
    }),
    { numRuns: 50, examples: [[854, 480, 1, 1]] },
  );
});

test('a zone of the whole picture counts what the picture does, wherever people stand, with the same interval', () => {
  const { map, blocks } = sizesOf(854, 480);
  const size = blocks.width * blocks.height;
  const counts = manifestOf('small');
  for (let column = 0; column < blocks.width; column++) {
    // 20 people, all in one column of blocks.
    const ofColumn = (people: number) =>
      Float32Array.from({ length: size }, (_, i) => (i % blocks.width === column ? people / blocks.height : 0));
    const seen = {
      map: { ...map, people: new Float32Array(map.width * map.height).fill(20 / (map.width * map.height)) },
      blocks: { ...blocks, mean: ofColumn(20), variance: ofColumn(50) },
      heads: [],
      noise: 0,
    };
    const reading = readPicture(seen, counts, [whole], (zone) => rasterise(zone.polygon, map, blocks));
    const [zone] = reading?.zones ?? [];
    assert.ok(reading && zone);
    assert.ok(Math.abs(zone.count - reading.count) < 1e-3, `column ${column}: ${zone.count} of ${reading.count}`);
    assert.ok(Math.abs(zone.interval[1] - reading.interval[1]) < 1e-3);
    const spread = spreadOf(seen, counts.interval);
    let variance = 0;
    for (let cell = 0; cell < map.width * map.height; cell++) variance += spread.varianceAt(cell);
    assert.ok(Math.abs(variance - 50) < 1e-3, `column ${column}: variance ${variance} of 50`);
  }
});

test('a rectangle covers its share of the picture', () => {
  fc.assert(
    fc.property(
      fc.tuple(fc.double({ min: 0, max: 0.5, noNaN: true }), fc.double({ min: 0.5, max: 1, noNaN: true })),
      ([from, to]) => {
        const { map } = rasterise(
          [
            [from, from],
            [to, from],
            [to, to],
            [from, to],
          ],
          { width: 200, height: 200 },
          { width: 10, height: 10 },
        );
        assert.ok(Math.abs(size(map) / 40_000 - (to - from) ** 2) < 0.002);
      },
    ),
  );
});

test('a zone of a few cells, far away, counts by their shares: as many people as its part of an even crowd', () => {
  const [width, height] = [200, 200];
  const place = fc.double({ min: 0, max: 0.9, noNaN: true });
  fc.assert(
    fc.property(place, place, fc.double({ min: -0.01, max: 0.01, noNaN: true }), (x, y, skew) => {
      const [wide, high] = [0.062, 0.043];
      const { map } = rasterise(
        [[x + 0.01, y], [x + 0.01 + wide, y], [x + 0.01 + wide + skew, y + high], [x + 0.01 + skew, y + high]], // biome-ignore format: corners
        { width, height },
        { width: 10, height: 10 },
      );
      const share = size(map) / (width * height);
      assert.ok(Math.abs(share / (wide * high) - 1) < 0.02, `${share} of ${wide * high}`);
    }),
  );
});

const estimate = (people: number) => ({
  map: { ...MAP, people: new Float32Array(MAP.width * MAP.height).fill(people / (MAP.width * MAP.height)) },
  blocks: { ...BLOCKS, mean: new Float32Array(8).fill(people / 8), variance: new Float32Array(8).fill(0.5) },
  heads: [[0.5, 0.5]] as [number, number][],
  noise: 0,
  latent: new Float32Array(),
});
const half = Zone.parse({
  id: 'half',
  polygon: [
    [0, 0],
    [0.5, 0],
    [0.5, 1],
    [0, 1],
  ],
  capacity: 40,
});

const whole = Zone.parse({
  id: 'whole',
  polygon: [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ],
});

test('a zone of half an even crowd holds half of it, with its own interval and occupancy', () => {
  const reading = readPicture(estimate(60), manifest, [half], (zone) => rasterise(zone.polygon, MAP, BLOCKS));
  assert.ok(reading);
  assert.ok(Math.abs(reading.count - 60) < 1e-3);
  const [zone] = reading.zones;
  assert.ok(zone && Math.abs(zone.count - 30) < 1e-3);
  assert.ok(Math.abs((zone.occupancy ?? 0) - 0.75) < 1e-4);
  assert.ok(zone.interval[0] <= zone.count && zone.count <= zone.interval[1]);
  assert.ok(reading.interval[1] - reading.interval[0] > zone.interval[1] - zone.interval[0]);
  assert.equal(zone.calibrated, false, 'no metres without a calibration');
  assert.equal(zone.levelOfService, undefined);
  assert.equal(zone.drawn, drawnOf(half), 'names the shape it was counted in');
});

test('spread over cells adds up to the interval of the blocks, for the picture and for any part of it', () => {
  const whole = estimate(60);
  const people = countPeople(whole.map, whole.blocks, manifest.count.headWeight);
  const rule = intervalOfScene(manifest.interval, people, 0);
  const spread = spreadOf(whole, rule);
  const coverage = rasterise(half.polygon, MAP, BLOCKS);
  let variance = 0;
  let cells = 0;
  for (const [cell, inside] of coverage.map.entries()) {
    variance += spread.varianceAt(cell) * inside;
    cells += inside;
  }
  const [low, high] = countInterval(30, whole.blocks, rule, coverage);
  assert.ok(Math.abs(2 * spread.halfWidth(30, variance, cells) - (high - low)) < 1e-4);
});

test('errors of places add up like squares, the error of the scene like people', () => {
  const { blocks } = estimate(0);
  const width = (count: number, spec: object, region?: Parameters<typeof countInterval>[3]) => {
    const [low, high] = countInterval(count, blocks, { ...manifest.interval, v0: 0, v1: 0, v2: 0, ...spec }, region);
    return high - low;
  };
  const part = rasterise(half.polygon, MAP, BLOCKS);
  const close = (actual: number, expected: number) => assert.ok(Math.abs(actual / expected - 1) < 1e-6, `${actual}`);
  close(width(1000, { v1: 1 }) / width(1000, { v1: 1 }, part), Math.SQRT2);
  close(width(1000, { v0: 9 }) / width(1000, { v0: 9 }, part), Math.SQRT2);
  close(width(1000, { v2: 0.01 }) / width(500, { v2: 0.01 }, part), 2);
});

test('how far off a whole scene may be grows with its crowd, and is the same share for all its parts', () => {
  const { blocks } = estimate(0);
  const rule = { ...manifest.interval, q: 1, v0: 0, v1: 0, v2: 0.04, crowd: 400 };
  const share = (people: number, part: number) => {
    const [low, high] = countInterval(part, blocks, intervalOfScene(rule, people, 0));
    return (high - low) / 2 / part;
  };
  for (const [people, expected] of [
    [1, 0.2 / 401],
    [100, 0.04],
    [400, 0.1],
    [3600, 0.18],
  ] as const) {
    assert.ok(Math.abs(share(people, people) / expected - 1) < 1e-6);
    assert.ok(Math.abs(share(people, people / 4) / expected - 1) < 1e-6);
  }
  const even = { ...rule, crowd: 0, noise: { from: 0, gain: 0 } };
  assert.deepEqual(intervalOfScene(even, 0, 0), even, 'no growth, also of nobody');
});

test('noise beyond what costs nothing widens the interval of the picture and of every part alike', () => {
  const noisy = { ...manifest, interval: { ...manifest.interval, noise: { from: 0.2, gain: 2 } } };
  const widths = (noise: number) => {
    const reading = readPicture({ ...estimate(200), noise }, noisy, [half], (zone) =>
      rasterise(zone.polygon, MAP, BLOCKS),
    );
    return [reading, reading?.zones[0]].map((part) => (part?.interval[1] ?? 0) - (part?.count ?? 0));
  };
  const [whole, part] = widths(0) as [number, number];
  assert.deepEqual(widths(0.2), [whole, part]);
  for (const [i, width] of widths(0.7).entries()) assert.ok(Math.abs(width / ([whole, part][i] as number) - 2) < 1e-6);
});

test('a calibrated zone carries intervals and the level of service of its profile', () => {
  const density = {
    peoplePerSqm: 1,
    peoplePerSqmInterval: [0.6, 1.4] as [number, number],
    peakPeoplePerSqm: 2,
    peakPeoplePerSqmInterval: [1, 3] as [number, number],
  };
  const stairs = { ...half, profile: 'stairs' as const };
  const reading = readPicture(
    estimate(60),
    manifest,
    [half, stairs],
    (zone) => rasterise(zone.polygon, MAP, BLOCKS),
    () => density,
  );
  assert.deepEqual(reading?.zones[0]?.peakPeoplePerSqmInterval, [1, 3]);
  assert.deepEqual(reading?.zones[0]?.levelOfService, { letter: 'B', scale: 'queue' });
  assert.deepEqual(reading?.zones[1]?.levelOfService, { letter: 'C', scale: 'stairs' });
});

for (const absurd of [Number.NaN, Number.POSITIVE_INFINITY, 1e9]) {
  test(`an output of ${absurd} is no reading, not zero people`, () => {
    assert.equal(
      readPicture(estimate(absurd), manifest, [], () => rasterise(half.polygon, MAP, BLOCKS)),
      undefined,
    );
  });
}

test('a heat map keeps the people it shows', () => {
  const map = { width: 192, height: 100, people: new Float32Array(192 * 100) };
  map.people[50 * 192 + 20] = 3;
  map.people[70 * 192 + 100] = 2;
  const heat = heatmapOf(map, [], { cameraId: 'a', seq: 1, capturedAt: 5 });
  const shown = heat.values.reduce((sum, value) => sum + value * heat.peoplePerUnit, 0);
  assert.ok(Math.abs(shown - 5) < 0.05, `${shown}`);
  assert.equal(heat.values[Math.floor((50 * heat.height) / 100) * heat.width + 10], 255);
});

test('an empty picture is not stretched into a full one', () => {
  const people = new Float32Array(192 * 100).map(() => 0.0001);
  const heat = heatmapOf({ width: 192, height: 100, people }, [], { cameraId: 'a', seq: 1, capturedAt: 5 });
  assert.ok(Math.max(...heat.values) <= 1);
});

test('a heat map survives its binary form', () => {
  fc.assert(
    fc.property(
      fc.record({
        cameraId: fc.stringMatching(/^[a-z0-9-]{1,20}$/),
        seq: fc.integer({ min: 1, max: 2 ** 31 }),
        capturedAt: fc.integer({ min: 0, max: 2 ** 45 }),
        values: fc.uint8Array({ minLength: 12, maxLength: 12 }),
        heads: fc.array(
          fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
        ),
      }),
      (given) => {
        const back = decodeHeatmap(encodeHeatmap({ ...given, width: 4, height: 3, peoplePerUnit: 0.25 }));
        assert.deepEqual(
          { ...back, heads: 0, values: [...back.values] },
          { ...given, width: 4, height: 3, peoplePerUnit: 0.25, heads: 0, values: [...given.values] },
        );
        for (const [i, [x, y]] of back.heads.entries()) {
          const [wantedX, wantedY] = given.heads[i] as [number, number];
          assert.ok(Math.abs(x - wantedX) < 1e-4 && Math.abs(y - wantedY) < 1e-4);
        }
      },
    ),
  );
});

test('what is no heat map is refused', () => {
  const good = encodeHeatmap({
    cameraId: 'a',
    seq: 1,
    capturedAt: 0,
    width: 2,
    height: 2,
    peoplePerUnit: 1,
    values: new Uint8Array(4),
    heads: [[0, 0]],
  });
  assert.throws(() => decodeHeatmap(good.subarray(0, good.length - 1)));
  assert.throws(() => decodeHeatmap(new Uint8Array(40)));
  assert.throws(() => decodeHeatmap(new Uint8Array(3)));
});
