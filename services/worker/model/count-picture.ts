/** One picture counted: as a whole, and its far field again in tiles where it has one. */
import type { CrowdCounter, Estimate } from './crowd-counter.ts';
import { pasteFarField, type Said } from './paste.ts';
import { type FarPicture, type Picture, tilePicture } from './picture.ts';
import type { Steps } from './sampler.ts';

export type CountPictureOptions = {
  steps: Steps;
  /** Seed of the noise; one per camera. */
  seed: number;
  /** Clean latents of the picture before, the whole one's first: warm start. */
  previous?: Float32Array[] | undefined;
};

/** What is said of the picture, and the latents of its parts for the next one's warm start. */
export type PictureEstimate = Said & { latents: Float32Array[] };

/**
 * Counts a picture on the production path; cameras and evaluation alike. Tiles are counted one after the other.
 * @throws Error when the runtime fails
 */
export async function countPicture(
  counter: CrowdCounter,
  picture: Omit<Picture, 'native' | 'thumb'>,
  { steps, seed, previous = [] }: CountPictureOptions,
): Promise<PictureEstimate> {
  const whole = await counter.estimate(picture, { steps, seed, previous: previous[0] });
  const { far } = picture;
  if (!far) return { ...whole, latents: [whole.latent] };
  const noise = tileNoise(counter, far, seed);
  const tiles: Estimate[] = [];
  for (const [i, tile] of far.plan.tiles.entries()) {
    const start = { noise: noise[i] as Float32Array, previous: previous[i + 1] };
    tiles.push(await counter.estimate(tilePicture(far, tile), { steps, ...start }));
  }
  return { ...pasteFarField(whole, far.plan, tiles), latents: [whole, ...tiles].map(({ latent }) => latent) };
}

/** Noise of every tile, cut from one field: where tiles overlap they start from the same and differ by their edges alone. */
function tileNoise({ manifest, noise }: CrowdCounter, { plan }: FarPicture, seed: number): Float32Array[] {
  const { channels, downscale } = manifest.latent;
  const width = plan.picture.widthPx / downscale;
  const height = plan.bottom / downscale;
  const field = noise.of(channels * width * height, seed);
  return plan.tiles.map(({ left, top, right, bottom }) => {
    const [columns, rows] = [(right - left) / downscale, (bottom - top) / downscale];
    const out = new Float32Array(channels * columns * rows);
    for (let line = 0; line < channels * rows; line++) {
      const [channel, y] = [Math.floor(line / rows), line % rows];
      const at = (channel * height + top / downscale + y) * width + left / downscale;
      out.set(field.subarray(at, at + columns), line * columns);
    }
    return out;
  });
}
