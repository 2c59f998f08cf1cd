/** Zone polygons as the picture draws them. */
import type { PicturePoint } from '../../../../shared/contracts/common.ts';

/** For an SVG whose view box is the unit square. */
export function svgPoints(polygon: readonly PicturePoint[]): string {
  return polygon.map(([x, y]) => `${x},${y}`).join(' ');
}

/** Where a zone's label stands: its centre of area, kept away from the picture's edge. */
export function labelAnchor(polygon: readonly PicturePoint[]): PicturePoint {
  let area = 0;
  let sumX = 0;
  let sumY = 0;
  for (const [index, [x1, y1]] of polygon.entries()) {
    const [x2, y2] = polygon[(index + 1) % polygon.length] ?? [x1, y1];
    const cross = x1 * y2 - x2 * y1;
    area += cross;
    sumX += (x1 + x2) * cross;
    sumY += (y1 + y2) * cross;
  }
  const flat = Math.abs(area) < 1e-9;
  const x = flat ? mean(polygon.map(([px]) => px)) : sumX / (3 * area);
  const y = flat ? mean(polygon.map(([, py]) => py)) : sumY / (3 * area);
  return [clamp(x, 0.1), clamp(y, 0.06)];
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0.5 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function clamp(value: number, margin: number): number {
  return Math.min(1 - margin, Math.max(margin, value));
}
