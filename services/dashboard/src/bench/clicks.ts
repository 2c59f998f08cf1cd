/** The true heads of a picture as somebody clicks them, with undo. Pure: every change gives a new state. */

/** Pixels of the picture, origin top left. */
export type Point = [x: number, y: number];
export type Size = { widthPx: number; heightPx: number };

export type Clicks = {
  readonly points: readonly Point[];
  readonly past: readonly (readonly Point[])[];
  readonly future: readonly (readonly Point[])[];
};

/** States kept for undo. */
const PAST = 500;

export const clicksOf = (points: readonly Point[] = []): Clicks => ({ points, past: [], future: [] });

const change = ({ points: before, past }: Clicks, points: readonly Point[]): Clicks => ({
  points,
  past: [...past, before].slice(-PAST),
  future: [],
});

/** Within the picture, to a tenth of a pixel: nobody clicks more exactly. */
export function inPicture([x, y]: Point, { widthPx, heightPx }: Size): Point {
  const clamp = (value: number, most: number) => Math.round(Math.min(most, Math.max(0, value)) * 10) / 10;
  return [clamp(x, widthPx), clamp(y, heightPx)];
}

export const add = (clicks: Clicks, point: Point): Clicks => change(clicks, [...clicks.points, point]);

export const remove = (clicks: Clicks, index: number): Clicks =>
  index in clicks.points ? change(clicks, clicks.points.toSpliced(index, 1)) : clicks;

/** @param from where it stood before it was dragged: a drag is one step of undo, however many places it passed */
export function move(clicks: Clicks, index: number, to: Point, from = clicks.points[index]): Clicks {
  if (!from || !(index in clicks.points)) return clicks;
  return change({ ...clicks, points: clicks.points.with(index, from) }, clicks.points.with(index, to));
}

/** Shows a drag before it is done: no step of undo yet. */
export const drag = (clicks: Clicks, index: number, to: Point): Clicks => ({
  ...clicks,
  points: clicks.points.with(index, to),
});

export function undo({ points, past, future }: Clicks): Clicks {
  const before = past.at(-1);
  return before ? { points: before, past: past.slice(0, -1), future: [points, ...future] } : { points, past, future };
}

export function redo({ points, past, future }: Clicks): Clicks {
  const [next, ...rest] = future;
  return next ? { points: next, past: [...past, points], future: rest } : { points, past, future };
}

/** The point nearest to a place, if one is within reach. */
export function nearest(points: readonly Point[], [x, y]: Point, reachPx: number): number | undefined {
  let best: number | undefined;
  let bestPx = reachPx;
  for (const [index, [px, py]] of points.entries()) {
    const distance = Math.hypot(px - x, py - y);
    if (distance > bestPx) continue;
    best = index;
    bestPx = distance;
  }
  return best;
}
