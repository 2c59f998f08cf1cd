/** How noisy a picture is, for itself: what a sensor that is turned up as far as it goes adds to a night. Pure. */
import type { Size } from './inference-size.ts';

/** Median of the absolute values of normal numbers, as a share of their standard deviation. */
const MEDIAN_OF_NORMAL = 0.6745;
/** Between the details that are looked at, px: a quarter of them says as much. */
const STEP_PX = 4;
/** Side of the patches whose means tell the scene's contrast, and between their pixels that are looked at, px. */
const PATCH_PX = 8;
const PATCH_STEP_PX = 2;
/** A picture more even than this has no scene to see, standard deviation of 255: its noise is compared with this. */
const LEAST_CONTRAST = 4;

/**
 * Standard deviation of the noise of single pixels as a share of the scene's contrast, both of green: under 0.1 by day but
 * for grainy photographs and crowds of heads of a pixel or two, 0.7 where a scene is hardly to be made out.
 *
 * The noise is the median of the finest diagonal details (Donoho and Johnstone, 1994, "Ideal spatial adaptation by wavelet
 * shrinkage"): edges have few of those, noise is everywhere. Noise that was smoothed or compressed away is not seen.
 * @param rgb bytes, row by row, over the whole of `size`
 * @param seen the part of it that is picture, from the top left corner
 */
export function noiseShare(rgb: Uint8Array, size: Size, seen: Size): number {
  const [columns, rows] = [seen.widthPx & ~1, seen.heightPx & ~1];
  if (columns < PATCH_PX || rows < PATCH_PX) return 0;
  const line = size.widthPx * 3;
  // Twice the detail, 0–510, so that it is whole.
  const details = new Uint32Array(511);
  let looked = 0;
  for (let y = 0; y < rows; y += STEP_PX) {
    for (let x = 0, at = y * line + 1; x < columns; x += STEP_PX, at += 3 * STEP_PX) {
      const upper = (rgb[at] as number) - (rgb[at + 3] as number);
      const lower = (rgb[at + line] as number) - (rgb[at + line + 3] as number);
      const detail = Math.abs(upper - lower);
      details[detail] = (details[detail] as number) + 1;
      looked++;
    }
  }
  const noise = medianOf(details, looked) / 2 / MEDIAN_OF_NORMAL;
  return noise / Math.max(LEAST_CONTRAST, contrast(rgb, line, columns, rows));
}

/** Median of what a histogram counted, each value spread evenly over its step. */
function medianOf(counts: Uint32Array, total: number): number {
  let below = 0;
  for (const [value, count] of counts.entries()) {
    if (below + count > total / 2) return Math.max(0, value - 0.5 + (total / 2 - below) / count);
    below += count;
  }
  return 0;
}

/** Standard deviation of the patches' mean green. */
function contrast(rgb: Uint8Array, line: number, columns: number, rows: number): number {
  let [sum, squares, patches] = [0, 0, 0];
  for (let top = 0; top + PATCH_PX <= rows; top += PATCH_PX) {
    for (let left = 0; left + PATCH_PX <= columns; left += PATCH_PX) {
      let mean = 0;
      for (let y = top; y < top + PATCH_PX; y += PATCH_STEP_PX) {
        for (let x = left; x < left + PATCH_PX; x += PATCH_STEP_PX) mean += rgb[y * line + x * 3 + 1] as number;
      }
      mean /= (PATCH_PX / PATCH_STEP_PX) ** 2;
      sum += mean;
      squares += mean * mean;
      patches++;
    }
  }
  return Math.sqrt(Math.max(0, squares / patches - (sum / patches) ** 2));
}
