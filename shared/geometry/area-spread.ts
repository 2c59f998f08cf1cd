/**
 * How unsure ground areas are all over a picture, from maps that might as well be true. Pure.
 *
 * A small part of the picture at (x, y) has |det M| / w³ of ground, w = m₆x + m₇y + m₈ being the weight there. To first
 * order its logarithm so changes by d ln|det M| − 3 (dm₆x + dm₇y + dm₈) / w: linear in four numbers that are the same for the
 * whole picture, whose covariance is all that need be kept.
 */
import { determinant, type Matrix3 } from './matrix.ts';

/** Covariance of ln|det M|, m₆, m₇ and m₈: 4×4, row by row. */
export type AreaSpread = readonly number[];

/**
 * @param map picture (0–1) to metres
 * @param nudged maps with one thing measured a little otherwise, each another thing; all facing as `map`
 * @param times standard error of what is measured, over the nudge
 */
export function areaSpread(map: Matrix3, nudged: Matrix3[], times: number): AreaSpread {
  const slopes = nudged.map((other) => [
    Math.log(Math.abs(determinant(other) / determinant(map))) * times,
    ...([6, 7, 8] as const).map((i) => (other[i] - map[i]) * times),
  ]);
  return [0, 1, 2, 3].flatMap((i) =>
    [0, 1, 2, 3].map((j) => slopes.reduce((sum, slope) => sum + (slope[i] as number) * (slope[j] as number), 0)),
  );
}

/**
 * Standard error of the area at a point of the picture, relative.
 * @param weight of the point under the map, above 0
 */
export function areaSpreadAt(spread: AreaSpread, [x, y]: readonly [number, number], weight: number): number {
  const by = [1, (-3 * x) / weight, (-3 * y) / weight, -3 / weight];
  let variance = 0;
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 4; j++) {
      variance += (spread[i * 4 + j] as number) * (by[i] as number) * (by[j] as number);
    }
  }
  return Math.sqrt(Math.max(0, variance));
}
