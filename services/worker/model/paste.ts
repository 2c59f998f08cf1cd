/** Puts what the tiles of a far field say in the place of what the whole picture said there. Pure. */
import type { Estimate } from './crowd-counter.ts';
import type { Area, FarPlan, Tile } from './far-field.ts';
import type { Head, Peak } from './heads.ts';
import type { DensityMap } from './read-out.ts';
import { type Grid, regrid } from './regrid.ts';

/** What is said of a picture or of a tile. */
export type Said = Pick<Estimate, 'map' | 'blocks' | 'heads' | 'peaks'>;

/**
 * The whole picture with its far field from the tiles. The grids stay the whole picture's: above the strip's edge every
 * cell holds the people, blocks and variances that the tiles found on its ground, below it what it held.
 * @param tiles what was said of each tile of the plan, in its order
 */
export function pasteFarField(whole: Said, plan: FarPlan, tiles: Said[]): Said {
  const paste = (of: (said: Said) => Grid) => pasteGrid(of(whole), plan, tiles.map(of));
  return {
    map: pasteMap(
      whole.map,
      plan,
      tiles.map(({ map }) => map),
    ),
    blocks: {
      ...whole.blocks,
      mean: paste(({ blocks }) => ({ ...blocks, values: blocks.mean })),
      variance: paste(({ blocks }) => ({ ...blocks, values: blocks.variance })),
    },
    ...headsOnce(whole, plan, tiles),
  };
}

/** The same for a map alone. */
export function pasteMap(whole: DensityMap, plan: FarPlan, tiles: DensityMap[]): DensityMap {
  const grid = ({ people, ...size }: DensityMap): Grid => ({ ...size, values: people });
  return { ...whole, people: pasteGrid(grid(whole), plan, tiles.map(grid)) };
}

function pasteGrid(whole: Grid, plan: FarPlan, tiles: Grid[]): Float32Array {
  const { picture, until, whole: seen } = plan;
  const [tile, cells] = [plan.tiles[0] as Tile, tiles[0] as Grid];
  const cellPx = (tile.right - tile.left) / cells.width;
  const strip = assemble(plan, tiles, cellPx);
  // The strip ends with a row of cells, but the grid may reach below the picture.
  const rows = Math.round((until * seen.heightPx * whole.width) / seen.widthPx);
  const values = whole.values.slice();
  values.set(regrid(strip, (until * picture.heightPx) / cellPx, { width: whole.width, height: rows }));
  return values;
}

/** The strip at the tiles' own resolution: every cell from the one tile that owns it. */
function assemble({ picture, tiles }: FarPlan, grids: Grid[], cellPx: number): Grid {
  const width = picture.widthPx / cellPx;
  const height = Math.max(...tiles.map(({ own }) => own.bottom)) / cellPx;
  const values = new Float32Array(width * height);
  for (const [i, { left, top, own }] of tiles.entries()) {
    const grid = grids[i] as Grid;
    const [from, to] = [(own.left - left) / cellPx, (own.right - left) / cellPx];
    for (let y = own.top / cellPx; y < own.bottom / cellPx; y++) {
      const row = (y - top / cellPx) * grid.width;
      values.set(grid.values.subarray(row + from, row + to), y * width + own.left / cellPx);
    }
  }
  return { width, height, values };
}

/** A head as one part sees it, px of the far picture; with its share of a person where that was asked for. */
type Sighting = { part: number; x: number; y: number; people: number | undefined };

/** Heads, and peaks where they were asked for, of all parts. */
function headsOnce(whole: Said, plan: FarPlan, tiles: Said[]): Pick<Said, 'heads' | 'peaks'> {
  const { widthPx, heightPx } = plan.picture;
  const reachPx = (1.5 * widthPx) / whole.map.width;
  const parts = [whole, ...tiles];
  const kept: Sighting[] = [];
  const keep = (of: (said: Said) => (Head | Peak)[]) => {
    const sighted = parts.flatMap((said, part) => of(said).map((head) => sightingOf(plan, part, head)));
    keepOnce(kept, sighted, plan, reachPx);
  };
  const at = ({ x, y }: Sighting): Head => [x / widthPx, y / heightPx];
  // Peaks come surest first: the heads are so many of them as there are heads, and settled before the others come.
  keep(({ heads, peaks }) => peaks?.slice(0, heads.length) ?? heads);
  const heads = kept.map(at);
  if (!whole.peaks) return { heads };
  keep(({ heads, peaks = [] }) => peaks.slice(heads.length));
  return { heads, peaks: kept.map((one) => [...at(one), one.people as number]) };
}

/** @param part 0 is the whole picture, then the tiles */
function sightingOf({ picture, tiles }: FarPlan, part: number, [x, y, people]: [...Head, people?: number]): Sighting {
  const area = tiles[part - 1] ?? { left: 0, top: 0, right: picture.widthPx, bottom: picture.heightPx };
  const [widthPx, heightPx] = [area.right - area.left, area.bottom - area.top];
  return { part, x: area.left + x * widthPx, y: area.top + y * heightPx, people };
}

/**
 * Adds every head once. A head is taken from the part that owns its place. Parts may put a head that stands on a seam a cell
 * apart: each in its own area, then it would count twice; or each in the other's, then not at all. So two parts' sightings
 * that are closer than two peaks of one map can be are one head, and it stays.
 */
function keepOnce(kept: Sighting[], sighted: Sighting[], { picture, until, tiles }: FarPlan, reachPx: number): void {
  const { widthPx, heightPx } = picture;
  const edge = until * heightPx;
  const owns: Area[] = [
    { left: 0, top: edge, right: widthPx, bottom: heightPx },
    ...tiles.map(({ own }) => ({ ...own, bottom: Math.min(own.bottom, edge) })),
  ];
  const close = (a: Sighting, b: Sighting) =>
    a.part !== b.part && Math.max(Math.abs(a.x - b.x), Math.abs(a.y - b.y)) <= reachPx;
  const keep = (one: Sighting) => kept.some((other) => close(one, other)) || kept.push(one);
  const isAtHome = (one: Sighting) => isInside(owns[one.part] as Area, one);
  for (const one of sighted) if (isAtHome(one)) keep(one);
  const strays = sighted.filter((one) => !isAtHome(one) && isInside(owns[one.part] as Area, one, reachPx));
  for (const one of strays) {
    if (strays.some((other) => close(one, other) && isInside(owns[one.part] as Area, other))) keep(one);
  }
}

const isInside = ({ left, top, right, bottom }: Area, { x, y }: Sighting, roomPx = 0): boolean =>
  x >= left - roomPx && x < right + roomPx && y >= top - roomPx && y < bottom + roomPx;
