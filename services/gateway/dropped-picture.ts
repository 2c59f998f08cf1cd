/** Whether what somebody dropped in is a picture that may be looked at. Reads its head only; no pixel is decoded here. */
import sharp from 'sharp';
import { BENCH_LIMITS } from '../../shared/contracts/bench.ts';

const FORMATS = ['jpeg', 'png', 'webp'];

export type PictureFault = { status: 413 | 415 | 422; detail: string };

/** @returns what is wrong with it, in words that say what to do; undefined when it may be looked at */
export async function pictureFault(file: Buffer): Promise<PictureFault | undefined> {
  if (file.length === 0) return { status: 422, detail: 'The body is empty: send the picture as it is.' };
  // The limit guards decoding, which happens elsewhere; here the size is read and judged in words.
  const about = await sharp(file, { limitInputPixels: false, failOn: 'none' })
    .metadata()
    .catch(() => undefined);
  if (!about?.format || !FORMATS.includes(about.format)) {
    return { status: 415, detail: 'This is no picture: JPEG, PNG and WebP can be looked at.' };
  }
  const { width, height } = about;
  if (width * height > BENCH_LIMITS.pixels) {
    const most = BENCH_LIMITS.pixels / 1e6;
    return {
      status: 413,
      detail: `The picture has ${width}×${height} pixels; ${most} million are allowed. Reduce it.`,
    };
  }
  if (Math.min(width, height) < BENCH_LIMITS.leastSidePx) {
    return {
      status: 422,
      detail: `The picture is ${width}×${height}; each side needs ${BENCH_LIMITS.leastSidePx} pixels.`,
    };
  }
  if (Math.max(width, height) > BENCH_LIMITS.aspect * Math.min(width, height)) {
    return {
      status: 422,
      detail: `The picture is ${width}×${height}; no side may be more than ${BENCH_LIMITS.aspect} times the other. Cut it.`,
    };
  }
  return undefined;
}
