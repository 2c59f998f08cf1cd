/** People per square metre of a zone, mean and peak, from a density map and the zone's ground. Pure. */
import type { ZoneGround } from './zone-ground.ts';

/** Peaks are sought over squares of at least this much of the zone's ground. */
const PATCH_SQM = 4;
/** Sides of the squares, m: the larger ones are for narrow places, where a small one holds too little ground. */
const PATCH_SIDES_M = [2, 3, 4, 6, 8];
/** The raster cuts corners of a square: this much less ground is still a full patch. */
const PATCH_TOLERANCE = 0.95;

/** Density of a zone in one picture. Intervals hold the model's spread; the ground's own error is bounded apart. */
export type ZoneDensity = {
  peoplePerSqm: number;
  peoplePerSqmInterval?: [number, number];
  /** Missing where the zone has less ground than a patch. */
  peakPeoplePerSqm?: number;
  peakPeoplePerSqmInterval?: [number, number];
};

/** From a map to a better count: what its people are multiplied by, and what every cell of the zone is then given. */
export type Correction = { scale: number; perCell: number };

const AS_DRAWN: Correction = { scale: 1, perCell: 0 };

/** How unsure the people on a map are. */
export type Spread = {
  /** Variance of the people in a map cell; adds up over cells. */
  varianceAt(cell: number): number;
  /** Half width of the 90 % interval of the people in a part of the picture, from their variance and number of cells. */
  halfWidth(people: number, variance: number, cells: number): number;
};

/**
 * Mean and peak density.
 * @param people of every map cell, row by row
 * @param correction of the map where a better count is known
 * @param spread adds intervals; the peak's is that of the people in the fullest patch
 */
export function zoneDensity(
  zone: ZoneGround,
  people: ArrayLike<number>,
  { scale, perCell }: Correction = AS_DRAWN,
  spread: Spread | undefined = undefined,
): ZoneDensity {
  const { columns, rows, areaSqm } = zone.raster;
  const onGround = new Float64Array(columns * rows);
  const { index, coverage, starts, bins, shares } = zone.cells;
  let sum = 0;
  for (let i = 0; i < index.length; i++) {
    const here = ((people[index[i] as number] ?? 0) * scale + perCell) * (coverage[i] as number);
    sum += here;
    for (let at = starts[i] as number; at < (starts[i + 1] as number); at++) {
      const bin = bins[at] as number;
      onGround[bin] = (onGround[bin] as number) + here * (shares[at] as number);
    }
  }
  const peoplePerSqm = Math.max(0, sum / zone.areaSqm);
  const mean = { peoplePerSqm, ...(spread && { peoplePerSqmInterval: intervalOf(zone, sum, zone.areaSqm, spread) }) };
  const peak = peakOver(onGround, areaSqm, zone.raster);
  if (peak === undefined) return mean;
  const density = peak.people / peak.areaSqm;
  if (density <= peoplePerSqm) {
    const interval = mean.peoplePerSqmInterval && { peakPeoplePerSqmInterval: mean.peoplePerSqmInterval };
    return { ...mean, peakPeoplePerSqm: peoplePerSqm, ...interval };
  }
  return {
    ...mean,
    peakPeoplePerSqm: density,
    ...(spread && { peakPeoplePerSqmInterval: intervalOf(zone, peak.people, peak.areaSqm, spread, peak) }),
  };
}

/** A square of the ground raster: its first bin and its side, bins. */
type Patch = { col: number; row: number; side: number; people: number; areaSqm: number };

/** The interval of a density: of the people on the zone's ground, or on a patch of it. */
function intervalOf(
  zone: ZoneGround,
  people: number,
  areaSqm: number,
  spread: Spread,
  patch?: Patch,
): [number, number] {
  const { index, coverage, starts, bins, shares } = zone.cells;
  const { columns } = zone.raster;
  let variance = 0;
  let cells = 0;
  for (let i = 0; i < index.length; i++) {
    let inside = coverage[i] as number;
    if (patch) {
      let share = 0;
      for (let at = starts[i] as number; at < (starts[i + 1] as number); at++) {
        const bin = bins[at] as number;
        const right = (bin % columns) - patch.col;
        const up = Math.floor(bin / columns) - patch.row;
        if (right >= 0 && right < patch.side && up >= 0 && up < patch.side) share += shares[at] as number;
      }
      inside *= share;
    }
    if (inside === 0) continue;
    cells += inside;
    variance += spread.varianceAt(index[i] as number) * inside;
  }
  const half = spread.halfWidth(people, variance, cells);
  return [Math.max(0, (people - half) / areaSqm), Math.max(0, (people + half) / areaSqm)];
}

/** The fullest of all squares that hold enough of the zone's ground. */
function peakOver(people: Float64Array, areaSqm: Float64Array, raster: ZoneGround['raster']): Patch | undefined {
  const { columns, rows, binM } = raster;
  const peopleUpTo = summed(people, columns, rows);
  const areaUpTo = summed(areaSqm, columns, rows);
  let peak: Patch | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const sideM of PATCH_SIDES_M) {
    const side = Math.max(1, Math.round(sideM / binM));
    for (let row = 0; row < rows; row++) {
      for (let col = 0; col < columns; col++) {
        const area = within(areaUpTo, columns, rows, col, row, side);
        if (area < PATCH_SQM * PATCH_TOLERANCE) continue;
        const here = within(peopleUpTo, columns, rows, col, row, side);
        if (here / area <= highest) continue;
        highest = here / area;
        peak = { col, row, side, people: here, areaSqm: area };
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
