/**
 * Density as colour over a picture. The upper part of the "inferno" map: lightness rises evenly, so it reads the same
 * for colour-blind eyes and in grey; nearly empty cells are transparent, so that the picture stays a picture.
 */
const STOPS = ['420a68', '6a176e', '932667', 'bc3754', 'dd513a', 'f37819', 'fca50a', 'f6d746', 'fcffa4'].map(
  (hex) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number],
);
/** Below this share of the scale nothing is drawn: a whole-picture haze of almost nobody says nothing. */
const NOISE = 0.06;
const MAX_ALPHA = 0.8;

/** RGBA for 256 steps of the scale, ready for ImageData. */
export const COLOUR_TABLE: Uint8ClampedArray = buildTable();

function buildTable(): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256 * 4);
  for (let step = 0; step < 256; step += 1) {
    const share = step / 255;
    const position = share * (STOPS.length - 1);
    const below = STOPS[Math.floor(position)] ?? [0, 0, 0];
    const above = STOPS[Math.ceil(position)] ?? below;
    const part = position - Math.floor(position);
    for (let channel = 0; channel < 3; channel += 1) {
      table[step * 4 + channel] = (below[channel] ?? 0) * (1 - part) + (above[channel] ?? 0) * part;
    }
    const strength = share < NOISE ? 0 : (share - NOISE) / (1 - NOISE);
    // The square root lifts the middle of the scale, where most of a crowd lies.
    table[step * 4 + 3] = 255 * MAX_ALPHA * Math.sqrt(strength);
  }
  return table;
}

/** Fills `pixels` (RGBA, one pixel a cell) for a map whose brightest colour stands for `top` people per cell. */
export function paintCells(pixels: Uint8ClampedArray, values: Uint8Array, peoplePerUnit: number, top: number): void {
  const toStep = (255 * peoplePerUnit) / top;
  for (let cell = 0; cell < values.length; cell += 1) {
    const step = Math.min(255, Math.round((values[cell] ?? 0) * toStep));
    pixels.set(COLOUR_TABLE.subarray(step * 4, step * 4 + 4), cell * 4);
  }
}

/** What a legend needs: the same colours as CSS stops. */
export function legendGradient(): string {
  return `linear-gradient(to right, ${STOPS.map(([r, g, b]) => `rgb(${r} ${g} ${b})`).join(', ')})`;
}
