/**
 * People per square metre of a zone, from a density map and the camera's ground. Pure. The tables are made once per
 * zone and map size; a picture then costs one pass over the zone's cells.
 */
import type { PicturePoint } from '../contracts/common.ts';
import { areaErrorAt, type Ground } from './ground.ts';
import { type Point, project } from './homography.ts';
import { polygonCoverage } from './polygon-coverage.ts';

/** Peaks are sought over squares of at least this much of the zone's ground. */
export const PATCH_SQM = 4;
/** Sides of the squares, m: the larger ones are for narrow places, where a small one holds too little ground. */
const PATCH_SIDES_M = [2, 3, 4, 6, 8];
/** Ground raster on which the squares are moved about, m; coarser where a zone is vast. */
const BIN_M = 0.5;
const MAX_BINS_A_SIDE = 400;
/** The raster cuts corners of a square: this much less ground is still a full patch. */
const PATCH_TOLERANCE = 0.95;

export type ZoneGround = {
  /** Ground the density is stated for, m². */
  areaSqm: number;
  /** Share of the zone's part of the picture that is cut off, being too uncertain or beyond the horizon. */
  cutOffShare: number;
  /** Cells used: index, share of the cell in the zone, and its bins on the ground with the share of each. */
  cells: { index: number; coverage: number; bins: Int32Array; shares: Float32Array }[];
  raster: { columns: number; rows: number; binM: number; areaSqm: Float64Array };
};

/** Density of a zone in one picture. */
export type ZoneDensity = {
  peoplePerSqm: number;
  /** Missing where the zone has less ground than a patch. */
  peakPeoplePerSqm?: number;
};

/**
 * Prepares a zone.
 * @param polygon zone, 0–1 of the picture
 * @param map cells of the density map
 * @param aspect width over height of the picture
 * @returns undefined when none of the zone's ground can be measured
 */
export function zoneGround(
  ground: Ground,
  polygon: PicturePoint[],
  map: { width: number; height: number },
  aspect: number,
): ZoneGround | undefined {
  const coverage = polygonCoverage(polygon, map.width, map.height);
  const used: { index: number; coverage: number; corners: Point[] }[] = [];
  let inZone = 0;
  let cutOff = 0;
  for (const [index, share] of coverage.entries()) {
    if (share <= 0) continue;
    inZone += share;
    const corners = cellCorners(ground, map, index, aspect);
    if (corners) used.push({ index, coverage: share, corners });
    else cutOff += share;
  }
  if (used.length === 0) return undefined;

  const all = used.flatMap((cell) => cell.corners);
  const low = (axis: 0 | 1): number => all.reduce((least, p) => Math.min(least, p[axis]), Number.POSITIVE_INFINITY);
  const high = (axis: 0 | 1): number => all.reduce((most, p) => Math.max(most, p[axis]), Number.NEGATIVE_INFINITY);
  const [west, south] = [low(0), low(1)];
  const extentM = Math.max(high(0) - west, high(1) - south);
  const binM = Math.max(BIN_M, extentM / MAX_BINS_A_SIDE);
  const columns = Math.floor((high(0) - west) / binM) + 1;
  const rows = Math.floor((high(1) - south) / binM) + 1;
  const areaSqm = new Float64Array(columns * rows);
  let total = 0;
  const cells = used.map(({ index, coverage: share, corners }) => {
    const { bins, shares, cellSqm } = spreadOverBins(corners, west, south, binM, columns);
    for (const [i, bin] of bins.entries()) {
      areaSqm[bin] = (areaSqm[bin] as number) + cellSqm * share * (shares[i] as number);
    }
    total += cellSqm * share;
    return { index, coverage: share, bins, shares };
  });
  return { areaSqm: total, cutOffShare: cutOff / inZone, cells, raster: { columns, rows, binM, areaSqm } };
}

/**
 * Mean and peak density.
 * @param people of every map cell, row by row
 * @param scale corrects the map's sum where a better count is known: count over sum
 */
export function zoneDensity(zone: ZoneGround, people: ArrayLike<number>, scale = 1): ZoneDensity {
  const { columns, rows, areaSqm } = zone.raster;
  const onGround = new Float64Array(columns * rows);
  let sum = 0;
  for (const { index, coverage, bins, shares } of zone.cells) {
    const here = (people[index] ?? 0) * coverage * scale;
    sum += here;
    for (let i = 0; i < bins.length; i++) {
      const bin = bins[i] as number;
      onGround[bin] = (onGround[bin] as number) + here * (shares[i] as number);
    }
  }
  const peoplePerSqm = Math.max(0, sum / zone.areaSqm);
  const peak = peakOver(onGround, areaSqm, zone.raster);
  return peak === undefined ? { peoplePerSqm } : { peoplePerSqm, peakPeoplePerSqm: Math.max(peak, peoplePerSqm) };
}

/** Highest density over all squares that hold enough of the zone's ground. */
function peakOver(people: Float64Array, areaSqm: Float64Array, raster: ZoneGround['raster']): number | undefined {
  const { columns, rows, binM } = raster;
  const peopleUpTo = summed(people, columns, rows);
  const areaUpTo = summed(areaSqm, columns, rows);
  let peak: number | undefined;
  for (const sideM of PATCH_SIDES_M) {
    const side = Math.max(1, Math.round(sideM / binM));
    for (let row = 0; row < rows; row++) {
      for (let col = 0; col < columns; col++) {
        const area = within(areaUpTo, columns, rows, col, row, side);
        if (area < PATCH_SQM * PATCH_TOLERANCE) continue;
        const density = within(peopleUpTo, columns, rows, col, row, side) / area;
        if (peak === undefined || density > peak) peak = density;
      }
    }
  }
  return peak;
}

/** Summed-area table with a leading row and column of zeros. */
function summed(values: Float64Array, columns: number, rows: number): Float64Array {
  const table = new Float64Array((columns + 1) * (rows + 1));
  for (let row = 0; row < rows; row++) {
    let line = 0;
    for (let col = 0; col < columns; col++) {
      line += values[row * columns + col] as number;
      table[(row + 1) * (columns + 1) + col + 1] = (table[row * (columns + 1) + col + 1] as number) + line;
    }
  }
  return table;
}

function within(table: Float64Array, columns: number, rows: number, col: number, row: number, side: number): number {
  const right = Math.min(columns, col + side);
  const bottom = Math.min(rows, row + side);
  const at = (c: number, r: number): number => table[r * (columns + 1) + c] as number;
  return at(right, bottom) - at(col, bottom) - at(right, row) + at(col, row);
}

/** The cell's corners on the ground; undefined where its area is too uncertain. */
function cellCorners(
  ground: Ground,
  map: { width: number; height: number },
  index: number,
  aspect: number,
): Point[] | undefined {
  const x = index % map.width;
  const y = Math.floor(index / map.width);
  const corners: Point[] = [];
  for (const [dx, dy] of [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ] as const) {
    const at: Point = [(x + dx) / map.width, (y + dy) / map.height];
    if (areaErrorAt(ground, at, aspect) > ground.maxAreaError) return undefined;
    corners.push(project(ground.toGround, at).point);
  }
  return corners;
}

/** Cuts a cell's ground into pieces smaller than a bin and says which bins they fall into. */
function spreadOverBins(
  corners: Point[],
  west: number,
  south: number,
  binM: number,
  columns: number,
): { bins: Int32Array; shares: Float32Array; cellSqm: number } {
  const [a, b, c, d] = corners as [Point, Point, Point, Point];
  const longest = Math.max(
    Math.hypot(b[0] - a[0], b[1] - a[1]),
    Math.hypot(c[0] - d[0], c[1] - d[1]),
    Math.hypot(d[0] - a[0], d[1] - a[1]),
    Math.hypot(c[0] - b[0], c[1] - b[1]),
  );
  const pieces = Math.max(1, Math.ceil((2 * longest) / binM));
  const found = new Map<number, number>();
  for (let i = 0; i < pieces; i++) {
    for (let j = 0; j < pieces; j++) {
      const u = (i + 0.5) / pieces;
      const v = (j + 0.5) / pieces;
      const mix = (axis: 0 | 1): number =>
        (1 - v) * ((1 - u) * a[axis] + u * b[axis]) + v * ((1 - u) * d[axis] + u * c[axis]);
      const bin = Math.floor((mix(1) - south) / binM) * columns + Math.floor((mix(0) - west) / binM);
      found.set(bin, (found.get(bin) ?? 0) + 1 / (pieces * pieces));
    }
  }
  return { bins: Int32Array.from(found.keys()), shares: Float32Array.from(found.values()), cellSqm: area(corners) };
}

/** Shoelace formula, m². */
function area(corners: Point[]): number {
  let twice = 0;
  for (const [i, [x1, y1]] of corners.entries()) {
    const [x2, y2] = corners[(i + 1) % corners.length] as Point;
    twice += x1 * y2 - x2 * y1;
  }
  return Math.abs(twice) / 2;
}
