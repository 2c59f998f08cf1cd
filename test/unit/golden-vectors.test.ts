/** The TypeScript sampler and read-out against vectors that training exported from the very same ONNX files. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, test } from 'node:test';
import '../../services/worker/model/no-telemetry.ts';
import * as ort from 'onnxruntime-node';
import { locatePeaks } from '../../services/worker/model/heads.ts';
import { type ModelFolder, openModelFolder } from '../../services/worker/model/manifest.ts';
import { countInterval, countPeople, densityMap, intervalOfScene } from '../../services/worker/model/read-out.ts';
import { sampleLatent, timesFor } from '../../services/worker/model/sampler.ts';

type Packed = { type: 'uint8' | 'float32'; shape: number[]; base64: string };
type Expected = {
  clean: Packed;
  sumPeople: number;
  headPeople: number;
  count: number;
  interval: [number, number];
  /** x and y in cells of the map, and the share of a person. */
  heads: [x: number, y: number, people: number][];
};
type Golden = {
  encoderSha256: string;
  image: Packed;
  noise: Packed;
  warmNoise: Packed;
  leastPeople: number;
  blockMean: Packed;
  blockVariance: Packed;
  steps: Record<'1' | '2' | '4', Expected>;
  warm: Expected;
};

const MODELS = ['standard', 'small'];
const TOLERANCE = 1e-3;
const bytes = (packed: Packed) => new Uint8Array(Buffer.from(packed.base64, 'base64'));
const floats = (packed: Packed) => new Float32Array(bytes(packed).buffer);
const near = (found: ArrayLike<number>, wanted: ArrayLike<number>) => {
  assert.equal(found.length, wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    assert.ok(
      Math.abs((found[i] as number) - (wanted[i] as number)) < TOLERANCE,
      `element ${i}: ${found[i]} is not ${wanted[i]}`,
    );
  }
};

for (const name of MODELS) {
  describe(`model ${name}`, () => {
    let golden: Golden;
    let model: ModelFolder;
    let denoise: (latent: Float32Array, t: number) => Promise<Float32Array>;
    let blocks: { width: number; height: number; mean: Float32Array; variance: Float32Array };

    before(async () => {
      golden = JSON.parse(await readFile(`models/${name}/golden/golden.json`, 'utf8')) as Golden;
      model = await openModelFolder(`models/${name}`);
      const encoder = await ort.InferenceSession.create(model.encoder);
      const denoiser = await ort.InferenceSession.create(model.denoiser);
      const encoded = await encoder.run({
        image: new ort.Tensor('uint8', bytes(golden.image), [1, ...golden.image.shape]),
      });
      denoise = async (latent, t) => {
        const feeds = {
          latent: new ort.Tensor('float32', latent, golden.noise.shape),
          cond: encoded.cond as ort.Tensor,
          t: new ort.Tensor('float32', [t], [1]),
        };
        return (await denoiser.run(feeds)).clean?.data as Float32Array;
      };
      const mean = encoded.block_mean as ort.Tensor;
      blocks = {
        height: mean.dims[2] as number,
        width: mean.dims[3] as number,
        mean: mean.data as Float32Array,
        variance: encoded.block_variance?.data as Float32Array,
      };
    });

    test('the vectors belong to the committed model', () => {
      assert.equal(model.manifest.files.encoder.sha256, golden.encoderSha256);
    });

    test('the count head gives the blocks of the vectors', () => {
      near(blocks.mean, floats(golden.blockMean));
      near(blocks.variance, floats(golden.blockVariance));
    });

    for (const steps of [1, 2, 4] as const) {
      test(`${steps} step(s) give the vectors' latent, count, interval and heads`, async () => {
        const times = timesFor(model.manifest.schedule, steps, false);
        const samples = await sampleLatent(denoise, floats(golden.noise), times);
        check(samples, golden.steps[`${steps}`]);
      });
    }

    test('a warm start gives the vectors’ latent, count and heads', async () => {
      const times = timesFor(model.manifest.schedule, 1, true);
      const samples = await sampleLatent(denoise, floats(golden.warmNoise), times, floats(golden.steps['1'].clean));
      check(samples, golden.warm);
    });

    function check(samples: { first: Float32Array; last: Float32Array }, expected: Expected): void {
      const { latent, count, interval } = model.manifest;
      const [, , height, width] = golden.noise.shape as [number, number, number, number];
      near(samples.last, floats(expected.clean));
      const map = densityMap(count.sumFrom === 'first' ? samples.first : samples.last, width, height, latent);
      near([countPeople(map, blocks, 0)], [expected.sumPeople]);
      near([countPeople(map, blocks, 1)], [expected.headPeople]);
      const people = countPeople(map, blocks, count.headWeight);
      near([people], [expected.count]);
      near(countInterval(people, blocks, intervalOfScene(interval, people, 0)), expected.interval);
      const last = densityMap(samples.last, width, height, latent);
      const heads = locatePeaks(last, golden.leastPeople, golden.leastPeople);
      const byPlace = (a: number[], b: number[]) => (a[0] as number) - (b[0] as number);
      near(
        heads
          .map(([x, y, p]) => [x * last.width, y * last.height, p])
          .sort(byPlace)
          .flat(),
        expected.heads.toSorted(byPlace).flat(),
      );
    }
  });
}
