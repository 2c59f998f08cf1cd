/** The calibrated ground as lines over the picture, a fixed number of metres apart. Pure. */
import type { PicturePoint } from '../../../../shared/contracts/common.ts';
import { areaErrorAt, type Ground, groundAt, pictureAt } from '../../../../shared/geometry/ground.ts';

export type GroundGrid = {
  /** Distance of neighbouring lines, m. */
  spacingM: number;
  /** Each line in pieces that can be seen. */
  lines: PicturePoint[][];
};

const SPACINGS_M = [0.5, 1, 2, 5, 10, 20, 50, 100];
const MOST_LINES = 28;
/** Points of the picture that tell how far the ground reaches. */
const PROBES = 24;
const POINTS_A_LINE = 80;

/**
 * Lines along both axes of the ground, cut off where areas are too uncertain to be counted.
 * @param aspect width over height of the picture
 * @returns undefined where none of the ground can be seen
 */
export function groundGrid(ground: Ground, aspect: number): GroundGrid | undefined {
  const sure = (at: PicturePoint): boolean => areaErrorAt(ground, at, aspect) <= ground.maxAreaError;
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let row = 0; row <= PROBES; row++) {
    for (let col = 0; col <= PROBES; col++) {
      const at: PicturePoint = [col / PROBES, row / PROBES];
      const metres = sure(at) ? groundAt(ground, at) : undefined;
      if (!metres) continue;
      [west, east] = [Math.min(west, metres[0]), Math.max(east, metres[0])];
      [south, north] = [Math.min(south, metres[1]), Math.max(north, metres[1])];
    }
  }
  if (!(east > west && north > south)) return undefined;
  const extent = Math.max(east - west, north - south);
  const spacingM = SPACINGS_M.find((spacing) => extent / spacing <= MOST_LINES) ?? 100;
  const lines: PicturePoint[][] = [];
  const add = (along: (share: number) => readonly [number, number]): void => {
    let piece: PicturePoint[] = [];
    for (let step = 0; step <= POINTS_A_LINE; step++) {
      const at = pictureAt(ground, along(step / POINTS_A_LINE));
      const seen = at && at[0] >= -0.05 && at[0] <= 1.05 && at[1] >= -0.05 && at[1] <= 1.05;
      if (seen && sure([at[0], at[1]])) piece.push([at[0], at[1]]);
      else {
        if (piece.length > 1) lines.push(piece);
        piece = [];
      }
    }
    if (piece.length > 1) lines.push(piece);
  };
  const from = (low: number): number => Math.ceil(low / spacingM) * spacingM;
  for (let x = from(west); x <= east; x += spacingM) add((share) => [x, south + share * (north - south)]);
  for (let y = from(south); y <= north; y += spacingM) add((share) => [west + share * (east - west), y]);
  return { spacingM, lines };
}

/** Ground inside a polygon, m²; undefined where a corner lies beyond what can be measured. */
export function polygonSqm(ground: Ground, polygon: readonly PicturePoint[]): number | undefined {
  const corners = polygon.map((corner) => groundAt(ground, corner));
  let twice = 0;
  for (const [index, corner] of corners.entries()) {
    const next = corners[(index + 1) % corners.length];
    if (!corner || !next) return undefined;
    twice += corner[0] * next[1] - next[0] * corner[1];
  }
  return Math.abs(twice) / 2;
}
