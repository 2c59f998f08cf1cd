/**
 * A camera's height, tilt and angle of view from stretches of ground whose length is known, the camera hanging level (no
 * roll). Least squares on the logarithm of the lengths, each weighed by how much a click's error moves it; refined from
 * several starts by Levenberg–Marquardt. Pure.
 */
import type { PicturePoint } from '../contracts/common.ts';
import { project } from './homography.ts';
import { determinant, inverse, type Matrix3 } from './matrix.ts';
import { mountedMap } from './mounted-map.ts';

export type KnownLength = { picture: [PicturePoint, PicturePoint]; metres: number };

export type FoundCamera = {
  /** Lens above the plane of the stretches. */
  heightM: number;
  tiltDeg: number;
  verticalFovDeg: number;
  /** Root mean square of how far the clicks would have to move to fit, share of the picture's height. */
  clickError: number;
  /**
   * Standard error of the area at a point of the picture, relative, from what the stretches leave open.
   * @param riseM height of the measured plane above that of the stretches
   */
  areaErrorAt(point: PicturePoint, riseM: number): number;
};

export type LengthsFault = 'lengths-too-short' | 'lengths-across-horizon' | 'lengths-leave-open' | 'lengths-disagree';

/** Shortest stretch that is more than its clicks' error, share of the picture's height. */
const SHORTEST = 0.03;
/** A careful click, standard error along either axis, share of the picture's height: two or three pixels of 1080. */
export const CLICK = 0.0025;
const MOST_CLICK_ERROR = 0.03;
const TILTS_DEG = [3, 6, 10, 15, 20, 26, 32, 38, 45, 52, 60, 68, 76, 84, 89];
const FOVS_DEG = [8, 12, 17, 24, 32, 40, 50, 60, 75, 90, 110];
const STARTS = 6;
const STEPS = 60;

/** Logarithm of the height, tilt (degrees), logarithm of the tangent of half the angle of view. */
type Guess = [logHeight: number, tiltDeg: number, logTan: number];

const fovOf = (logTan: number): number => (2 * Math.atan(Math.exp(logTan)) * 180) / Math.PI;
const logTanOf = (fovDeg: number): number => Math.log(Math.tan((fovDeg * Math.PI) / 360));

/**
 * @param aspect width over height of the picture
 * @param verticalFovDeg where it is known; two stretches then do
 */
export function cameraFromLengths(
  lengths: KnownLength[],
  aspect: number,
  verticalFovDeg: number | undefined,
): FoundCamera | LengthsFault {
  const pixels = ({ picture: [a, b] }: KnownLength): number => Math.hypot((b[0] - a[0]) * aspect, b[1] - a[1]);
  if (lengths.some((length) => pixels(length) < SHORTEST)) return 'lengths-too-short';
  const free = verticalFovDeg === undefined ? [0, 1, 2] : [0, 1];
  const residuals = (guess: Guess): number[] | undefined => residualsOf(lengths, aspect, guess);

  const starts = TILTS_DEG.flatMap((tiltDeg) =>
    (verticalFovDeg === undefined ? FOVS_DEG : [verticalFovDeg]).flatMap((fov) => {
      const guess: Guess = [0, tiltDeg, logTanOf(fov)];
      const unit = residuals(guess);
      if (!unit) return [];
      guess[0] = bestHeight(lengths, aspect, guess);
      return [{ guess, cost: sumOfSquares(residuals(guess) ?? [Number.POSITIVE_INFINITY]) }];
    }),
  );
  if (starts.length === 0) return 'lengths-across-horizon';
  starts.sort((a, b) => a.cost - b.cost);
  const ends = starts.slice(0, STARTS).map(({ guess }) => refine(residuals, guess, free));
  ends.sort((a, b) => a.cost - b.cost);
  const best = ends[0];
  if (!best) return 'lengths-across-horizon';

  const spare = lengths.length - free.length;
  const clickError = Math.sqrt(best.cost / Math.max(1, spare));
  if (clickError > MOST_CLICK_ERROR) return 'lengths-disagree';
  const [logHeight, tiltDeg, logTan] = best.guess;
  const covariance = covarianceOf(residuals, best.guess, free, Math.max(CLICK, clickError));
  if (!covariance) return 'lengths-leave-open';
  return {
    heightM: Math.exp(logHeight),
    tiltDeg,
    verticalFovDeg: fovOf(logTan),
    clickError,
    areaErrorAt(point, riseM) {
      const logArea = (guess: Guess): number => logAreaAt(point, aspect, guess, riseM);
      const slope = free.map(
        (k) => (logArea(nudged(best.guess, k, 1)) - logArea(nudged(best.guess, k, -1))) / (2 * NUDGES[k as 0 | 1 | 2]),
      );
      let variance = 0;
      for (const [i, a] of slope.entries()) {
        for (const [j, b] of slope.entries()) variance += a * b * (covariance[i * 3 + j] as number);
      }
      return Number.isFinite(variance) ? Math.sqrt(Math.max(0, variance)) : Number.POSITIVE_INFINITY;
    },
  };
}

const NUDGES = [1e-4, 1e-3, 1e-4] as const;

function nudged(guess: Guess, index: number, times: number): Guess {
  const moved: Guess = [...guess];
  moved[index as 0 | 1 | 2] += NUDGES[index as 0 | 1 | 2] * times;
  return moved;
}

const mapOf = ([logHeight, tiltDeg, logTan]: Guess, aspect: number): Matrix3 =>
  mountedMap(Math.exp(logHeight), tiltDeg, fovOf(logTan), aspect);

/** A stretch's length on the ground; undefined where an end lies at or beyond the horizon. */
function metresOf([a, b]: [PicturePoint, PicturePoint], map: Matrix3): number | undefined {
  const [from, to] = [project(map, a), project(map, b)];
  if (!(from.weight > 1e-6 && to.weight > 1e-6)) return undefined;
  return Math.hypot(to.point[0] - from.point[0], to.point[1] - from.point[1]);
}

/** How far the ends of each stretch would have to move in the picture, heights; undefined beyond the horizon. */
function residualsOf(lengths: KnownLength[], aspect: number, guess: Guess): number[] | undefined {
  if (guess[1] <= 0.5 || guess[1] >= 90 || fovOf(guess[2]) < 5 || fovOf(guess[2]) > 150) return undefined;
  const map = mapOf(guess, aspect);
  const residuals: number[] = [];
  for (const { picture, metres } of lengths) {
    const found = metresOf(picture, map);
    if (found === undefined || found <= 0) return undefined;
    // What a click's error of one height at either end, in either direction, would change the logarithm by.
    let sensitivity = 0;
    for (const [end, axis, step] of [
      [0, 0, 1e-4 / aspect],
      [0, 1, 1e-4],
      [1, 0, 1e-4 / aspect],
      [1, 1, 1e-4],
    ] as const) {
      const ends: [PicturePoint, PicturePoint] = [[...picture[0]], [...picture[1]]];
      ends[end][axis] += step;
      const moved = metresOf(ends, map);
      if (moved === undefined) return undefined;
      sensitivity += (Math.log(moved / found) / 1e-4) ** 2;
    }
    residuals.push(Math.log(metres / found) / Math.sqrt(sensitivity));
  }
  return residuals;
}

/** Lengths grow with the height alone: its best value for a tilt and an angle of view. */
function bestHeight(lengths: KnownLength[], aspect: number, guess: Guess): number {
  const map = mapOf(guess, aspect);
  const logs = lengths.map(({ picture, metres }) => Math.log(metres / (metresOf(picture, map) ?? Number.NaN)));
  return guess[0] + logs.reduce((sum, log) => sum + log, 0) / logs.length;
}

const sumOfSquares = (values: number[]): number => values.reduce((sum, value) => sum + value * value, 0);

type Residuals = (guess: Guess) => number[] | undefined;

/** Derivatives of the residuals; undefined at the horizon. */
function slopesOf(residuals: Residuals, guess: Guess, free: number[]): number[][] | undefined {
  const columns = free.map((k) => {
    const [up, down] = [residuals(nudged(guess, k, 1)), residuals(nudged(guess, k, -1))];
    return up && down && up.map((value, i) => (value - (down[i] as number)) / (2 * NUDGES[k as 0 | 1 | 2]));
  });
  return columns.every((column) => column !== undefined) ? columns : undefined;
}

/** JᵀJ as a 3×3 matrix; what is not free stands apart as a one on the diagonal. */
function normalOf(slopes: number[][], damping: number): Matrix3 {
  const at = (i: number, j: number): number => {
    const [a, b] = [slopes[i], slopes[j]];
    if (!a || !b) return i === j ? 1 : 0;
    const sum = a.reduce((total, value, n) => total + value * (b[n] as number), 0);
    return i === j ? sum * (1 + damping) + 1e-15 : sum;
  };
  return [at(0, 0), at(0, 1), at(0, 2), at(1, 0), at(1, 1), at(1, 2), at(2, 0), at(2, 1), at(2, 2)];
}

function refine(residuals: Residuals, start: Guess, free: number[]): { guess: Guess; cost: number } {
  let guess = start;
  let cost = sumOfSquares(residuals(start) ?? [Number.POSITIVE_INFINITY]);
  let damping = 1e-2;
  for (let step = 0; step < STEPS && damping < 1e8; step++) {
    const now = residuals(guess);
    const slopes = slopesOf(residuals, guess, free);
    if (!now || !slopes) break;
    const solve = inverse(normalOf(slopes, damping));
    const pull = slopes.map((column) => column.reduce((sum, value, n) => sum + value * (now[n] as number), 0));
    const next: Guess = [...guess];
    for (const [i, k] of free.entries()) {
      for (const [j, value] of pull.entries()) next[k as 0 | 1 | 2] -= (solve[i * 3 + j] as number) * value;
    }
    const after = residuals(next);
    const nextCost = after ? sumOfSquares(after) : Number.POSITIVE_INFINITY;
    if (nextCost < cost) {
      [guess, cost, damping] = [next, nextCost, damping / 5];
    } else damping *= 5;
  }
  return { guess, cost };
}

/** How sure the free numbers are; undefined where the stretches do not tell. */
function covarianceOf(residuals: Residuals, guess: Guess, free: number[], clickError: number): number[] | undefined {
  const slopes = slopesOf(residuals, guess, free);
  if (!slopes) return undefined;
  const normal = normalOf(slopes, 0);
  if (!(determinant(normal) > 1e-14)) return undefined;
  const covariance = inverse(normal).map((value) => value * clickError ** 2);
  return covariance.every(Number.isFinite) ? covariance : undefined;
}

/** Logarithm of the ground area of a small part of the picture, on a plane `riseM` above the stretches. */
function logAreaAt(point: PicturePoint, aspect: number, guess: Guess, riseM: number): number {
  const heightM = Math.exp(guess[0]) - riseM;
  const map = mountedMap(heightM, guess[1], fovOf(guess[2]), aspect);
  const { weight } = project(map, point);
  return weight > 0 && heightM > 0 ? Math.log(Math.abs(determinant(map)) / weight ** 3) : Number.NaN;
}
