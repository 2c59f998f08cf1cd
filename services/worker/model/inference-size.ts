/** The size a picture is counted at. Pure; the same for cameras and for evaluation. */
import type { ModelManifest } from '../../../shared/contracts/manifest.ts';

export type Size = { widthPx: number; heightPx: number };

type Input = ModelManifest['input'];

/** Native size, reduced to the wished width and to the model's widest. Never enlarges. */
export function seenSize(native: Size, input: Input, inferenceWidth: number | 'native'): Size {
  const widest = inferenceWidth === 'native' ? input.maxWidth : Math.min(input.maxWidth, inferenceWidth);
  const widthPx = Math.min(native.widthPx, widest);
  return { widthPx, heightPx: Math.max(1, Math.round((native.heightPx * widthPx) / native.widthPx)) };
}

/**
 * What the model takes a picture of a size as: each side made up to the model's multiple. What is added is no picture, and
 * nothing is counted there. Stretched to the multiple, as until 0.9.0 of the model, a picture is blurred for nothing, and
 * dense pictures were counted 5 % worse (docs/evaluation.md).
 */
export function madeUp({ widthPx, heightPx }: Size, { multipleOf }: Input): Size {
  const up = (px: number) => Math.ceil(px / multipleOf) * multipleOf;
  return { widthPx: up(widthPx), heightPx: up(heightPx) };
}

/** The same by stretching: each side rounded to the model's multiple. For far fields, whose tiles and whole picture share an edge. */
export function stretchedSize(native: Size, input: Input, inferenceWidth: number | 'native'): Size {
  const seen = seenSize(native, input, inferenceWidth);
  const round = (px: number) => Math.max(1, Math.round(px / input.multipleOf)) * input.multipleOf;
  const scale = seen.widthPx / native.widthPx;
  return { widthPx: round(seen.widthPx), heightPx: round(native.heightPx * scale) };
}
