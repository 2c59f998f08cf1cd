/** A small grey picture: what the gate looks at. */
import sharp from 'sharp';

sharp.concurrency(1);
sharp.cache(false);

/** Brightness 0–255, row by row. */
export type GreyPicture = { width: number; height: number; values: Uint8Array };

/** JPEG is decoded at an eighth of its size: 160 of a picture 1280 wide, for a fraction of the cost. */
const GREY_WIDTH = 160;

/**
 * @param size of the JPEG, px
 * @throws Error when the bytes are no picture
 */
export async function greyPicture(jpeg: Uint8Array, size: { widthPx: number; heightPx: number }): Promise<GreyPicture> {
  const height = Math.max(8, Math.round((GREY_WIDTH * size.heightPx) / size.widthPx));
  const values = await sharp(jpeg, { failOn: 'none', limitInputPixels: 64_000_000 })
    .resize(GREY_WIDTH, height, { fit: 'fill', kernel: 'linear' })
    .greyscale()
    .raw()
    .toBuffer();
  return { width: GREY_WIDTH, height, values };
}
