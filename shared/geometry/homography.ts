/**
 * The plane map that fits marks best: direct linear transform with Hartley's normalisation (Hartley & Zisserman,
 * Multiple View Geometry, algorithm 4.2). Pure.
 */
import { apply, inverse, type Matrix3, multiply, symmetricEigen, type Vector3 } from './matrix.ts';

export type Point = readonly [number, number];
export type Pair = { from: Point; to: Point };

/** Below this share of the largest, the second smallest eigenvalue leaves more than one solution. */
const AMBIGUOUS = 1e-7;

/** Where a plane map takes a point, and its weight: negative or zero beyond the horizon. */
export function project(map: Matrix3, [x, y]: Point): { point: Point; weight: number } {
  const [px, py, weight] = apply(map, [x, y, 1]);
  return { point: [px / weight, py / weight], weight };
}

/**
 * The map that takes every `from` near its `to`; undefined when the marks do not determine one (too many in a line).
 * Its weights are positive at the marks.
 */
export function fitHomography(pairs: Pair[]): Matrix3 | undefined {
  const from = normalisation(pairs.map((pair) => pair.from));
  const to = normalisation(pairs.map((pair) => pair.to));
  if (!from || !to) return undefined;
  const rows = pairs.flatMap((pair) => {
    const [x, y] = project(from, pair.from).point;
    const [u, v] = project(to, pair.to).point;
    return [
      [-x, -y, -1, 0, 0, 0, u * x, u * y, u],
      [0, 0, 0, -x, -y, -1, v * x, v * y, v],
    ];
  });
  const normal = Array.from({ length: 9 }, (_, i) =>
    Array.from({ length: 9 }, (__, j) => rows.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), 0)),
  );
  const eigen = symmetricEigen(normal);
  const best = eigen[0]?.vector;
  if (best?.length !== 9 || (eigen[1]?.value ?? 0) < AMBIGUOUS * (eigen[8]?.value ?? 1)) return undefined;
  const map = multiply(inverse(to), multiply(best as unknown as Matrix3, from));
  const first = pairs[0];
  if (!first || !map.every(Number.isFinite)) return undefined;
  return project(map, first.from).weight < 0 ? (map.map((value) => -value) as unknown as Matrix3) : map;
}

/** Moves points to their middle and scales their mean distance to √2; undefined for points all in one place. */
function normalisation(points: Point[]): Matrix3 | undefined {
  const mean = (of: (point: Point) => number): number => points.reduce((sum, p) => sum + of(p), 0) / points.length;
  const cx = mean((p) => p[0]);
  const cy = mean((p) => p[1]);
  const distance = mean((p) => Math.hypot(p[0] - cx, p[1] - cy));
  if (!(distance > 1e-9)) return undefined;
  const s = Math.SQRT2 / distance;
  return [s, 0, -s * cx, 0, s, -s * cy, 0, 0, 1];
}

/** Column `index` of a map. */
export const column = (map: Matrix3, index: 0 | 1 | 2): Vector3 => [
  map[index],
  map[index + 3] as number,
  map[index + 6] as number,
];
