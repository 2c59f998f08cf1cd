/**
 * Pictures as the bench wants them: JPEG, PNG or WebP whose pixels lie as they are seen. A camera phone stores a picture
 * on its side and says so in EXIF; who ignores that word, as training and evaluation do, would find the clicks in wrong
 * places. Such pictures, and other kinds that the browser can show, are drawn anew as JPEG.
 */
import { exifOrientation } from './exif.ts';

const KINDS = ['image/jpeg', 'image/png', 'image/webp'];
const QUALITY = 0.95;

export type Upright = { blob: Blob; bitmap: ImageBitmap };

/**
 * The picture, in bytes of its own: a file from a disk can be changed or gone by the time it is exported.
 * @throws when the browser cannot show the file, or not read it
 */
export async function upright(file: Blob): Promise<Upright> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const own = new Blob([bytes], { type: file.type });
  const asSeen = await createImageBitmap(own);
  if (KINDS.includes(file.type) && exifOrientation(bytes) <= 1) return { blob: own, bitmap: asSeen };
  const canvas = document.createElement('canvas');
  canvas.width = asSeen.width;
  canvas.height = asSeen.height;
  canvas.getContext('2d', { alpha: false })?.drawImage(asSeen, 0, 0);
  asSeen.close();
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY));
  if (!blob) throw new Error('the picture cannot be drawn');
  return { blob, bitmap: await createImageBitmap(blob) };
}
