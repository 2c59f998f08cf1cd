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
    reach.map(({ place, gate }) =>
      sightings.map((sighting) => {
        const off = Math.hypot(sighting.place[0] - place[0], sighting.place[1] - place[1]);
        return off / (gate + 2 * sighting.error);
      }),
    ),
    sightings.length,
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

/**
 * The column of each row, or undefined where it stays alone. Costs above ALONE are never paid. Rows and columns that share
 * no affordable cell are solved apart: a square full of people falls into many small tables.
 */
function assign(costs: number[][], columns: number): (number | undefined)[] {
  const assigned: (number | undefined)[] = costs.map(() => undefined);
  for (const { rows, cols } of groupsOf(costs, columns)) {
    if (rows.length === 1 || cols.length === 1) {
      let best: [number, number, number] = [-1, -1, ALONE];
      for (const row of rows) {
        for (const col of cols) {
          const cost = (costs[row] as number[])[col] as number;
          if (cost < best[2]) best = [row, col, cost];
        }
      }
      if (best[0] >= 0) assigned[best[0]] = best[1];
      continue;
    }
    // Every row may take a column of its own that stands for "alone".
    const table = rows.map((row, i) => [
      ...cols.map((col) => {
        const cost = (costs[row] as number[])[col] as number;
        return cost <= ALONE ? cost : NEVER;
      }),
      ...rows.map((_, j) => (i === j ? ALONE : NEVER)),
    ]);
    for (const [i, j] of munkres(table)) {
      const row = rows[i];
      const col = cols[j];
      if (row !== undefined && col !== undefined && (table[i]?.[j] ?? NEVER) <= ALONE) assigned[row] = col;
    }
  }
  return assigned;
}

/** Rows and columns connected by affordable cells. */
function groupsOf(costs: number[][], columns: number): { rows: number[]; cols: number[] }[] {
  const rowsOf: number[][] = Array.from({ length: columns }, () => []);
  for (const [row, line] of costs.entries()) {
    for (const [col, cost] of line.entries()) if (cost <= ALONE) rowsOf[col]?.push(row);
  }
  const seen = new Set<number>();
  const groups: { rows: number[]; cols: number[] }[] = [];
  for (const start of costs.keys()) {
    if (seen.has(start)) continue;
    seen.add(start);
    const rows = [start];
    const cols = new Set<number>();
    for (const row of rows) {
      for (const [col, cost] of (costs[row] as number[]).entries()) {
        if (cost > ALONE || cols.has(col)) continue;
        cols.add(col);
        for (const other of rowsOf[col] ?? []) {
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
