/**
 * Pictures under light of one colour: sodium lamps, a stage, blue lights. What is missing of two channels the model misses,
 * too: it saw no such light in training. Pure.
 */

/** How much brighter the brightest channel is than the darkest: from here on the colour is taken out, fully at the upper end. */
const CAST = { from: 2.5, fully: 3.5 } as const;
/** Of 255. Keeps a dark picture's noise from passing for colour. */
const FLOOR = 4;
/** Every so many pixels tell the colour of the light. */
const LOOKED_AT = 7;

/** Shares of red, green and blue in the grey that a picture is mixed with, how bright that grey is made, and how far it is mixed in. */
export type LightMix = { weights: [number, number, number]; gain: number; share: number };

/**
 * What is to be done about a picture's light; undefined where it is not of one colour, as nearly always.
 * The grey is weighed by each channel's own light, so that channels with nothing but noise add next to nothing (measured in
 * docs/evaluation.md against making the channels equally bright), and made as bright as the brightest channel is.
 * @param rgb bytes, row by row
 */
export function lightMixOf(rgb: Uint8Array): LightMix | undefined {
  const sums: [number, number, number] = [0, 0, 0];
  let seen = 0;
  for (let at = 0; at + 2 < rgb.length; at += 3 * LOOKED_AT) {
    for (const channel of [0, 1, 2] as const) sums[channel] += rgb[at + channel] as number;
    seen += 1;
  }
  if (seen === 0) return undefined;
  const means = sums.map((sum) => sum / seen) as typeof sums;
  const brightest = Math.max(...means);
  const cast = (brightest + FLOOR) / (Math.min(...means) + FLOOR);
  const share = Math.min(1, Math.max(0, (cast - CAST.from) / (CAST.fully - CAST.from)));
  if (share === 0) return undefined;
  const total = means.reduce((sum, mean) => sum + mean, 0);
  const weights = means.map((mean) => mean / total) as typeof sums;
  const grey = means.reduce((sum, mean, channel) => sum + mean * (weights[channel] as number), 0);
  return { weights, gain: brightest / grey, share };
}

/** Mixes a picture's pixels with their grey, in place. */
export function mixLight(rgb: Uint8Array, { weights: [red, green, blue], gain, share }: LightMix): void {
  for (let at = 0; at + 2 < rgb.length; at += 3) {
    const [r, g, b] = [rgb[at] as number, rgb[at + 1] as number, rgb[at + 2] as number];
    const grey = Math.min(255, (r * red + g * green + b * blue) * gain);
    rgb[at] = Math.round(r + (grey - r) * share);
    rgb[at + 1] = Math.round(g + (grey - g) * share);
    rgb[at + 2] = Math.round(b + (grey - b) * share);
  }
}
