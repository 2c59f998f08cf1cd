/** The width pictures are counted at: a setting of cameras, of the test bench and of evaluation. */
import { z } from 'zod';

export const INFERENCE_WIDTH_PX = { least: 128, most: 1920 } as const;

export const InferenceWidth = z.union([
  z.literal('native'),
  z.int().min(INFERENCE_WIDTH_PX.least).max(INFERENCE_WIDTH_PX.most),
]);
