/** How bright and how sharp a small grey picture is. Pure. */
import type { GreyPicture } from './grey-picture.ts';

export type Look = {
  /** Mean brightness, 0–255. */
  mean: number;
  /** Standard deviation of brightness: next to none in a picture without a scene. */
  contrast: number;
  /**
   * Energy of second differences over that of first differences. Blur takes the finest detail first, so it falls; light
   * and contrast scale both and leave it as it is. (The plain variance of the Laplacian moves by a quarter with the
   * people in the picture, this ratio by less than a tenth.) Undefined where there is nothing to see.
   */
  sharpness: number | undefined;
};

/** Mean squared difference of two pixels two apart below which there is only noise. */
const LEAST_GRADIENT = 20;

export function look({ width, height, values }: GreyPicture): Look {
  let sum = 0;
  let squares = 0;
  let second = 0;
  let first = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x;
      const here = values[i] as number;
      const [left, right] = [values[i - 1] as number, values[i + 1] as number];
      const [above, below] = [values[i - width] as number, values[i + width] as number];
      sum += here;
      squares += here * here;
      second += (4 * here - left - right - above - below) ** 2;
      first += (right - left) ** 2 + (below - above) ** 2;
    }
  }
  const pixels = (width - 2) * (height - 2);
  const mean = sum / pixels;
  return {
    mean,
    contrast: Math.sqrt(Math.max(0, squares / pixels - mean * mean)),
    sharpness: first / pixels < LEAST_GRADIENT ? undefined : second / first,
  };
}
