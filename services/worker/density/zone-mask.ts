/** Which part of the map belongs to a zone. Pure; rasterised once per map size. */
import type { PicturePoint } from '../../../shared/contracts/common.ts';
import type { Coverage } from '../model/read-out.ts';

/**
 * Cells and blocks of a polygon. A map cell belongs to the zone when its centre does; a block by its share of cells.
 * The even–odd rule applies, so a polygon may cross itself.
 * @param polygon corners, 0–1 from the top left corner
 */
export function rasterise(
  polygon: PicturePoint[],
  map: { width: number; height: number },
  blocks: { width: number; height: number },
): Coverage {
  const mask = new Uint8Array(map.width * map.height);
  const share = new Float32Array(blocks.width * blocks.height);
  const across = blocksAlong(map.width, blocks.width);
  const down = blocksAlong(map.height, blocks.height);
  for (let y = 0; y < map.height; y++) {
    const crossings = crossingsAt(polygon, (y + 0.5) / map.height);
    const row = down.blockOf[y] as number;
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const from = Math.max(0, Math.ceil((crossings[i] as number) * map.width - 0.5));
      const to = Math.min(map.width - 1, Math.ceil((crossings[i + 1] as number) * map.width - 0.5) - 1);
      for (let x = from; x <= to; x++) {
        mask[y * map.width + x] = 1;
        const column = across.blockOf[x] as number;
        const block = row * blocks.width + column;
        share[block] =
          (share[block] as number) + 1 / ((across.cellsIn[column] as number) * (down.cellsIn[row] as number));
      }
    }
  }
  return { map: mask, blocks: share };
}

/**
 * The block of every cell along a side of the picture, and how many cells each block has: one more or less than others
 * where the picture's side is no multiple of a block's.
 */
export function blocksAlong(cells: number, blocks: number): { blockOf: Int32Array; cellsIn: Int32Array } {
  const blockOf = Int32Array.from({ length: cells }, (_, cell) => Math.floor((cell * blocks) / cells));
  const cellsIn = new Int32Array(blocks);
  for (const block of blockOf) cellsIn[block] = (cellsIn[block] as number) + 1;
  return { blockOf, cellsIn };
}

/** Where a horizontal line meets the polygon's edges, from left to right. */
function crossingsAt(polygon: PicturePoint[], y: number): number[] {
  const xs: number[] = [];
  for (const [i, [x1, y1]] of polygon.entries()) {
    const [x2, y2] = polygon[(i + 1) % polygon.length] as PicturePoint;
    if (y1 <= y !== y2 <= y) xs.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
  }
  return xs.sort((a, b) => a - b);
}
