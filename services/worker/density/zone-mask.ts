/** Which part of the map belongs to a zone. Pure; rasterised once per map size. */
import type { PicturePoint } from '../../../shared/contracts/common.ts';
import { polygonCoverage } from '../../../shared/geometry/polygon-coverage.ts';
import type { Coverage } from '../model/read-out.ts';

/**
 * Cells and blocks of a polygon, each by its share: a few hundred cells far away make a zone, and whole ones would be as
 * much as a third more or fewer of them than its ground is measured for.
 * @param polygon corners, 0–1 from the top left corner; it may cross itself
 */
export function rasterise(
  polygon: PicturePoint[],
  map: { width: number; height: number },
  blocks: { width: number; height: number },
): Coverage {
  const cells = polygonCoverage(polygon, map.width, map.height);
  const share = new Float32Array(blocks.width * blocks.height);
  const across = blocksAlong(map.width, blocks.width);
  const down = blocksAlong(map.height, blocks.height);
  for (let y = 0; y < map.height; y++) {
    const row = down.blockOf[y] as number;
    for (let x = 0; x < map.width; x++) {
      const inside = cells[y * map.width + x] as number;
      if (inside === 0) continue;
      const column = across.blockOf[x] as number;
      const block = row * blocks.width + column;
      const of = (across.cellsIn[column] as number) * (down.cellsIn[row] as number);
      share[block] = (share[block] as number) + inside / of;
    }
  }
  return { map: cells, blocks: share };
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
