/** The far field: a setting of cameras and of the test bench. */
import { z } from 'zod';

export const FarField = z
  .strictObject({
    until: z
      .number()
      .min(0.1)
      .max(0.9)
      .describe('Lower edge of the far field, share of the height of the picture from the top.'),
    maxWidth: z
      .int()
      .min(640)
      .max(3840)
      .default(2048)
      .describe("Width the far field is counted at, px: the stream's own, at most this."),
  })
  .describe('Upper part of the picture that is counted again in tiles with more detail, for people far away.');
export type FarField = z.infer<typeof FarField>;

/**
 * What is wrong with a far field's width beside that of the whole picture, if anything.
 * @param setting the whole picture's width, by the name that people know
 */
export function farWidthFault({ maxWidth }: FarField, width: number | 'native', setting: string): string | undefined {
  if (width === 'native' || maxWidth > width) return undefined;
  return `must be larger than ${setting} (${width}), or the far field is counted with no more detail`;
}
