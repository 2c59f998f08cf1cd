/**
 * People per cell that the brightest colour stands for. Follows the scene quickly upwards and slowly down, so that
 * the map does not flicker, and never below one clearly seen person, so that an empty square stays dark.
 */
const FALL_MS = 20_000;
/** Width of one person's blob as a share of the picture's width: what a single head looks like on the map. */
const PERSON_SPREAD = 0.01;

export function onePersonPeak(mapWidth: number): number {
  const sigmaCells = PERSON_SPREAD * mapWidth;
  return Math.min(0.7, 0.7 / (2 * Math.PI * sigmaCells ** 2));
}

export function nextTop(
  previous: number | undefined,
  values: Uint8Array,
  unit: number,
  width: number,
  elapsedMs: number,
) {
  let max = 0;
  for (const value of values) if (value > max) max = value;
  const wanted = Math.max(onePersonPeak(width), max * unit * 0.9);
  if (previous === undefined || wanted >= previous) return wanted;
  const keep = Math.exp(-Math.max(0, elapsedMs) / FALL_MS);
  return wanted + (previous - wanted) * keep;
}
