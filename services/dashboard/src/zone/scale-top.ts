/** The scale of a chart. Pure. */

/** A threshold further away than this would press the line to the ground. */
const FAR = 4;

/** Top of the scale: round, above all that is drawn and above the next threshold, so that the distance to it is seen. */
export function scaleTop(largest: number, thresholds: readonly number[], leastTop: number): number {
  const near = Math.max(largest, leastTop / 2) * FAR;
  const next = thresholds.filter((value) => value > largest && value <= near).toSorted((a, b) => a - b)[0];
  const wanted = Math.max(leastTop, largest * 1.12, (next ?? 0) * 1.06);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((candidate) => candidate * power >= wanted - 1e-9) ?? 10;
  return Math.round(step * power * 1e6) / 1e6;
}
