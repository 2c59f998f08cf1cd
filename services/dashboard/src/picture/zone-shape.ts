/** Zone polygons as the picture draws them. */
import type { PicturePoint } from '../../../../shared/contracts/common.ts';

/** For an SVG whose view box is the unit square. */
export function svgPoints(polygon: readonly PicturePoint[]): string {
  return polygon.map(([x, y]) => `${x},${y}`).join(' ');
}

/** What labels keep from the picture's edge, shares of its sides. */
const EDGE = { x: 0.1, y: 0.06 } as const;
/** Room that a label takes, shares of the picture's sides: about that of a short name on a phone. */
const LABEL = { width: 0.3, height: 0.1 } as const;
/** Steps by which a label gives way, label heights: down first, then up. */
const STEPS = [0, 1, -1, 2, -2, 3, -3, 4, -4];

/** Where the labels of several zones stand: zones may overlap, their names may not. Those given first stay in the middle. */
export function labelAnchors(polygons: readonly (readonly PicturePoint[])[]): PicturePoint[] {
  const placed: PicturePoint[] = [];
  for (const [x, middle] of polygons.map(labelAnchor)) {
    const heights = STEPS.map((step) => clamp(middle + step * LABEL.height, EDGE.y));
    const isFree = (y: number): boolean =>
      placed.every(([px, py]) => Math.abs(px - x) >= LABEL.width || Math.abs(py - y) >= LABEL.height - 1e-9);
    placed.push([x, heights.find(isFree) ?? middle]);
  }
  return placed;
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
  return [clamp(x, EDGE.x), clamp(y, EDGE.y)];
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0.5 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function clamp(value: number, margin: number): number {
  return Math.min(1 - margin, Math.max(margin, value));
}
