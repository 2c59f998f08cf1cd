/** Cuts ffmpeg's stream of JPEG pictures into pictures. */

const END = Buffer.from([0xff, 0xd9]);

/** Above this the stream is no stream of pictures: a guard against unbounded memory. */
const MAX_PICTURE_BYTES = 16 * 1024 * 1024;

/**
 * Feeds on chunks, gives whole pictures. Within a JPEG's image data 0xFF is always escaped and ffmpeg writes no
 * thumbnails, so the first end marker ends the picture.
 */
export class JpegSplitter {
  #rest: Buffer[] = [];
  #restBytes = 0;

  /** @throws RangeError when no picture ends within 16 MiB */
  push(chunk: Buffer): Buffer[] {
    const pictures: Buffer[] = [];
    let data = chunk;
    // A marker may be cut in two by a chunk's border: look at the seam, too.
    if (this.#restBytes > 0) {
      const last = this.#rest[this.#rest.length - 1] as Buffer;
      const seamEnds = last[last.length - 1] === 0xff && chunk[0] === 0xd9;
      const end = seamEnds ? 1 : chunk.indexOf(END) + END.length;
      if (!seamEnds && end < END.length) {
        this.#keep(chunk);
        return pictures;
      }
      pictures.push(Buffer.concat([...this.#rest, chunk.subarray(0, end)]));
      this.#rest = [];
      this.#restBytes = 0;
      data = chunk.subarray(end);
    }
    for (let end = data.indexOf(END); end >= 0; end = data.indexOf(END)) {
      pictures.push(Buffer.from(data.subarray(0, end + END.length)));
      data = data.subarray(end + END.length);
    }
    if (data.length > 0) this.#keep(data);
    return pictures;
  }

  #keep(data: Buffer): void {
    this.#rest.push(Buffer.from(data));
    this.#restBytes += data.length;
    if (this.#restBytes > MAX_PICTURE_BYTES) throw new RangeError('no picture ended within 16 MiB');
  }
}

/**
 * Width and height of a JPEG from its frame header, px; undefined when there is none.
 */
export function jpegSize(jpeg: Buffer): { widthPx: number; heightPx: number } | undefined {
  for (let at = 2; at + 9 < jpeg.length && jpeg[at] === 0xff; ) {
    const marker = jpeg[at + 1] as number;
    // Start-of-frame markers; C4, C8 and CC in their range are tables.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { heightPx: jpeg.readUInt16BE(at + 5), widthPx: jpeg.readUInt16BE(at + 7) };
    }
    at += 2 + jpeg.readUInt16BE(at + 2);
  }
  return undefined;
}
