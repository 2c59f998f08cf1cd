/** How far from a line heads stand clearly on one side of it, and whether the picture has the room for that. Pure. */
import type { PicturePoint } from '../contracts/common.ts';
import { type Ground, groundAt } from './ground.ts';

/** How exactly a head is located, share of the picture's height. */
export const HEAD_ERROR = 0.01;
/** See {@link clearOf}: metres, or picture heights where there are none. */
const CLEAR = { metres: 0.35, heights: 0.025 } as const;
/**
 * A head is nowhere where its place is less sure than this, metres: the furthest anybody gets in a second. Towards the
 * horizon a place is soon unsure by hundreds of metres, and such a head would do for anybody near who is hidden just then.
 */
const MOST_ERROR_M = 2.5;
/** Places along a line that are looked at, share of it. */
const LOOKED_AT = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

type Ends = readonly [PicturePoint, PicturePoint];

export type LineView = {
  /** Width over height of the picture. */
  aspect: number;
  /** The plane of the heads; undefined where the camera is not calibrated. */
  ground: Ground | undefined;
};

/** Where a head stands on the plane of the heads, and how unsure that is, metres; undefined too near to the horizon. */
export function standingAt(ground: Ground, head: PicturePoint): { place: [number, number]; error: number } | undefined {
  const [place, nearer] = [groundAt(ground, head), groundAt(ground, [head[0], head[1] + HEAD_ERROR])];
  if (!place || !nearer) return undefined;
  const error = Math.hypot(nearer[0] - place[0], nearer[1] - place[1]);
  return error <= MOST_ERROR_M ? { place: [place[0], place[1]], error } : undefined;
}

/**
 * How far from a line a head must be to stand on one side of it, picture heights: what a body sways in a crowd that stands
 * there, or a head that is taken for its neighbour.
 */
export function clearOf(ends: Ends, head: PicturePoint, { aspect, ground }: LineView): number {
  if (!ground) return CLEAR.heights;
  const [from, to] = [groundAt(ground, head), groundAt(ground, beside(ends, head, HEAD_ERROR, aspect))];
  const metres = from && to ? Math.hypot(to[0] - from[0], to[1] - from[1]) : Number.POSITIVE_INFINITY;
  return Math.max(HEAD_ERROR, (CLEAR.metres * HEAD_ERROR) / metres);
}

/**
 * Whether people can be seen clearly on both sides of at least half of a line. Along the picture's edge or at the horizon
 * nobody can, and nobody would ever be counted there.
 */
export function hasRoom(ends: Ends, view: LineView): boolean {
  const [[ax, ay], [bx, by]] = ends;
  const open = LOOKED_AT.filter((share) => {
    const at: PicturePoint = [ax + (bx - ax) * share, ay + (by - ay) * share];
    const clear = clearOf(ends, at, view);
    return [clear, -clear].every((heights) => isSeen(beside(ends, at, heights, view.aspect), view));
  });
  return open.length * 2 >= LOOKED_AT.length;
}

const isSeen = (at: PicturePoint, { ground }: LineView): boolean =>
  at.every((share) => share >= 0 && share <= 1) && (!ground || standingAt(ground, at) !== undefined);

/** So many picture heights off a point, at a right angle to the line. */
function beside([a, b]: Ends, [x, y]: PicturePoint, heights: number, aspect: number): PicturePoint {
  const [alongX, alongY] = [(b[0] - a[0]) * aspect, b[1] - a[1]];
  const step = heights / Math.hypot(alongX, alongY);
  return [x + (alongY * step) / aspect, y - alongX * step];
}
