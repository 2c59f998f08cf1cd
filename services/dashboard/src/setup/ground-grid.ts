/** The calibrated ground as lines over the picture, a fixed number of metres apart. Pure. */
import type { PicturePoint } from '../../../../shared/contracts/common.ts';
import { areaErrorAt, type Ground, groundAt, pictureAt } from '../../../../shared/geometry/ground.ts';
import { zoneGround } from '../../../../shared/geometry/zone-ground.ts';

export type GroundGrid = {
  /** Distance of neighbouring lines, m. */
  spacingM: number;
  /** Each line in pieces that can be seen. */
  lines: PicturePoint[][];
};

const SPACINGS_M = [0.5, 1, 2, 5, 10, 20, 50];
/** Squares across the nearest ground. */
const MOST_ACROSS = 14;
/** Squares smaller than this, share of the picture's sides, are left out: far away they would only be a blur. */
const LEAST_SQUARE = 0.012;
/** Squares along either axis, at most. */
const MOST_SQUARES = 160;
/** Into so many cells the picture is cut to sum a zone's ground: about as many as a model's map has. */
const ZONE_CELLS = { width: 96, height: 54 };
/** Points of the picture that tell how far the ground reaches. */
const PROBES = 24;

/**
 * Lines along both axes of the ground, where areas are certain enough to be counted and squares large enough to be seen.
 * @param aspect width over height of the picture
 * @returns undefined where none of the ground can be seen
 */
export function groundGrid(ground: Ground, aspect: number): GroundGrid | undefined {
  const sure = (at: PicturePoint): boolean => areaErrorAt(ground, at, aspect) <= ground.maxAreaError;
  const seen: (readonly [number, number])[] = [];
  for (let row = PROBES; row >= 0; row--) {
    for (let col = 0; col <= PROBES; col++) {
      const at: PicturePoint = [col / PROBES, row / PROBES];
      const metres = sure(at) ? groundAt(ground, at) : undefined;
      if (metres) seen.push(metres);
    }
  }
  const [near] = seen;
  const nearest = seen.slice(0, PROBES + 1);
  if (!near || nearest.length < 2) return undefined;
  const acrossM = Math.max(...nearest.map(([x, y]) => Math.hypot(x - near[0], y - near[1])));
  const spacingM = SPACINGS_M.find((spacing) => acrossM / spacing <= MOST_ACROSS) ?? 100;
  const range = (axis: 0 | 1): [number, number] => {
    const values = seen.map((metres) => metres[axis] / spacingM);
    const low = Math.floor(Math.max(Math.min(...values), near[axis] / spacingM - MOST_SQUARES));
    return [low, Math.ceil(Math.min(Math.max(...values), low + MOST_SQUARES))];
  };
  const placeOf = (x: number, y: number): PicturePoint | undefined => {
    const at = pictureAt(ground, [x * spacingM, y * spacingM]);
    if (!at || at[0] < -0.1 || at[0] > 1.1 || at[1] < -0.1 || at[1] > 1.1) return undefined;
    return sure([at[0], at[1]]) ? [at[0], at[1]] : undefined;
  };
  /** Whether squares can be told apart here. */
  const clear = (at: PicturePoint, x: number, y: number): boolean => {
    const gaps = [placeOf(x + 1, y), placeOf(x, y + 1)].map((next) =>
      next ? Math.hypot(next[0] - at[0], next[1] - at[1]) : 0,
    );
    return Math.min(...gaps) >= LEAST_SQUARE || Math.max(...gaps) >= LEAST_SQUARE * 5;
  };
  const lines: PicturePoint[][] = [];
  const [west, east] = range(0);
  const [south, north] = range(1);
  const draw = (from: number, to: number, point: (step: number) => [number, number]): void => {
    let piece: PicturePoint[] = [];
    for (let step = from; step <= to; step += 0.5) {
      const [x, y] = point(step);
      const at = placeOf(x, y);
      if (at && clear(at, x, y)) piece.push(at);
      else {
        if (piece.length > 1) lines.push(piece);
        piece = [];
      }
    }
    if (piece.length > 1) lines.push(piece);
  };
  for (let x = west; x <= east; x++) draw(south, north, (step) => [x, step]);
  for (let y = south; y <= north; y++) draw(west, east, (step) => [step, y]);
  return lines.length > 0 ? { spacingM, lines } : undefined;
}

/** Metres from one end of a line to the other; undefined where an end lies beyond what can be measured. */
export function lineMetres(ground: Ground, [from, to]: readonly PicturePoint[]): number | undefined {
  const a = from && groundAt(ground, from);
  const b = to && groundAt(ground, to);
  return a && b && Math.hypot(b[0] - a[0], b[1] - a[1]);
}

export type MeasuredZone = {
  /** Ground that densities are stated for, m². */
  areaSqm: number;
  /** Share of the zone's part of the picture whose ground cannot be measured: people there are in no density. */
  unmeasuredShare: number;
};

/** What a zone's density will be about: by the very rule that the server takes it by. */
export function measuredZone(ground: Ground, polygon: PicturePoint[], aspect: number): MeasuredZone {
  const zone = zoneGround(ground, polygon, ZONE_CELLS, aspect);
  return zone ? { areaSqm: zone.areaSqm, unmeasuredShare: zone.cutOffShare } : { areaSqm: 0, unmeasuredShare: 1 };
}
