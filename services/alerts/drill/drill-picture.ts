/** What a drill's camera shows: a drawn crowd under a mark that cannot be missed, and its heat map. */
import sharp from 'sharp';
import { encodeHeatmap } from '../../../shared/contracts/heatmap.ts';

export const DRILL_PICTURE = { widthPx: 960, heightPx: 540 } as const;
const MAP = { width: 96, height: 54 } as const;
const HEADS_MOST = 600;

type Corner = readonly [number, number];

/**
 * Places for heads within a polygon: always the same ones, so that the crowd grows instead of flickering. Pure.
 * @returns at most 600, x and y from 0 to 1
 */
export function placeHeads(polygon: readonly Corner[], people: number): [number, number][] {
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const wanted = Math.min(HEADS_MOST, Math.round(people));
  const heads: [number, number][] = [];
  for (let tried = 1; heads.length < wanted && tried < wanted * 40; tried++) {
    // A low-discrepancy sequence (R2): spread evenly at any number.
    const x = left + ((tried * 0.7548776662466927) % 1) * (right - left);
    const y = top + ((tried * 0.5698402909980532) % 1) * (bottom - top);
    if (contains(polygon, x, y)) heads.push([x, y]);
  }
  return heads;
}

function contains(polygon: readonly Corner[], x: number, y: number): boolean {
  let inside = false;
  for (const [index, [ax, ay]] of polygon.entries()) {
    const [bx, by] = polygon[(index + polygon.length - 1) % polygon.length] ?? [0, 0];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

/** @param people what the heads stand for together */
export async function drawDrill(o: {
  cameraId: string;
  seq: number;
  capturedAt: number;
  polygon: readonly Corner[];
  heads: readonly [number, number][];
  people: number;
}): Promise<{ jpeg: Buffer; heatmap: Uint8Array }> {
  const { cameraId, seq, capturedAt, polygon, heads, people } = o;
  const { widthPx, heightPx } = DRILL_PICTURE;
  const corners = polygon.map(([x, y]) => `${x * widthPx},${y * heightPx}`).join(' ');
  const dots = heads.map(
    ([x, y]) => `<circle cx="${(x * widthPx).toFixed(0)}" cy="${(y * heightPx).toFixed(0)}" r="7"/>`,
  );
  const words = (y: number) =>
    `<text x="${widthPx / 2}" y="${y}" text-anchor="middle" font-family="sans-serif" font-weight="bold" font-size="64" fill="#111" stroke="#ffe08a" stroke-width="10" paint-order="stroke">EXERCISE 훈련</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}"><defs><pattern id="s" width="48" height="48" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="48" height="48" fill="#39434a"/><rect width="24" height="48" fill="#434e56"/></pattern></defs><rect width="100%" height="100%" fill="url(#s)"/><polygon points="${corners}" fill="#5b6870"/><g fill="#d7dde0" stroke="#20282d" stroke-width="2">${dots.join('')}</g>${words(80)}${words(heightPx - 30)}</svg>`;
  const jpeg = await sharp(Buffer.from(svg)).flatten().jpeg({ quality: 80 }).toBuffer();
  const cells = new Float32Array(MAP.width * MAP.height);
  const each = heads.length > 0 ? people / heads.length : 0;
  for (const [x, y] of heads) {
    const cell =
      Math.min(MAP.height - 1, Math.floor(y * MAP.height)) * MAP.width +
      Math.min(MAP.width - 1, Math.floor(x * MAP.width));
    cells[cell] = (cells[cell] ?? 0) + each;
  }
  const peoplePerUnit =
    Math.max(
      0.5,
      cells.reduce((most, cell) => Math.max(most, cell), 0),
    ) / 255;
  const values = Uint8Array.from(cells, (cell) => Math.round(cell / peoplePerUnit));
  return {
    jpeg,
    heatmap: encodeHeatmap({ cameraId, seq, capturedAt, ...MAP, peoplePerUnit, values, heads: [...heads] }),
  };
}
