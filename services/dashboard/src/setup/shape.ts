/** Points on the picture: moving, adding, and what is drawn from them. Pure; 0–1 from the top left corner. */
import type { PicturePoint } from '../../../../shared/contracts/common.ts';

/** Four digits: a tenth of a pixel of a full-HD picture, and short in the file. */
const round = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * 10_000) / 10_000;

export const pointAt = (x: number, y: number): PicturePoint => [round(x), round(y)];

const STEP = 0.002;
const LARGE_STEP = 0.02;
const DIRECTIONS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** A point moved by an arrow key; undefined for other keys. */
export function nudged([x, y]: PicturePoint, key: string, large: boolean): PicturePoint | undefined {
  const direction = DIRECTIONS[key];
  const step = large ? LARGE_STEP : STEP;
  return direction && pointAt(x + direction[0] * step, y + direction[1] * step);
}

/** Where a new corner can be pulled out: the middle of every edge, with the place it takes in the list. */
export function midpoints(polygon: readonly PicturePoint[]): { point: PicturePoint; at: number }[] {
  if (polygon.length < 2) return [];
  return polygon.map(([x1, y1], index) => {
    const [x2, y2] = polygon[(index + 1) % polygon.length] ?? [x1, y1];
    return { point: pointAt((x1 + x2) / 2, (y1 + y2) / 2), at: index + 1 };
  });
}

/** The polygon with one more corner, in the middle of its longest edge. */
export function withCornerAdded(polygon: readonly PicturePoint[]): PicturePoint[] {
  const length = (index: number): number => {
    const [x1, y1] = polygon[index] ?? [0, 0];
    const [x2, y2] = polygon[(index + 1) % polygon.length] ?? [0, 0];
    return Math.hypot(x2 - x1, y2 - y1);
  };
  const longest = midpoints(polygon).toSorted((a, b) => length(b.at - 1) - length(a.at - 1))[0];
  return longest ? polygon.toSpliced(longest.at, 0, longest.point) : [...polygon];
}

/** A start that can be pulled into shape, for those who cannot click on the picture. */
export const STARTING_ZONE: PicturePoint[] = [
  [0.3, 0.4],
  [0.7, 0.4],
  [0.8, 0.85],
  [0.2, 0.85],
];

export const STARTING_LINE: [PicturePoint, PicturePoint] = [
  [0.25, 0.6],
  [0.75, 0.6],
];

/**
 * The arrow across a line towards its inside, from the line's middle.
 * @param side as in the configuration: seen on the screen, going from the first point to the second
 * @param aspect width over height of the picture
 */
export function inwardArrow(
  [[x1, y1], [x2, y2]]: readonly [PicturePoint, PicturePoint],
  side: 'left' | 'right',
  aspect: number,
): { from: PicturePoint; to: PicturePoint } {
  const dx = (x2 - x1) * aspect;
  const dy = y2 - y1;
  const length = Math.hypot(dx, dy) || 1;
  // Down is positive on a screen: left of a way to the right is up.
  const sign = side === 'left' ? 1 : -1;
  const reach = 0.09;
  const from: PicturePoint = [(x1 + x2) / 2, (y1 + y2) / 2];
  return {
    from,
    to: [from[0] + (sign * dy * reach) / length / aspect, from[1] - (sign * dx * reach) / length],
  };
}
