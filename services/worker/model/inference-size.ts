/** The size a picture is counted at. Pure; the same for cameras and for evaluation. */
import type { ModelManifest } from '../../../shared/contracts/manifest.ts';

export type Size = { widthPx: number; heightPx: number };

/**
 * Native size, reduced to the wished width and to the model's widest, each side rounded to the model's multiple.
 * Never enlarges, but for the rounding. The aspect ratio changes by the rounding alone.
 */
export function inferenceSize(native: Size, input: ModelManifest['input'], inferenceWidth: number | 'native'): Size {
  const widest = Math.min(
    native.widthPx,
    input.maxWidth,
    inferenceWidth === 'native' ? Number.POSITIVE_INFINITY : inferenceWidth,
  );
  const scale = widest / native.widthPx;
  const round = (px: number) => Math.max(1, Math.round(px / input.multipleOf)) * input.multipleOf;
  return { widthPx: round(native.widthPx * scale), heightPx: round(native.heightPx * scale) };
}
