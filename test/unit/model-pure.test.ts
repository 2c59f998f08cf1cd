import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import sharp from 'sharp';
import { type FarPlan, planFarField } from '../../services/worker/model/far-field.ts';
import { madeUp, seenSize } from '../../services/worker/model/inference-size.ts';
import { figuresOf, parseManifest } from '../../services/worker/model/manifest.ts';
import { NoiseShelf, seededNormal, seedOf } from '../../services/worker/model/noise.ts';
import { decodePicture } from '../../services/worker/model/picture.ts';
import { countPeople, cutBlocks, cutMap, densityMap } from '../../services/worker/model/read-out.ts';
import { mix, sampleLatent, stepTo } from '../../services/worker/model/sampler.ts';
import { Quarantine } from '../../services/worker/quarantine.ts';
import { SceneMemory } from '../../services/worker/scene-memory.ts';
import { steadied } from '../../services/worker/steadied.ts';
import { until } from '../helpers/until.ts';

const input = { multipleOf: 32, maxWidth: 1024, colour: 'RGB' } as const;
type Sides = [number, number];
const SIZES: [native: Sides, width: number | 'native', seen: Sides, taken: Sides, byTheUnit: Sides][] = [
  [[1024, 768], 'native', [1024, 768], [1024, 768], [1024, 768]],
  [[640, 360], 'native', [640, 360], [640, 384], [640, 360]],
  [[1920, 1080], 'native', [1024, 576], [1024, 576], [1024, 576]],
  [[1920, 1080], 640, [640, 360], [640, 384], [640, 360]],
  [[360, 640], 'native', [360, 640], [384, 640], [352, 626]],
  [[100, 10], 'native', [100, 10], [128, 32], [96, 10]],
  [[320, 240], 1920, [320, 240], [320, 256], [320, 240]],
  [[2000, 1], 'native', [1024, 1], [1024, 32], [1024, 1]],
];
for (const [[w, h], width, seen, taken, byTheUnit] of SIZES) {
  test(`a ${w}×${h} picture at ${width} is counted at ${seen.join('×')}`, () => {
    const native = { widthPx: w, heightPx: h };
    const sides = ({ widthPx, heightPx }: typeof native): Sides => [widthPx, heightPx];
    assert.deepEqual(sides(seenSize(native, input, width)), seen);
    assert.deepEqual(sides(madeUp(seenSize(native, input, width), input)), taken);
    assert.deepEqual(sides(seenSize(native, input, width, input.multipleOf)), byTheUnit);
  });
}

test('what makes up a picture’s sides is mirrored picture, and is cut off again', async () => {
  const raw = { width: 50, height: 40, channels: 3 } as const;
  const rgb = Uint8Array.from({ length: 50 * 40 * 3 }, (_, i) => (i * 7) % 251);
  const file = await sharp(rgb, { raw }).png().toBuffer();
  const picture = await decodePicture(file, input, 'native');
  assert.deepEqual(
    [picture.widthPx, picture.heightPx, picture.seen, picture.rgb.length],
    [64, 64, { widthPx: 50, heightPx: 40 }, 64 * 64 * 3],
  );
  const at = (x: number, y: number) => [...picture.rgb.subarray((y * 64 + x) * 3, (y * 64 + x) * 3 + 3)];
  const was = (x: number, y: number) => [...rgb.subarray((y * 50 + x) * 3, (y * 50 + x) * 3 + 3)];
  assert.deepEqual([at(0, 0), at(49, 39)], [was(0, 0), was(49, 39)], 'no pixel of the picture is another');
  assert.deepEqual([at(50, 3), at(52, 3), at(3, 41)], [was(49, 3), was(47, 3), was(3, 38)]);
});

test('a map is cut to the picture, blocks by the share of them that is picture', () => {
  const people = Float32Array.from({ length: 32 }, (_, i) => i);
  assert.deepEqual(cutMap({ width: 8, height: 4, people }, 3, 2), {
    ...{ width: 3, height: 2 },
    people: Float32Array.of(0, 1, 2, 8, 9, 10),
  });
  const blocks = { width: 4, height: 2, mean: new Float32Array(8).fill(1), variance: new Float32Array(8).fill(2) };
  const cut = cutBlocks(blocks, 2.5, 1.25);
  assert.deepEqual([cut.width, cut.height], [3, 1]);
  const sum = (values: Float32Array) => values.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(sum(cut.mean) - 2.5 * 1.25) < 1e-5 && Math.abs(sum(cut.variance) - 2 * 2.5 * 1.25) < 1e-5);
  assert.equal(cutBlocks(blocks, 4, 2), blocks);
});

test('a model’s figures are those of the counts that are shown', () => {
  const evaluation = [
    { data: 'streets', images: 39, people: 124.3, reading: 'sum@1', mae: 14 },
    { data: 'streets', images: 39, people: 124.3, reading: 'shown', mae: 13.2, bias: 1 },
    { data: 'own pictures', mae: 3 },
  ];
  assert.deepEqual(figuresOf({ evaluation }), [
    { data: 'streets', images: 39, people: 124.3, mae: 13.2 },
    { data: 'own pictures', mae: 3 },
  ]);
});

test('noise is standard normal, and the same for the same seed', () => {
  const noise = seededNormal(100_001, 42);
  const mean = noise.reduce((a, b) => a + b, 0) / noise.length;
  const variance = noise.reduce((a, b) => a + (b - mean) ** 2, 0) / noise.length;
  assert.ok(Math.abs(mean) < 0.02 && Math.abs(variance - 1) < 0.02, `${mean} ${variance}`);
  assert.deepEqual(noise, seededNormal(100_001, 42));
  assert.notDeepEqual(seededNormal(8, seedOf('gate-1')), seededNormal(8, seedOf('gate-2')));
});

test('noise of many cameras is drawn once for each, and that not asked for longest is forgotten first', () => {
  const shelf = new NoiseShelf();
  const first = shelf.of(1_500_000, 1);
  assert.deepEqual(first, seededNormal(1_500_000, 1));
  const second = shelf.of(1_500_000, 2);
  assert.ok(shelf.of(1_500_000, 1) === first, 'kept beside another camera’s');
  shelf.of(1_500_000, 3);
  assert.ok(shelf.of(1_500_000, 1) === first);
  assert.ok(shelf.of(1_500_000, 2) !== second, 'there was no room for a third');
});

test('a perfect denoiser stays on the path at every step', async () => {
  const clean = Float32Array.of(1, -2, 0.5);
  const noise = Float32Array.of(0.3, 0.1, -1);
  const seen: { t: number; latent: Float32Array }[] = [];
  const samples = await sampleLatent(
    async (latent, t) => {
      seen.push({ t, latent });
      return clean;
    },
    noise,
    [1, 0.75, 0.5, 0.25],
  );
  assert.deepEqual(samples.last, clean);
  for (const { t, latent } of seen) {
    for (const [i, value] of mix(clean, noise, t).entries()) assert.ok(Math.abs((latent[i] as number) - value) < 1e-6);
  }
});

test('a warm start begins at the previous map with its share of noise', async () => {
  let start: Float32Array | undefined;
  await sampleLatent(
    async (latent) => {
      start = latent;
      return latent;
    },
    Float32Array.of(1, 1),
    [0.6],
    Float32Array.of(10, 20),
  );
  assert.deepEqual(
    [...(start as Float32Array)].map((v) => Math.round(v * 1000) / 1000),
    [4.6, 8.6],
  );
});

test('stepping to time 0 gives the prediction', () => {
  assert.deepEqual(stepTo(0, Float32Array.of(5), Float32Array.of(2), 1), Float32Array.of(2));
});

const spec = { channels: 4, downscale: 4, spaceToDepth: 2, mean: 0.1, std: 2, peakToPeople: 0.5 };

test('depth to space puts channel dy * 2 + dx at that offset', () => {
  const latent = Float32Array.from({ length: 8 }, (_, i) => i);
  const map = densityMap(latent, 2, 1, spec);
  assert.deepEqual([map.width, map.height], [4, 2]);
  const people = (value: number) => Math.fround((value * 2 + 0.1) * 0.5);
  const wanted = [0, 2, 1, 3, 4, 6, 5, 7].map(people);
  for (const [i, value] of wanted.entries()) assert.ok(Math.abs((map.people[i] as number) - value) < 1e-6);
});

test('re-arranging never changes the sum of people', () => {
  fc.assert(
    fc.property(fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 24, maxLength: 24 }), (values) => {
      const map = densityMap(Float32Array.from(values), 3, 2, spec);
      const wanted = values.reduce((sum, v) => sum + (v * 2 + 0.1) * 0.5, 0);
      const blocks = { width: 1, height: 1, mean: Float32Array.of(0), variance: Float32Array.of(0) };
      assert.ok(Math.abs(countPeople(map, blocks, 0) - Math.max(0, wanted)) < 1e-3);
    }),
  );
});

test('the committed manifest parses; a wrong one is named by file and field', async () => {
  const text = await readFile('models/standard/manifest.json', 'utf8');
  const manifest = parseManifest(text);
  assert.equal(manifest.name, 'standard');
  const broken = { ...manifest, opset: 27, latent: { ...manifest.latent, std: 0 } };
  assert.throws(() => parseManifest(JSON.stringify(broken), 'm.json'), /m\.json[\s\S]*opset[\s\S]*latent\.std/);
  assert.throws(() => parseManifest('{', 'm.json'), /m\.json is no JSON/);
});

test('a manifest whose times are not as many as the steps, or do not fall from 1, is refused', async () => {
  const manifest = parseManifest(await readFile('models/standard/manifest.json', 'utf8'));
  const { schedule } = manifest;
  for (const [steps, times, rule] of [
    [4, [1, 0.5], /schedule\.timesteps\.4: must be 4 times/],
    [1, [0.5], /schedule\.timesteps\.1: must fall from 1/],
    [2, [1, 1], /schedule\.timesteps\.2: must fall from 1/],
  ] as const) {
    const broken = { ...manifest, schedule: { ...schedule, timesteps: { ...schedule.timesteps, [steps]: times } } };
    assert.throws(() => parseManifest(JSON.stringify(broken)), rule);
  }
});

const picture = (grey: number, widthPx = 640, seenPx = 352) => ({
  ...{ thumb: new Uint8Array(32 * 18).fill(grey), widthPx, heightPx: 352 },
  seen: { widthPx, heightPx: seenPx },
});

test('a picture is counted from the one before only while the scene goes on', () => {
  const known = { latents: [Float32Array.of(1), Float32Array.of(2)], counted: countedOf(1) };
  const scenes = new SceneMemory();
  assert.equal(scenes.before('a', picture(100), 0), undefined, 'the first picture');
  scenes.remember('a', picture(100), known, 0, false);
  assert.deepEqual(scenes.before('a', picture(103), 500), { gapMs: 500, ...known });
  assert.ok(scenes.before('a', picture(125), 500), 'a dense crowd that walks on');
  assert.equal(scenes.before('b', picture(103), 500), undefined, 'another camera');
  assert.equal(scenes.before('a', picture(150), 500), undefined, 'a cut');
  assert.equal(scenes.before('a', picture(100, 320), 500), undefined, 'another size');
  assert.equal(scenes.before('a', picture(100, 640, 340), 500), undefined, 'another size, made up to the same');
  const plan = planFarField({ widthPx: 1280, heightPx: 720 }, picture(100), input, { until: 0.4, maxWidth: 2048 });
  const withTiles = { ...picture(100), far: { plan: plan as FarPlan, rgb: new Uint8Array() } };
  assert.equal(scenes.before('a', withTiles, 500), undefined, 'other tiles');
  assert.equal(scenes.before('a', picture(100), 5000), undefined, 'a gap');
  assert.equal(scenes.before('a', picture(100), 0), undefined, 'the same picture again');
  for (let at = 500; at <= 10_000; at += 500) scenes.remember('a', picture(100), known, at, true);
  const { counted } = known;
  assert.deepEqual(scenes.before('a', picture(100), 10_500), { gapMs: 500, counted }, 'a cold start after ten seconds');
});

test('a cold start is followed by ten seconds of warm ones', () => {
  const known = { latents: [Float32Array.of(1)], counted: countedOf(1) };
  const scenes = new SceneMemory();
  const colds: number[] = [];
  for (let at = 0; at <= 30_000; at += 500) {
    const warm = scenes.before('a', picture(100), at)?.latents !== undefined;
    if (!warm) colds.push(at);
    scenes.remember('a', picture(100), known, at, warm);
  }
  assert.deepEqual(colds, [0, 10_500, 21_000]);
});

test('a camera whose pictures come seconds late is remembered beside one whose pictures do not', () => {
  const known = { latents: [], counted: countedOf(1) };
  let now = 0;
  const scenes = new SceneMemory(() => now);
  for (now = 0; now < 5000; now += 500) {
    for (const [key, lateMs] of [['late', 8000] as const, ['live', 0] as const]) {
      assert.equal(scenes.before(key, picture(100), now - lateMs) !== undefined, now > 0, `${key} at ${now}`);
      scenes.remember(key, picture(100), known, now - lateMs, false);
    }
  }
});

test('a scene nobody can go on with is forgotten: cameras come and go', async () => {
  let now = 0;
  const scenes = new SceneMemory(() => now);
  const bytes = 1 << 20;
  const before = process.memoryUsage().arrayBuffers;
  for (let n = 0; n < 300; n++) {
    const map = { width: 1, height: 1, people: new Float32Array(bytes / 4) };
    const counted = { map, blocks: { width: 1, height: 1, mean: new Float32Array(1), variance: new Float32Array(1) } };
    now = n * 1000;
    scenes.remember(`camera ${n}`, picture(100), { latents: [], counted }, now, false);
  }
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  await until(
    'what was kept of them is given back',
    () => {
      collect();
      return process.memoryUsage().arrayBuffers - before < 10 * bytes;
    },
    5000,
  );
  assert.ok(scenes.before('camera 299', picture(100), 300_000), 'the newest is remembered');
});

const countedOf = (people: number) => ({
  map: { width: 2, height: 1, people: Float32Array.of(people, 0) },
  blocks: { width: 1, height: 1, mean: Float32Array.of(people), variance: Float32Array.of(2 * people) },
});

test('a count takes along what was counted just before, by the time that has passed', () => {
  const share = (gapMs: number) => steadied(countedOf(11), { counted: countedOf(1), gapMs });
  const of = (gapMs: number) => {
    const { map, blocks } = share(gapMs);
    return [map.people[0], map.people[1], blocks.mean[0], blocks.variance[0]].map(
      (value) => Math.round((value ?? 0) * 100) / 100,
    );
  };
  assert.deepEqual(of(200), [4.3, 0, 4.3, 8.59]);
  assert.deepEqual(of(500), [7.32, 0, 7.32, 14.64]);
  assert.deepEqual(of(3000), [10.98, 0, 10.98, 21.95], 'after three seconds nothing is left of it');
  assert.deepEqual(steadied(countedOf(11)), countedOf(11), 'nothing before');
  const twice = steadied(countedOf(11), { counted: share(250), gapMs: 250 }).map.people[0] as number;
  assert.ok(Math.abs(twice - (share(500).map.people[0] as number)) < 1e-5, 'however often pictures come');
  assert.ok(
    Number.isNaN(steadied(countedOf(Number.NaN), { counted: countedOf(1), gapMs: 500 }).map.people[0]),
    'a broken map stays broken',
  );
});

test('three crashes within a minute set a camera aside for a minute', () => {
  const quarantine = new Quarantine();
  quarantine.crashed('a', 0);
  quarantine.crashed('a', 10_000);
  assert.equal(quarantine.holds('a', 10_001), false);
  quarantine.crashed('a', 20_000);
  assert.equal(quarantine.holds('a', 20_001), true);
  assert.equal(quarantine.holds('b', 20_001), false);
  assert.equal(quarantine.holds('a', 80_001), false);
});

test('crashes that lie more than a minute apart set nobody aside', () => {
  const quarantine = new Quarantine();
  for (const at of [0, 30_000, 60_000, 90_000]) {
    quarantine.crashed('a', at);
    assert.equal(quarantine.holds('a', at), false, `${at} ms`);
  }
  quarantine.crashed('a', 100_000);
  assert.equal(quarantine.holds('a', 100_001), true, 'three within a minute');
});
