/** The far field with the committed model: rendered crowds, counted by the worker's own processes and functions. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { compare } from '../../models/evaluation/compare.ts';
import { evaluate } from '../../models/evaluation/evaluate.ts';
import { readLabelled } from '../../models/evaluation/labelled-data.ts';
import { InferencePool } from '../../services/worker/inference-pool.ts';
import {
  countPicture,
  drawPicture,
  encodePicture,
  type PictureEstimate,
} from '../../services/worker/model/count-picture.ts';
import { CrowdCounter } from '../../services/worker/model/crowd-counter.ts';
import { planFarField } from '../../services/worker/model/far-field.ts';
import { openModelFolder } from '../../services/worker/model/manifest.ts';
import { seedOf } from '../../services/worker/model/noise.ts';
import { decodePicture } from '../../services/worker/model/picture.ts';
import { Zone } from '../../shared/config/schema.ts';
import { createLogger } from '../../shared/runtime/logger.ts';

const MODEL = 'models/standard';
/** Rendered street scenes of 768×432 px, with people all over them. */
const CROWDS = ['s2026-00020', 's2026-00025', 's2026-00026'].map((name) => `test/fixtures/labelled/images/${name}.jpg`);
const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);

let counter: CrowdCounter;
before(async () => {
  counter = await CrowdCounter.open(MODEL, { provider: 'cpu', threads: 1 });
});

let pool: InferencePool;
let jpeg: Buffer;
before(async () => {
  jpeg = await readFile(CROWDS[0] as string);
  pool = await InferencePool.start({
    setup: { models: { standard: await openModelFolder(MODEL) }, provider: 'cpu', threads: 1 },
    processes: 1,
    deadlineMs: 60_000,
    logger: createLogger('test', 'silent'),
  });
});
after(() => pool?.close());

const zone = (id: string, top: number, bottom: number) =>
  Zone.parse({
    id,
    polygon: [
      [0, top],
      [1, top],
      [1, bottom],
      [0, bottom],
    ],
  });
let seq = 0;
async function count(change: object = {}) {
  const result = await pool.count('a', async () => ({
    ...{ cameraId: 'a', seq: ++seq, capturedAt: Date.now(), jpeg, model: 'standard' },
    ...{ inferenceWidth: 384, warmStart: false, zones: [zone('far', 0, 0.5), zone('near', 0.5, 1)] },
    ...change,
  }));
  assert.ok(result?.ok, JSON.stringify(result));
  return result;
}

for (const [i, file] of CROWDS.entries()) {
  test(`at the same scale, seams through the crowd change nothing: picture ${i + 1}`, async () => {
    const { input } = counter.manifest;
    const whole = await decodePicture(await readFile(file), input, 'native');
    const alone = await countPicture(counter, whole, { steps: 1, seed: 1 });
    // Planned for a whole picture of half the size: two tiles beside each other, the edge in the middle of the people.
    const half = { widthPx: whole.seen.widthPx / 2, heightPx: whole.seen.heightPx / 2 };
    const plan = planFarField(whole.native, half, { ...input, maxWidth: 512 }, { until: 0.5, maxWidth: 768 });
    assert.ok(plan?.tiles.length === 2 && plan.picture.widthPx === whole.widthPx);
    const tiled = await countPicture(counter, { ...whole, far: { plan, rgb: whole.rgb } }, { steps: 1, seed: 1 });

    const [a, b] = [sum(alone.map.people), sum(tiled.map.people)];
    assert.ok(Math.abs(b - a) < 1 + 0.04 * a, `${b} people with seams, ${a} without`);
    const heads = (estimate: PictureEstimate) => estimate.heads.length;
    assert.ok(
      Math.abs(heads(tiled) - heads(alone)) <= 2 + 0.06 * heads(alone),
      `${heads(tiled)} heads, ${heads(alone)}`,
    );
    const lower = alone.map.people.length * plan.until;
    assert.deepEqual(tiled.map.people.subarray(lower), alone.map.people.subarray(lower), 'below it stays as it was');
    assert.notDeepEqual(tiled.map.people.subarray(0, lower), alone.map.people.subarray(0, lower));
  });
}

test('with a far field: more is found far away, as much nearby; zones, heads and map agree', async () => {
  const alone = await count();
  const both = await count({ farField: { until: 0.6, maxWidth: 2048 } });
  const zoneOf = ({ picture }: typeof both, id: string) =>
    picture.zones.find(({ zoneId }) => zoneId === id)?.count as number;
  // The strip ends with a row of blocks, at 128 of 216 px: a little of it reaches into the lower half.
  assert.ok(zoneOf(both, 'far') > 1.1 * zoneOf(alone, 'far'), `${zoneOf(both, 'far')} after ${zoneOf(alone, 'far')}`);
  for (const { picture, headsAt } of [alone, both]) {
    const zones = picture.zones.reduce((total, { count }) => total + count, 0);
    assert.ok(
      Math.abs(zones - picture.count) < 0.01 * picture.count + 0.1,
      `${zones} in both zones, ${picture.count} in all`,
    );
    assert.equal(headsAt.length, picture.heads);
    assert.ok(headsAt.every((place) => place.every((at) => at >= 0 && at <= 1)));
    assert.ok(picture.interval[0] < picture.count && picture.count < picture.interval[1]);
  }
  const near = ({ headsAt }: typeof both) => headsAt.filter(([, y]) => y > 0.6).sort();
  assert.deepEqual(near(both), near(alone), 'below the strip nothing changed');
  assert.ok(both.picture.heads > alone.picture.heads);

  const same = await count({ farField: { until: 0.6, maxWidth: 2048 } });
  assert.equal(same.picture.count, both.picture.count, 'the same picture, the same count');
});

test('a far field starts warm on the next picture, and cold when its tiles have changed', async () => {
  const farField = { until: 0.5, maxWidth: 2048 };
  const at = Date.now();
  const cold = await count({ cameraId: 'b', warmStart: true, farField, capturedAt: at });
  const warm = await count({ cameraId: 'b', warmStart: true, farField, capturedAt: at + 500 });
  assert.deepEqual([cold.model.warmStart, warm.model.warmStart], [false, true]);
  assert.ok(Math.abs(warm.picture.count - cold.picture.count) < 0.25 * cold.picture.count);
  const other = await count({
    cameraId: 'b',
    warmStart: true,
    farField: { ...farField, until: 0.8 },
    capturedAt: at + 900,
  });
  assert.equal(other.model.warmStart, false);
});

test('encoded once and drawn often is the same as counted each time, whole and tiles', async () => {
  const { input } = counter.manifest;
  const picture = await decodePicture(jpeg, { ...input, maxWidth: 512 }, 384, { until: 0.5, maxWidth: 768 });
  assert.equal(picture.far?.plan.tiles.length, 2);
  const encoded = await encodePicture(counter, picture);
  for (const options of [
    { steps: 1, seed: 1 },
    { steps: 2, seed: 2 },
    { steps: 1, seed: 1 },
  ] as const) {
    assert.deepEqual(
      await drawPicture(counter, encoded, options),
      await countPicture(counter, picture, options),
      JSON.stringify(options),
    );
  }
  const { latents } = await drawPicture(counter, encoded, { steps: 1, seed: 1 });
  assert.equal(latents.length, 3);
  const warm = await drawPicture(counter, encoded, { steps: 1, seed: 1, previous: latents });
  const tileCold = await drawPicture(counter, encoded, { steps: 1, seed: 1, previous: latents.slice(0, 1) });
  assert.notDeepEqual(warm.latents.slice(1), tileCold.latents.slice(1), 'tiles start warm, too');
});

test('evaluate --compare counts far fields in every way, as evaluate and the server do', async (t) => {
  // One scene three times over: frames without a cut.
  const dir = await mkdtemp(join(tmpdir(), 'hr-far-'));
  t.after(() => rm(dir, { recursive: true }));
  await mkdir(join(dir, 'images'));
  const images = ['a', 'b', 'c'].map((name) => `images/${name}.jpg`);
  for (const image of images) await copyFile(CROWDS[0] as string, join(dir, image));
  const line = (image: string) => JSON.stringify({ image, width: 768, height: 432, points: [] });
  await writeFile(join(dir, 'labels.jsonl'), images.map(line).join('\n'));
  const pictures = await readLabelled(dir);
  const options = { model: 'standard', width: 384, farField: { until: 0.5, maxWidth: 2048 } };
  const rows = await compare(pictures, options);
  const of = (way: string) => rows.find((row) => row.way === way) as (typeof rows)[number];

  // Nobody is labelled: every MAE is the mean count.
  for (const steps of [1, 2, 4] as const) {
    const { evaluation } = await evaluate(pictures, { ...options, steps });
    const row = of(steps === 1 ? '1 step' : `${steps} steps`);
    assert.ok(Math.abs(row.mae - evaluation.mae) < 1e-3, `${row.way}: ${row.mae}, evaluate ${evaluation.mae}`);
    assert.equal(row.flicker, 0);
  }
  // One step has one map: that which is counted is the last.
  assert.ok(Math.abs(of('1 step').mapMae - of('1 step').mae) < 1e-3, JSON.stringify(of('1 step')));
  const without = await compare(pictures, { model: 'standard', width: 384 });
  assert.ok(
    without.every((row) => row.mapMae < of(row.way).mapMae),
    'the far field is in every map',
  );

  // By hand, as the server goes on from picture to picture.
  const picture = await decodePicture(jpeg, counter.manifest.input, 384, options.farField);
  let previous: Float32Array[] | undefined;
  const counts: number[] = [];
  for (const _ of images) {
    const estimate = await countPicture(counter, picture, { steps: 1, seed: seedOf('evaluation'), previous });
    counts.push(sum(estimate.map.people));
    previous = estimate.latents;
  }
  const mean = (all: number[]) => all.reduce((total, one) => total + one, 0) / all.length;
  const near = (way: string, by: number) =>
    assert.ok(Math.abs(of(way).mae - by) < 1e-3, `${way}: ${of(way).mae}, by hand ${by}`);
  assert.notEqual(counts[1], counts[0]);
  near('warm start', mean(counts));
  // Frames of a comparison are half a second apart, after which 1/e is left of what was counted before.
  const steady: number[] = [];
  for (const one of counts) steady.push(one + ((steady.at(-1) ?? one) - one) / Math.E);
  near('warm start, steadied', mean(steady));
  near('1 step, steadied', counts[0] as number);
});
