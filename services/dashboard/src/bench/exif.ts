/** Which way up a picture file says it is. Pure. */

/** EXIF tag 0x0112: 1 is upright. */
const ORIENTATION = 0x0112;
/** EXIF stands before the pixels; in those, anything may look like it. */
const HEAD_BYTES = 128 * 1024;

/**
 * The orientation that a JPEG, PNG or WebP file tells; 1 where it tells none. Looks for the TIFF header of
 * EXIF instead of following each container: it is the same in all three.
 */
export function exifOrientation(file: Uint8Array): number {
  const head = file.subarray(0, HEAD_BYTES);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  for (let at = 0; at + 14 < head.length; at++) {
    const little = head[at] === 0x49 && head[at + 1] === 0x49 && head[at + 2] === 0x2a && head[at + 3] === 0;
    const big = head[at] === 0x4d && head[at + 1] === 0x4d && head[at + 2] === 0 && head[at + 3] === 0x2a;
    if (!little && !big) continue;
    const directory = at + view.getUint32(at + 4, little);
    if (directory + 2 > head.length) continue;
    const entries = view.getUint16(directory, little);
    for (let entry = 0; entry < entries; entry++) {
      const place = directory + 2 + entry * 12;
      if (place + 12 > head.length) break;
      if (view.getUint16(place, little) !== ORIENTATION) continue;
      const value = view.getUint16(place + 8, little);
      if (value >= 1 && value <= 8) return value;
    }
  }
  return 1;
}
