/** The mark on every picture of a clip that a drill plays: whoever sees one must not take it for the present. */
import sharp from 'sharp';
import { jpegSize } from '../jpeg-splitter.ts';

/** Height of the band, share of the picture's: readable on a wall of tiles, and least of the scene where people are far. */
const BAND = 0.08;
const LEAST_PX = 24;
/** The picture is coded once more: nothing that counts is to be lost. */
const QUALITY = 95;

const bands = new Map<string, Buffer>();

/**
 * The picture with a band of words along its upper edge. Heads under it are not counted.
 * @throws Error when the bytes are no picture
 */
async function markExercise(jpeg: Buffer): Promise<Buffer> {
  const size = jpegSize(jpeg);
  if (!size) throw new Error('no JPEG');
  return sharp(jpeg)
    .composite([{ input: band(size.widthPx, size.heightPx), top: 0, left: 0 }])
    .jpeg({ quality: QUALITY, chromaSubsampling: '4:2:0' })
    .toBuffer();
}

/** Hands on marked pictures only, in their order. One that cannot be marked must not be seen: it is dropped. */
export function withMark(
  handOn: (jpeg: Buffer, capturedAt: number, gated: boolean) => void,
): (jpeg: Buffer, capturedAt: number, gated: boolean) => void {
  let arrived = 0;
  let handedOn = 0;
  return (jpeg, capturedAt, gated) => {
    const number = ++arrived;
    markExercise(jpeg).then(
      (marked) => {
        if (number < handedOn) return;
        handedOn = number;
        handOn(marked, capturedAt, gated);
      },
      () => undefined,
    );
  };
}

function band(widthPx: number, pictureHeightPx: number): Buffer {
  const heightPx = Math.min(pictureHeightPx, Math.max(LEAST_PX, Math.round(pictureHeightPx * BAND)));
  const key = `${widthPx}×${heightPx}`;
  const known = bands.get(key);
  if (known) return known;
  const words = `<text x="50%" y="${heightPx * 0.77}" text-anchor="middle" font-family="sans-serif" font-weight="bold" font-size="${heightPx * 0.75}" fill="#111">EXERCISE 훈련</text>`;
  const made = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}"><rect width="100%" height="100%" fill="#ffe08a"/>${words}</svg>`,
  );
  bands.set(key, made);
  return made;
}
