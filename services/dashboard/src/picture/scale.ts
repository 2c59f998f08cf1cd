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

/** Share of the cells that may be brighter than the scale: one stray peak must not darken a whole crowd. */
const CLIPPED = 0.004;

export function nextTop(
  previous: number | undefined,
  values: Uint8Array,
  unit: number,
  width: number,
  elapsedMs: number,
) {
  const wanted = Math.max(onePersonPeak(width), brightest(values) * unit);
  if (previous === undefined || wanted >= previous) return wanted;
  const keep = Math.exp(-Math.max(0, elapsedMs) / FALL_MS);
  return wanted + (previous - wanted) * keep;
}

/** The value that all but the clipped share of the cells stay below. */
function brightest(values: Uint8Array): number {
  const histogram = new Uint32Array(256);
  for (const value of values) histogram[value] = (histogram[value] ?? 0) + 1;
  let above = 0;
  for (let value = 255; value > 0; value -= 1) {
    above += histogram[value] ?? 0;
    if (above > values.length * CLIPPED) return value;
  }
  return 0;
}
