/** How much of each map cell lies in a polygon. Pure; computed once per polygon and map size. */
import type { PicturePoint } from '../contracts/common.ts';

/** Lines a cell is cut into; along a line the overlap is exact. */
const LINES_PER_CELL = 8;

/**
 * Share of every cell inside the polygon, 0–1, row by row. By the even–odd rule, so a polygon may cross itself.
 * @param polygon corners, 0–1 from the top left corner; parts outside the picture count for nothing
 */
export function polygonCoverage(polygon: PicturePoint[], width: number, height: number): Float32Array {
  const coverage = new Float32Array(width * height);
  const perLine = 1 / LINES_PER_CELL;
  for (let line = 0; line < height * LINES_PER_CELL; line++) {
    const xs = crossings(polygon, (line + 0.5) / (height * LINES_PER_CELL));
    const row = Math.floor(line / LINES_PER_CELL) * width;
    for (let i = 0; i + 1 < xs.length; i += 2) {
      const from = Math.max(0, (xs[i] as number) * width);
      const to = Math.min(width, (xs[i + 1] as number) * width);
      for (let x = Math.floor(from); x < to; x++) {
        const overlap = Math.min(to, x + 1) - Math.max(from, x);
        coverage[row + x] = (coverage[row + x] as number) + overlap * perLine;
      }
    }
  }
  return coverage;
}

/** Where a horizontal line meets the polygon's edges, from left to right. */
function crossings(polygon: PicturePoint[], y: number): number[] {
  const xs: number[] = [];
  for (const [i, [x1, y1]] of polygon.entries()) {
    const [x2, y2] = polygon[(i + 1) % polygon.length] as PicturePoint;
    if (y1 <= y !== y2 <= y) xs.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
  }
  return xs.sort((a, b) => a - b);
}
