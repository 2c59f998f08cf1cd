/**
 * Few-step sampling on the rectified-flow path z(t) = (1 - t) * clean + t * noise, with a network that predicts the
 * clean latent. Pure but for the network, which comes in as a function.
 */
import type { ModelManifest } from '../../../shared/contracts/manifest.ts';

/** Predicts the clean latent from a noisy one at time t (0 clean … 1 noise). */
export type Denoise = (latent: Float32Array, t: number) => Promise<Float32Array>;

export type Samples = {
  /** The first prediction: the conditional mean at t = 1, whose sum is the least biased. */
  first: Float32Array;
  /** The last prediction: the sharpest map, for locating heads. */
  last: Float32Array;
};

/**
 * Draws a density latent.
 * @param noise standard normal, the latent's length
 * @param times falling times of the denoiser calls; the first is 1 for a cold start
 * @param previous clean latent of the picture before: starts from it, noised to `times[0]`, instead of from pure noise
 */
export async function sampleLatent(
  denoise: Denoise,
  noise: Float32Array,
  times: number[],
  previous?: Float32Array,
): Promise<Samples> {
  let t = times[0] as number;
  let latent = previous ? mix(previous, noise, t) : noise;
  const first = await denoise(latent, t);
  let last = first;
  for (const next of times.slice(1)) {
    latent = stepTo(next, latent, last, t);
    t = next;
    last = await denoise(latent, t);
  }
  return { first, last };
}

/** z = (1 - t) * clean + t * noise. */
export function mix(clean: Float32Array, noise: Float32Array, t: number): Float32Array {
  const out = new Float32Array(clean.length);
  for (let i = 0; i < out.length; i++) out[i] = (1 - t) * (clean[i] as number) + t * (noise[i] as number);
  return out;
}

/** Moves along the path from time `from` to `to`: keeps the noise that latent and prediction imply. */
export function stepTo(to: number, latent: Float32Array, clean: Float32Array, from: number): Float32Array {
  const out = new Float32Array(latent.length);
  for (let i = 0; i < out.length; i++) {
    const x0 = clean[i] as number;
    out[i] = (1 - to) * x0 + (to * ((latent[i] as number) - (1 - from) * x0)) / from;
  }
  return out;
}

/** Denoiser calls from pure noise. The manifest has times for 1, 2 and 4. */
export type Steps = 1 | 2 | 3 | 4;

/** Times of the denoiser calls for a number of steps; a warm start is always one call. */
export function timesFor(schedule: ModelManifest['schedule'], steps: Steps, warm: boolean): number[] {
  if (warm && schedule.warmStart) return [schedule.warmStart.t];
  // For trials on the test bench only: as evenly spread as the manifest's.
  if (steps === 3) return [1, 2 / 3, 1 / 3];
  return schedule.timesteps[`${steps}`];
}
