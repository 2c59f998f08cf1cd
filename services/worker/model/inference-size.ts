/** The size a picture is counted at. Pure; the same for cameras and for evaluation. */
import type { ModelManifest } from '../../../shared/contracts/manifest.ts';

export type Size = { widthPx: number; heightPx: number };

type Input = ModelManifest['input'];

/**
 * Native size, reduced to the wished width and to the model's widest. Never enlarges, but for the rounding.
 * @param unit of which the width is a multiple
 */
export function seenSize(native: Size, input: Input, inferenceWidth: number | 'native', unit = 1): Size {
  const widest = inferenceWidth === 'native' ? input.maxWidth : Math.min(input.maxWidth, inferenceWidth);
  const widthPx = Math.max(1, Math.round(Math.min(native.widthPx, widest) / unit)) * unit;
  return { widthPx, heightPx: Math.max(1, Math.round((native.heightPx * widthPx) / native.widthPx)) };
}

/**
 * What the model takes a picture of a size as: each side made up to the model's multiple. What is added is no picture, and
 * nothing is counted there. Stretched to the multiple, as until 0.9.0 of the model, a picture is blurred for nothing, and
 * dense pictures were counted 4 % worse (docs/model-history.md).
 */
export function madeUp({ widthPx, heightPx }: Size, { multipleOf }: Input): Size {
  const up = (px: number) => Math.ceil(px / multipleOf) * multipleOf;
  return { widthPx: up(widthPx), heightPx: up(heightPx) };
}
