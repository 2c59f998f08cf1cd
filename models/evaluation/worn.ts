/** Labelled pictures as a poorer camera, a poorer link or the night would have shown them: how well counts hold then. */
import sharp, { type Sharp } from 'sharp';
import { seededNormal, seedOf } from '../../services/worker/model/noise.ts';
import type { Wear } from './wear.ts';

/**
 * The picture, worn, at the same size: a PNG, or the JPEG it was compressed to. Always the same for the same picture.
 * @param file JPEG, PNG or WebP
 * @throws Error when the file is no picture
 */
export async function worn(file: Uint8Array, wear: Wear): Promise<Buffer> {
  const image = sharp(file, { failOn: 'error' }).toColourspace('srgb').removeAlpha();
  const { width, height } = await image.metadata();
  if (wear === 'grey') return png(grey(image));
  if (wear === 'dark') return png(image.linear(1 / 3, 0));
  if (wear === 'night') return noisy(grey(image).linear(1 / 3, 0), { sigma: 12, coloured: false });
  if (wear === 'haze') return png(image.linear(0.5, 64));
  if (wear === 'harsh') return png(image.linear(1.8, -0.8 * 128));
  if (wear === 'noise') return noisy(image, { sigma: 15, coloured: true });
  if (wear === 'compressed') return image.jpeg({ quality: 25 }).toBuffer();
  if (wear === 'amber' || wear === 'red') return lit(image, LIGHT[wear]);
  if (wear === 'blurred') return png(image.blur(1.5));
  // In two goes: sharp would make one of two resizes in a row.
  const small = await png(image.resize(Math.ceil(width / 2), Math.ceil(height / 2), { fit: 'fill' }));
  return png(sharp(small).resize(width, height, { fit: 'fill', kernel: 'linear' }));
}

/** Shares of red, green and blue that are left. */
const LIGHT = { amber: [1, 0.6, 0.1], red: [0.8, 0.12, 0.1] } as const;

/** In the light of one colour, as a camera sends it: what is dark in a channel is noise and blocks. */
async function lit(image: Sharp, light: readonly number[]): Promise<Buffer> {
  const dim = image.linear([...light], [0, 0, 0]);
  return sharp(await noisy(dim, { sigma: 2, coloured: true }))
    .jpeg({ quality: 85 })
    .toBuffer();
}

/** Without loss, and quickly. */
const png = (image: Sharp): Promise<Buffer> => image.png({ compressionLevel: 1 }).toBuffer();

/** Luminance in all three channels. */
const grey = (image: Sharp): Sharp => image.grayscale().toColourspace('srgb');

/** @param o.sigma of 255; @param o.coloured each channel has noise of its own */
async function noisy(image: Sharp, o: { sigma: number; coloured: boolean }): Promise<Buffer> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const noise = seededNormal(o.coloured ? data.length : data.length / info.channels, seedOf('worn'));
  for (let at = 0; at < data.length; at += 1) {
    const of = o.coloured ? at : Math.floor(at / info.channels);
    data[at] = Math.min(255, Math.max(0, Math.round((data[at] ?? 0) + o.sigma * (noise[of] ?? 0))));
  }
  const { width, height, channels } = info;
  return png(sharp(data, { raw: { width, height, channels } }));
}
