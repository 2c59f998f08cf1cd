/** The model at work: picture in, people out. One instance, one pair of ONNX sessions, one thread of inference. */
import './no-telemetry.ts';
import * as ort from 'onnxruntime-node';
import type { ModelManifest } from '../../../shared/contracts/manifest.ts';
import { HeadroomError, messageOf } from '../../../shared/runtime/errors.ts';
import { type Head, locateHeads, locatePeaks, type Peak } from './heads.ts';
import type { Size } from './inference-size.ts';
import { type ModelFolder, openModelFolder } from './manifest.ts';
import { NoiseShelf } from './noise.ts';
import type { Picture } from './picture.ts';
import { type Blocks, cutMap, type DensityMap, densityMap } from './read-out.ts';
import { type Steps, sampleLatent, timesFor } from './sampler.ts';

export type Provider = 'cpu' | 'cuda' | 'tensorrt' | 'webgpu';

export type CountOptions = {
  steps: Steps;
  /** Clean latent of the picture before: warm start. */
  previous?: Float32Array | undefined;
  /** Heads are also given with how much of a person each is, down to this share. */
  leastHead?: number | undefined;
} & (
  | {
      /** Seed of the noise; one per camera, so that the same picture gives the same count. */
      seed: number;
    }
  | { noise: Float32Array }
);

/** What the encoder saw in one picture: any number of maps can be drawn from it. */
export type Encoded = Size & { cond: ort.Tensor; blocks: Blocks; seen: Size };

/** What is counted: pixels whose sides are multiples of `input.multipleOf`, and how much of them is picture; all, unless told. */
export type Countable = Pick<Picture, 'rgb' | 'widthPx' | 'heightPx'> & { seen?: Size };

/** What the model says of one picture. */
export type Estimate = {
  /** Map whose sum enters the count. */
  map: DensityMap;
  /** Of all that was encoded: those of what the picture was made up with are still to be cut off. */
  blocks: Blocks;
  heads: Head[];
  /** Given when asked for with `leastHead`. */
  peaks?: Peak[];
  /** Clean latent, for the next picture's warm start. */
  latent: Float32Array;
};

export class CrowdCounter {
  readonly manifest: ModelManifest;
  readonly noise = new NoiseShelf();
  readonly #encoder: ort.InferenceSession;
  readonly #denoiser: ort.InferenceSession;

  private constructor(manifest: ModelManifest, encoder: ort.InferenceSession, denoiser: ort.InferenceSession) {
    this.manifest = manifest;
    this.#encoder = encoder;
    this.#denoiser = denoiser;
  }

  /**
   * Opens a model folder and tries the sessions on a small picture, so that a wrong model stops here and not at the
   * first frame.
   * @param threads cores of one inference
   * @throws HeadroomError MODEL_MISSING, MODEL_INVALID, PROVIDER_UNAVAILABLE
   */
  static async open(folder: string, o: { provider: Provider; threads: number }): Promise<CrowdCounter> {
    return CrowdCounter.load(await openModelFolder(folder), o);
  }

  /**
   * The same for a model that was read already.
   * @throws HeadroomError MODEL_INVALID, PROVIDER_UNAVAILABLE
   */
  static async load(model: ModelFolder, o: { provider: Provider; threads: number }): Promise<CrowdCounter> {
    const { folder, manifest } = model;
    const encoder = await openSession(model.encoder, `${folder}/${manifest.files.encoder.file}`, o);
    const denoiser = await openSession(model.denoiser, `${folder}/${manifest.files.denoiser.file}`, o);
    const counter = new CrowdCounter(manifest, encoder, denoiser);
    await counter.#prove(folder, model);
    return counter;
  }

  /**
   * Counts one picture.
   * @throws Error when the runtime fails
   */
  async estimate(picture: Countable, options: CountOptions): Promise<Estimate> {
    return this.draw(await this.encode(picture), options);
  }

  /**
   * The part of counting that is the same for all numbers of steps and all seeds, and the larger one.
   * @throws Error when the runtime fails
   */
  async encode({ rgb, widthPx, heightPx, seen = { widthPx, heightPx } }: Countable): Promise<Encoded> {
    const encoded = await this.#encoder.run({ image: new ort.Tensor('uint8', rgb, [1, heightPx, widthPx, 3]) });
    const mean = encoded.block_mean as ort.Tensor;
    const [width, height] = [mean.dims[3] as number, mean.dims[2] as number];
    const blocks = {
      ...{ width, height, mean: mean.data as Float32Array },
      variance: encoded.block_variance?.data as Float32Array,
    };
    return { cond: encoded.cond as ort.Tensor, blocks, widthPx, heightPx, seen };
  }

  /**
   * Draws the map of an encoded picture.
   * @throws Error when the runtime fails
   */
  async draw(encoded: Encoded, options: CountOptions): Promise<Estimate> {
    const { cond, blocks, widthPx, heightPx } = encoded;
    const { latent: spec, schedule, count, heads } = this.manifest;
    const width = widthPx / spec.downscale;
    const height = heightPx / spec.downscale;
    const dims = [1, spec.channels, height, width];
    const length = spec.channels * height * width;

    const previous = options.previous?.length === length ? options.previous : undefined;
    const times = timesFor(schedule, options.steps, previous !== undefined);
    const samples = await sampleLatent(
      async (latent, t) => {
        const feeds = { latent: new ort.Tensor('float32', latent, dims), cond, t: new ort.Tensor('float32', [t], [1]) };
        return (await this.#denoiser.run(feeds)).clean?.data as Float32Array;
      },
      'noise' in options ? options.noise : this.noise.of(length, options.seed),
      times,
      previous,
    );

    const last = mapOf(encoded, samples.last, spec);
    const counted = count.sumFrom === 'first' && samples.first !== samples.last;
    return {
      map: counted ? mapOf(encoded, samples.first, spec) : last,
      blocks,
      heads: locateHeads(last, heads.leastPeople),
      ...(options.leastHead === undefined ? {} : { peaks: locatePeaks(last, heads.leastPeople, options.leastHead) }),
      latent: samples.last,
    };
  }

  async #prove(folder: string, model: ModelFolder): Promise<void> {
    const side = model.manifest.input.multipleOf * 2;
    const blank = { rgb: new Uint8Array(side * side * 3).fill(127), widthPx: side, heightPx: side };
    try {
      const { map, blocks } = await this.estimate(blank, { steps: 1, seed: 1 });
      const cells = side / 2;
      if (map.people.length !== cells * cells || blocks.mean.length !== blocks.variance.length) {
        throw new Error(`unexpected output shapes for a ${side}×${side} picture`);
      }
    } catch (cause) {
      throw new HeadroomError(
        'MODEL_INVALID',
        `The model in ${folder} does not keep its contract (inputs image, latent, cond, t; outputs cond, block_mean, block_variance, clean): ${messageOf(cause)}`,
        { cause },
      );
    }
  }
}

/** The map of an encoded picture's clean latent: of the picture alone. */
export function mapOf(
  { widthPx, heightPx, seen }: Omit<Encoded, 'cond' | 'blocks'>,
  latent: Float32Array,
  spec: ModelManifest['latent'],
): DensityMap {
  const map = densityMap(latent, widthPx / spec.downscale, heightPx / spec.downscale, spec);
  const cells = (px: number) => Math.ceil((px * spec.spaceToDepth) / spec.downscale);
  return cutMap(map, cells(seen.widthPx), cells(seen.heightPx));
}

async function openSession(
  bytes: Uint8Array,
  path: string,
  o: { provider: Provider; threads: number },
): Promise<ort.InferenceSession> {
  const options: ort.InferenceSession.SessionOptions = {
    executionProviders: [o.provider],
    intraOpNumThreads: o.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Spinning threads eat the cores that the other processes need: 2.6 times the CPU time for the same result.
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
    logSeverityLevel: 3,
  };
  try {
    return await ort.InferenceSession.create(bytes, options);
  } catch (cause) {
    if (o.provider !== 'cpu' && /execution ?provider|shared library|webgpu/i.test(messageOf(cause))) {
      throw new HeadroomError(
        'PROVIDER_UNAVAILABLE',
        `The provider ${o.provider} cannot be used here: ${messageOf(cause)}`,
        { cause },
      );
    }
    throw new HeadroomError('MODEL_INVALID', `ONNX Runtime cannot load ${path}: ${messageOf(cause)}`, { cause });
  }
}
