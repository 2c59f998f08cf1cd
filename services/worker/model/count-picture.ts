/**
 * One picture counted: as a whole, and its far field again in tiles where it has one. In two steps, as the model's own: what
 * the encoder saw is the same for every map that is drawn.
 */
import type { CountOptions, CrowdCounter, Encoded, Estimate } from './crowd-counter.ts';
import type { FarPlan } from './far-field.ts';
import { pasteFarField, type Said } from './paste.ts';
import { type Picture, tilePicture } from './picture.ts';
import { noiseShare } from './picture-noise.ts';
import { cutBlocks } from './read-out.ts';

export type CountPictureOptions = Pick<CountOptions, 'steps' | 'leastHead'> & {
  /** Seed of the noise; one per camera. */
  seed: number;
  /** Clean latents of the picture before, the whole one's first: warm start. */
  previous?: Float32Array[] | undefined;
};

/** What the encoder saw in a picture: in the whole one, and in every tile of its far field. */
export type EncodedPicture = { whole: Encoded; far?: { plan: FarPlan; tiles: Encoded[] }; noise: number };

/** What is said of the picture, its noise (`noiseShare`), and the latents of its parts for the next one's warm start. */
export type PictureEstimate = Said & { latents: Float32Array[]; noise: number };

/**
 * Counts a picture on the production path; cameras, test bench and evaluation alike.
 * @throws Error when the runtime fails
 */
export async function countPicture(
  counter: CrowdCounter,
  picture: Omit<Picture, 'native' | 'thumb'>,
  options: CountPictureOptions,
): Promise<PictureEstimate> {
  return drawPicture(counter, await encodePicture(counter, picture), options);
}

/**
 * Encodes the whole picture, then its tiles one after the other.
 * @throws Error when the runtime fails
 */
export async function encodePicture(
  counter: CrowdCounter,
  picture: Omit<Picture, 'native' | 'thumb'>,
): Promise<EncodedPicture> {
  const whole = await counter.encode(picture);
  const { far } = picture;
  const noise = noiseShare(picture.rgb, picture, picture.seen);
  if (!far) return { whole, noise };
  const tiles: Encoded[] = [];
  for (const tile of far.plan.tiles) tiles.push(await counter.encode(tilePicture(far, tile)));
  return { whole, far: { plan: far.plan, tiles }, noise };
}

/**
 * Draws the maps of an encoded picture and makes one of them.
 * @throws Error when the runtime fails
 */
export async function drawPicture(
  counter: CrowdCounter,
  { whole: encoded, far, noise }: EncodedPicture,
  { seed, previous = [], ...options }: CountPictureOptions,
): Promise<PictureEstimate> {
  const whole = await counter.draw(encoded, { ...options, seed, previous: previous[0] });
  if (!far) return { ...ofPicture(whole, encoded), latents: [whole.latent], noise };
  const starts = tileNoise(counter, far.plan, seed);
  const tiles: Estimate[] = [];
  for (const [i, tile] of far.tiles.entries()) {
    const start = { noise: starts[i] as Float32Array, previous: previous[i + 1] };
    tiles.push(await counter.draw(tile, { ...options, ...start }));
  }
  const pasted = pasteFarField(whole, far.plan, tiles);
  return { ...ofPicture(pasted, encoded), latents: [whole, ...tiles].map(({ latent }) => latent), noise };
}

/** Without the blocks of what the picture was made up with. */
function ofPicture<T extends Said>(said: T, { widthPx, heightPx, seen }: Encoded): T {
  const { width, height } = said.blocks;
  const [columns, rows] = [(width * seen.widthPx) / widthPx, (height * seen.heightPx) / heightPx];
  return { ...said, blocks: cutBlocks(said.blocks, columns, rows) };
}

/** Noise of every tile, cut from one field: where tiles overlap they start from the same and differ by their edges alone. */
function tileNoise({ manifest, noise }: CrowdCounter, plan: FarPlan, seed: number): Float32Array[] {
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
