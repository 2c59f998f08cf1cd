/** How a camera stands to the ground: what an operator measures or marks. */
import { z } from 'zod';
import { PicturePoint } from '../contracts/common.ts';

const Metres = z.number().min(-10_000).max(10_000);

/**
 * At least four marks (where points of the ground lie in the picture), or known lengths on the ground, or the camera's
 * mounting. Density is measured in the plane of the heads, since heads are what is counted.
 */
export const CameraCalibration = z
  .strictObject({
    points: z
      .array(z.strictObject({ picture: PicturePoint, ground: z.tuple([Metres, Metres]) }))
      .min(4, 'mark at least four points')
      .max(64)
      .optional()
      .describe('Marks: position in the picture (0 to 1) and on the ground (metres, any origin).'),
    lengths: z
      .array(
        z.strictObject({
          picture: z.tuple([PicturePoint, PicturePoint]),
          metres: z.number().min(0.1).max(1000),
        }),
      )
      .min(2, 'mark at least two lengths')
      .max(64)
      .optional()
      .describe('Stretches of ground of known length: both ends in the picture (0 to 1) and the metres between them.'),
    pointsHeightM: z.number().min(0).max(3).default(0).describe('Height of the marks or lengths above the ground.'),
    verticalFovDeg: z
      .number()
      .min(5)
      .max(120)
      .optional()
      .describe('Angle of view from top to bottom; found from the marks unless the camera looks nearly straight down.'),
    mount: z
      .strictObject({
        heightM: z.number().min(2).max(200).describe('Lens above the ground.'),
        tiltDeg: z.number().min(1).max(90).describe('Below the horizontal; 90 looks straight down.'),
      })
      .optional(),
    headHeightM: z.number().min(0).max(2).default(1.6),
    maxAreaError: z
      .number()
      .min(0.02)
      .max(1)
      .default(0.3)
      .describe('Cells whose ground area is less certain than this share are left out (towards the horizon).'),
  })
  .refine(
    (c) => [c.points, c.lengths, c.mount].filter((given) => given !== undefined).length === 1,
    'give one of points, lengths or mount',
  )
  .refine((c) => c.mount === undefined || c.verticalFovDeg !== undefined, 'mount needs verticalFovDeg, too')
  .refine(
    (c) => c.lengths === undefined || c.lengths.length >= 3 || c.verticalFovDeg !== undefined,
    'mark at least three lengths, or two and verticalFovDeg',
  );
export type CameraCalibration = z.infer<typeof CameraCalibration>;
