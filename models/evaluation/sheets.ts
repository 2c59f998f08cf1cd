/** Sheets of the pictures a model got most wrong, to be looked at. */
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import type { Counted } from './evaluate.ts';

const SHEETS = 12;
const RADIUS_PX = 4;

/** Writes the worst pictures with labelled heads (rings) and located ones (dots). @returns the files */
export async function writeWorstSheets(counted: Counted[], dir: string): Promise<string[]> {
  await mkdir(dir, { recursive: true });
  const worst = [...counted].sort((a, b) => Math.abs(b.count - b.truth) - Math.abs(a.count - a.truth)).slice(0, SHEETS);
  return Promise.all(
    worst.map(async ({ picture, truth, count, interval, found }, index) => {
      const { widthPx, heightPx } = picture;
      const caption = `${basename(picture.file)}: ${truth} labelled, ${count.toFixed(1)} counted (${interval[0].toFixed(0)} to ${interval[1].toFixed(0)})`;
      const marks = [
        ...picture.heads.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="${RADIUS_PX}" fill="none" stroke="#ffd400"/>`),
        ...found.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="2" fill="#ff2bd6"/>`),
        `<rect width="${widthPx}" height="22" fill="#000b"/><text x="6" y="16" font-size="14" font-family="sans-serif" fill="#fff">${caption}</text>`,
      ];
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}">${marks.join('')}</svg>`;
      const file = join(dir, `${String(index + 1).padStart(2, '0')}.jpg`);
      await sharp(picture.file)
        .composite([{ input: Buffer.from(svg) }])
        .jpeg()
        .toFile(file);
      return file;
    }),
  );
}
