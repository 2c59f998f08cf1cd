/**
 * The ground of a zone, cell by cell of a density map. Pure. These tables are made once per zone and map size; a picture
 * then costs one pass over the zone's cells (zone-density.ts).
 */
import type { PicturePoint } from '../contracts/common.ts';
import { areaErrorAt, type Ground } from './ground.ts';
import { type Point, project } from './homography.ts';
import { polygonCoverage } from './polygon-coverage.ts';

/** Raster over which squares of ground are moved about, m; coarser where a zone is vast. */
const BIN_M = 0.5;
const MAX_BINS_A_SIDE = 400;

export type ZoneGround = {
  /** Ground the density is stated for, m². */
  areaSqm: number;
  /** Share of the zone's part of the picture that is cut off, being too uncertain or beyond the horizon. */
  cutOffShare: number;
  /**
   * Cells used: their index in the map and the share of each in the zone; the bins of cell `i` on the ground, with the
   * share of each, stand from `starts[i]` to `starts[i + 1]`. Flat arrays: a map may have half a million cells.
   */
  cells: { index: Int32Array; coverage: Float32Array; starts: Int32Array; bins: Int32Array; shares: Float32Array };
  /** Share of every map cell in the whole zone, cut-off parts included. */
  coverage: Float32Array;
  raster: { columns: number; rows: number; binM: number; areaSqm: Float64Array };
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
  const corners = cornerGrid(ground, map, aspect);
  const used: number[] = [];
  let inZone = 0;
  let cutOff = 0;
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let index = 0; index < coverage.length; index++) {
    const share = coverage[index] as number;
    if (share <= 0) continue;
    inZone += share;
    const quad = quadOf(corners, map.width, index);
    if (!quad) {
      cutOff += share;
      continue;
    }
    used.push(index);
    for (const [x, y] of quad) {
      west = Math.min(west, x);
      east = Math.max(east, x);
      south = Math.min(south, y);
      north = Math.max(north, y);
    }
  }
  if (used.length === 0) return undefined;

  const binM = Math.max(BIN_M, Math.max(east - west, north - south) / MAX_BINS_A_SIDE);
  const columns = Math.floor((east - west) / binM) + 1;
  const rows = Math.floor((north - south) / binM) + 1;
  const areaSqm = new Float64Array(columns * rows);
  const starts = new Int32Array(used.length + 1);
  const bins: number[] = [];
  const shares: number[] = [];
  let total = 0;
  for (const [at, index] of used.entries()) {
    const quad = quadOf(corners, map.width, index) as Quad;
    const sqm = areaOf(quad) * (coverage[index] as number);
    total += sqm;
    for (const [bin, share] of binsOf(quad, west, south, binM, columns)) {
      bins.push(bin);
      shares.push(share);
      areaSqm[bin] = (areaSqm[bin] as number) + sqm * share;
    }
    starts[at + 1] = bins.length;
  }
  const cells = {
    index: Int32Array.from(used),
    coverage: Float32Array.from(used, (index) => coverage[index] as number),
    starts,
    bins: Int32Array.from(bins),
    shares: Float32Array.from(shares),
  };
  return { areaSqm: total, cutOffShare: cutOff / inZone, cells, coverage, raster: { columns, rows, binM, areaSqm } };
}

/** Corners of a cell on the ground, metres: those of its upper edge in the picture, then those of its lower one. */
export type Quad = [leftAbove: Point, rightAbove: Point, rightBelow: Point, leftBelow: Point];

/** Corners of all cells on the ground, metres; NaN where areas are too uncertain. */
function cornerGrid(ground: Ground, map: { width: number; height: number }, aspect: number): Float64Array {
  const grid = new Float64Array((map.width + 1) * (map.height + 1) * 2);
  let at = 0;
  for (let y = 0; y <= map.height; y++) {
    for (let x = 0; x <= map.width; x++) {
      const corner: Point = [x / map.width, y / map.height];
      const certain = areaErrorAt(ground, corner, aspect) <= ground.maxAreaError;
      const [east, north] = certain ? project(ground.toGround, corner).point : [Number.NaN, Number.NaN];
      grid[at++] = east;
      grid[at++] = north;
    }
  }
  return grid;
}

/** A cell on the ground; undefined where one of its corners is cut off. */
function quadOf(grid: Float64Array, mapWidth: number, index: number): Quad | undefined {
  const row = Math.floor(index / mapWidth);
  const first = row * (mapWidth + 1) + (index - row * mapWidth);
  const corner = (at: number): Point => [grid[at * 2] as number, grid[at * 2 + 1] as number];
  const below = first + mapWidth + 1;
  const quad: Quad = [corner(first), corner(first + 1), corner(below + 1), corner(below)];
  return quad.some(([x]) => Number.isNaN(x)) ? undefined : quad;
}

/**
 * Into how many pieces a cell's ground is cut, along the picture's rows and down its columns: each is at most half a bin
 * wide and long. The two differ: towards the horizon a cell is many times as deep as it is wide, and as many pieces
 * across as along would be thousands that nobody needs.
 */
export function piecesOf([a, b, c, d]: Quad, binM: number): { across: number; along: number } {
  const side = (from: Point, to: Point): number => Math.hypot(to[0] - from[0], to[1] - from[1]);
  const pieces = (lengthM: number): number => Math.max(1, Math.ceil((2 * lengthM) / binM));
  return { across: pieces(Math.max(side(a, b), side(d, c))), along: pieces(Math.max(side(a, d), side(b, c))) };
}

/** Cuts a cell's ground into pieces smaller than a bin and says which bins they fall into, with the share of each. */
function binsOf(quad: Quad, west: number, south: number, binM: number, columns: number): Map<number, number> {
  const [a, b, c, d] = quad;
  const { across, along } = piecesOf(quad, binM);
  const share = 1 / (across * along);
  const found = new Map<number, number>();
  for (let j = 0; j < along; j++) {
    const v = (j + 0.5) / along;
    const [leftX, leftY] = [(1 - v) * a[0] + v * d[0], (1 - v) * a[1] + v * d[1]];
    const [rightX, rightY] = [(1 - v) * b[0] + v * c[0], (1 - v) * b[1] + v * c[1]];
    for (let i = 0; i < across; i++) {
      const u = (i + 0.5) / across;
      const column = Math.floor(((1 - u) * leftX + u * rightX - west) / binM);
      const row = Math.floor(((1 - u) * leftY + u * rightY - south) / binM);
      const bin = row * columns + column;
      found.set(bin, (found.get(bin) ?? 0) + share);
    }
  }
  return found;
}

/** Shoelace formula, m². */
function areaOf(quad: Quad): number {
  let twice = 0;
  for (const [i, [x1, y1]] of quad.entries()) {
    const [x2, y2] = quad[(i + 1) % quad.length] as Point;
    twice += x1 * y2 - x2 * y1;
  }
  return Math.abs(twice) / 2;
}
