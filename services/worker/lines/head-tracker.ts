/**
 * Who is who in two pictures: located heads joined to tracks by the assignment that costs least overall, so that two
 * people who pass each other are not swapped by whoever is looked at first. Pure; tracks are plain JSON.
 */
import munkres from 'munkres';

/** A place: metres on the plane of the heads, or picture heights where the camera is not calibrated. */
export type Place = [number, number];

export type Sighting = {
  place: Place;
  /** Where it is in the picture, 0–1. */
  picture: [number, number];
  /** How unsure the place is, in its unit. */
  error: number;
};

export type Track = {
  place: Place;
  picture: [number, number];
  /** Per second. */
  velocity: [number, number];
  /** Capture of the last sighting, ms. */
  seenAt: number;
  sightings: number;
  /** Pictures since in which nobody was found for it. */
  missed: number;
};

/** Fastest that people move in a crowd worth counting: a run, metres a second; and the same in picture heights. */
export const FASTEST = { metres: 2.5, heights: 0.35 } as const;
/**
 * Who has been seen before is looked for where he is going: off it by what people turn and hasten, which grows with the
 * square of the time, and never by more than a share of the fastest. Shares of the fastest, a second and a second squared.
 */
const FOLLOWED = { most: 0.5, gain: 0.35 } as const;
/** A head may be hidden for this many pictures, or this long: by an arm, a sign, or the person before. */
const MOST_MISSED = 2;
const MOST_HIDDEN_MS = 400;
/** Time over which a velocity is averaged, s: a head is located a little off, the more of it the shorter the step. */
const AVERAGED_S = 0.7;
/** Cost of leaving a track or a head alone, in gates: anything within its gate is cheaper. */
const ALONE = 1;
const NEVER = 1e6;
/**
 * More tracks than this that may all be each other are joined nearest first: the cheapest of all takes time with the cube
 * of them, seconds for thousands, and the worker must renew its jobs meanwhile.
 */
const MOST_TOGETHER = 200;
/** Costs nearer to each other than one in so many are one to the nearest first. */
const COST_STEPS = 1000;

export type Joined = {
  tracks: Track[];
  /** For each of `tracks`: index of the track before it was, -1 for a new one. */
  from: number[];
};

/**
 * Carries tracks on to the next picture.
 * @param seconds since the picture before
 * @param fastest places a second
 */
export function joinHeads(tracks: Track[], sightings: Sighting[], at: number, fastest: number): Joined {
  const reach = tracks.map((track) => {
    const seconds = Math.max(0, at - track.seenAt) / 1000;
    const place: Place = [track.place[0] + track.velocity[0] * seconds, track.place[1] + track.velocity[1] * seconds];
    const followed = Math.min(FOLLOWED.most * seconds, FOLLOWED.gain * seconds * seconds);
    return { place, gate: fastest * (track.sightings > 1 ? followed : seconds) };
  });
  const matches = assign(
    reach.map(({ place: [x, y], gate }) => {
      const affordable = new Map<number, number>();
      for (const [col, { place, error }] of sightings.entries()) {
        const most = gate + 2 * error;
        const across = Math.abs(place[0] - x);
        if (across > most) continue;
        const cost = Math.hypot(across, place[1] - y) / most;
        if (cost <= ALONE) affordable.set(col, cost);
      }
      return affordable;
    }),
  );
  const joined: Joined = { tracks: [], from: [] };
  const taken = new Set<number>();
  for (const [index, track] of tracks.entries()) {
    const found = matches[index];
    const sighting = found === undefined ? undefined : sightings[found];
    if (found !== undefined && sighting) {
      taken.add(found);
      joined.tracks.push(moved(track, sighting, at));
      joined.from.push(index);
    } else if (track.missed < MOST_MISSED || at - track.seenAt < MOST_HIDDEN_MS) {
      joined.tracks.push({ ...track, missed: track.missed + 1 });
      joined.from.push(index);
    }
  }
  for (const [index, { place, picture }] of sightings.entries()) {
    if (taken.has(index)) continue;
    joined.tracks.push({ place, picture, velocity: [0, 0], seenAt: at, sightings: 1, missed: 0 });
    joined.from.push(-1);
  }
  return joined;
}

function moved(track: Track, { place, picture }: Sighting, at: number): Track {
  const seconds = Math.max(1, at - track.seenAt) / 1000;
  const rate = seconds / (seconds + AVERAGED_S);
  const velocity = ([0, 1] as const).map(
    (axis) => track.velocity[axis] * (1 - rate) + ((place[axis] - track.place[axis]) / seconds) * rate,
  ) as [number, number];
  return { place, picture, velocity, seenAt: at, sightings: track.sightings + 1, missed: 0 };
}

/** What each row may take: the cost by column, and no more than ALONE. */
type Costs = ReadonlyMap<number, number>[];

/**
 * The column of each row, or undefined where it stays alone. Rows and columns that share no affordable cell are solved
 * apart: a square full of people falls into many small tables.
 */
function assign(costs: Costs): (number | undefined)[] {
  const assigned: (number | undefined)[] = costs.map(() => undefined);
  for (const { rows, cols } of groupsOf(costs)) {
    const pairs = rows.length > MOST_TOGETHER ? cheapestFirst(costs, rows) : cheapestOverall(costs, rows, cols);
    for (const [row, col] of pairs) assigned[row] = col;
  }
  return assigned;
}

function cheapestOverall(costs: Costs, rows: number[], cols: number[]): [row: number, col: number][] {
  // Every row may take a column of its own that stands for "alone".
  const table = rows.map((row, i) => [
    ...cols.map((col) => costs[row]?.get(col) ?? NEVER),
    ...rows.map((_, j) => (i === j ? ALONE : NEVER)),
  ]);
  return munkres(table).flatMap(([i, j]) => {
    const [row, col] = [rows[i], cols[j]];
    return row !== undefined && col !== undefined && costs[row]?.has(col) ? [[row, col] as [number, number]] : [];
  });
}

/** The nearest of all first, then the nearest of who is left. */
function cheapestFirst(costs: Costs, rows: number[]): [row: number, col: number][] {
  const byCost: [row: number, col: number][][] = Array.from({ length: COST_STEPS + 1 }, () => []);
  for (const row of rows) {
    for (const [col, cost] of costs[row] ?? []) byCost[Math.floor((cost / ALONE) * COST_STEPS)]?.push([row, col]);
  }
  const [rowsTaken, colsTaken] = [new Set<number>(), new Set<number>()];
  return byCost.flat().filter(([row, col]) => {
    if (rowsTaken.has(row) || colsTaken.has(col)) return false;
    rowsTaken.add(row);
    colsTaken.add(col);
    return true;
  });
}

/** Rows and columns connected by affordable cells. */
function groupsOf(costs: Costs): { rows: number[]; cols: number[] }[] {
  const rowsOf = new Map<number, number[]>();
  for (const [row, affordable] of costs.entries()) {
    for (const col of affordable.keys()) {
      const rows = rowsOf.get(col);
      if (rows) rows.push(row);
      else rowsOf.set(col, [row]);
    }
  }
  const seen = new Set<number>();
  const groups: { rows: number[]; cols: number[] }[] = [];
  for (const start of costs.keys()) {
    if (seen.has(start)) continue;
    seen.add(start);
    const rows = [start];
    const cols = new Set<number>();
    for (const row of rows) {
      for (const col of costs[row]?.keys() ?? []) {
        if (cols.has(col)) continue;
        cols.add(col);
        for (const other of rowsOf.get(col) ?? []) {
          if (seen.has(other)) continue;
          seen.add(other);
          rows.push(other);
        }
      }
    }
    if (cols.size > 0) groups.push({ rows, cols: [...cols] });
  }
  return groups;
}
