/** Decodes a picture to the pixels the model looks at. */
import sharp, { type Sharp } from 'sharp';
import type { FarField } from '../../../shared/contracts/far-field.ts';
import type { ModelManifest } from '../../../shared/contracts/manifest.ts';
import { lightMixOf, mixLight } from './coloured-light.ts';
import { type Area, type FarPlan, planFarField } from './far-field.ts';
import { madeUp, type Size, seenSize } from './inference-size.ts';

// One picture is one task of one core: libvips' own threads would only take cores from the neighbours.
sharp.concurrency(1);
sharp.cache(false);

/** Tiny grey picture that tells a cut of the scene. */
const THUMB = { width: 32, height: 18 } as const;

/** The part of a far picture that its tiles are cut from: RGB bytes, row by row, over the whole width. */
export type FarPicture = { plan: FarPlan; rgb: Uint8Array };

/**
 * RGB bytes, row by row, and the thumbnail of the same picture; its far field where one is asked for and worth it. The
 * picture takes up `seen` of it, from the top left corner; beyond it is mirrored, to make up the sides the model takes.
 */
export type Picture = Size & { rgb: Uint8Array; seen: Size; native: Size; thumb: Uint8Array; far?: FarPicture };

/**
 * @param file JPEG, PNG or WebP
 * @throws Error when the file is no picture
 */
export async function decodePicture(
  file: Uint8Array,
  input: ModelManifest['input'],
  inferenceWidth: number | 'native',
  farField?: FarField | undefined,
): Promise<Picture> {
  const image = sharp(file, { failOn: 'error', limitInputPixels: 64_000_000 });
  const { width, height } = await image.metadata();
  const native = { widthPx: width, heightPx: height };
  const whole = seenSize(native, input, inferenceWidth, farField ? input.multipleOf : 1);
  const plan = farField && planFarField(native, whole, input, farField);
  const far = plan && {
    far: { plan, rgb: await pixels(image.clone(), plan.picture, { ...plan.picture, heightPx: plan.bottom }) },
  };
  const seen = plan ? whole : seenSize(native, input, inferenceWidth);
  const size = madeUp(seen, input);
  const rgb = await pixels(image, seen, size);
  // The far field is a part of the same scene: it lies in the same light.
  const mix = lightMixOf(rgb);
  if (mix) for (const part of [rgb, ...(far ? [far.far.rgb] : [])]) mixLight(part, mix);
  return { ...size, rgb, seen, native, thumb: thumbnail(rgb, size), ...far };
}

/** The picture at a size, as far as it reaches into another; mirrored beyond its right and lower edge where it does not fill that. */
function pixels(image: Sharp, { widthPx, heightPx }: Size, into: Size): Promise<Buffer> {
  const rows = Math.min(heightPx, into.heightPx);
  return image
    .resize(widthPx, heightPx, { fit: 'fill', kernel: 'lanczos3' })
    .extract({ left: 0, top: 0, width: widthPx, height: rows })
    .extend({ right: into.widthPx - widthPx, bottom: into.heightPx - rows, extendWith: 'mirror' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer();
}

/** One tile as a picture of its own. */
export function tilePicture(
  { plan, rgb }: FarPicture,
  { left, top, right, bottom }: Area,
): Pick<Picture, 'rgb' | 'widthPx' | 'heightPx'> {
  const [widthPx, heightPx] = [right - left, bottom - top];
  const out = new Uint8Array(widthPx * heightPx * 3);
  for (let y = 0; y < heightPx; y++) {
    const from = ((top + y) * plan.picture.widthPx + left) * 3;
    out.set(rgb.subarray(from, from + widthPx * 3), y * widthPx * 3);
  }
  return { rgb: out, widthPx, heightPx };
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
