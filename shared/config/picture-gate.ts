/** When a picture is not counted though it arrived: settings of one camera. */
import { z } from 'zod';

export const PictureGate = z
  .strictObject({
    black: z.boolean().default(true).describe('A black picture is not counted.'),
    blur: z
      .boolean()
      .default(true)
      .describe("A picture that shows nothing at all, or lost most of this camera's usual sharpness, is not."),
    blurShare: z
      .number()
      .min(0.02)
      .max(0.9)
      .default(0.55)
      .describe('Share of the usual sharpness below which a picture counts as blurred.'),
    moved: z.boolean().default(true).describe('A picture of a camera that was turned or pushed is not counted.'),
    movedShare: z
      .number()
      .min(0.005)
      .max(0.5)
      .default(0.03)
      .describe("Shift from the usual view, share of the picture's width, from which the camera counts as moved."),
    resolution: z
      .boolean()
      .default(true)
      .describe('A picture of another shape than the one that zones and calibration were drawn on is not counted.'),
  })
  .describe('Which arriving pictures are not counted.');
export type PictureGate = z.infer<typeof PictureGate>;
