/** Decodes a picture to the pixels the model looks at. */
import sharp from 'sharp';
import type { ModelManifest } from '../../../shared/contracts/manifest.ts';
import { inferenceSize, type Size } from './inference-size.ts';

// One picture is one task of one core: libvips' own threads would only take cores from the neighbours.
sharp.concurrency(1);
sharp.cache(false);

/** Tiny grey picture that tells a cut of the scene. */
export const THUMB = { width: 32, height: 18 } as const;

/** RGB bytes, row by row, and the thumbnail of the same picture. */
export type Picture = Size & { rgb: Uint8Array; native: Size; thumb: Uint8Array };

/**
 * @param file JPEG, PNG or WebP
 * @throws Error when the file is no picture
 */
export async function decodePicture(
  file: Uint8Array,
  input: ModelManifest['input'],
  inferenceWidth: number | 'native',
): Promise<Picture> {
  const image = sharp(file, { failOn: 'error', limitInputPixels: 64_000_000 });
  const { width, height } = await image.metadata();
  const native = { widthPx: width, heightPx: height };
  const size = inferenceSize(native, input, inferenceWidth);
  const rgb = await image
    .resize(size.widthPx, size.heightPx, { fit: 'fill', kernel: 'lanczos3' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer();
  return { ...size, rgb, native, thumb: thumbnail(rgb, size) };
}

/** Mean green of a grid of patches: cheap, and green is most of luminance. */
function thumbnail(rgb: Uint8Array, { widthPx, heightPx }: Size): Uint8Array {
  const thumb = new Uint8Array(THUMB.width * THUMB.height);
  for (let ty = 0; ty < THUMB.height; ty++) {
    for (let tx = 0; tx < THUMB.width; tx++) {
      let sum = 0;
      let seen = 0;
      for (let sy = 0; sy < 4; sy++) {
        const y = Math.floor(((ty + (sy + 0.5) / 4) / THUMB.height) * heightPx);
        for (let sx = 0; sx < 4; sx++) {
          const x = Math.floor(((tx + (sx + 0.5) / 4) / THUMB.width) * widthPx);
          sum += rgb[(y * widthPx + x) * 3 + 1] ?? 0;
          seen++;
        }
      }
      thumb[ty * THUMB.width + tx] = sum / seen;
    }
  }
  return thumb;
}

/** Mean absolute difference of two thumbnails, 0–255. */
export function thumbDifference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs((a[i] as number) - (b[i] as number));
  return sum / a.length;
}
