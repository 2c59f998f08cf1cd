/** From the heads of a camera's pictures, one after the other, to what went over its lines. Pure; the state is plain JSON. */
import type { Line } from '../../../shared/config/lines.ts';
import type { CountedLine } from '../../../shared/contracts/reading.ts';
import { clearOf, HEAD_ERROR, hasRoom, type LineView, standingAt } from '../../../shared/geometry/line-room.ts';
import { drawnOf } from '../../../shared/readings/drawn.ts';
import { crossLine, type Direction, type LineStand } from './crossings.ts';
import { FASTEST, joinHeads, type Sighting, type Track } from './head-tracker.ts';
import { addToTally, type LineTally, lastMinute, newTally } from './line-tally.ts';

type Tracked = Track & { stands: Record<string, LineStand> };

export type LineState = {
  /** Capture of the last picture. */
  at: number;
  tracks: Tracked[];
  tallies: Record<string, LineTally>;
  /** What places are measured in. */
  unit: 'metres' | 'heights';
  /** Names the way from the picture to places: by another calibration the same head stands elsewhere. */
  measure: string;
  /** Usual time between two pictures, ms. */
  stepMs: number;
  /** By line: how far a walker comes from picture to picture, in distances to the nearest neighbour. */
  hurry: Record<string, number>;
};

export type LinePicture = LineView & {
  capturedAt: number;
  /** Heads, 0–1 from the top left corner. */
  heads: [number, number][];
  lines: Line[];
  midnight: number;
  /** A longer pause is a gap: who was there before is not looked for after it. */
  longestMs: number;
};

/** Heads this near to a line say how crowded it is there, share of the picture's height. */
const NEAR = 0.2;
/**
 * Pictures further apart than this lose too many people, measured in a synthetic square (docs/evaluation.md): with metres to
 * judge by two a second do, without them five are needed.
 */
const SLOWEST_STEP_MS = { metres: 700, heights: 250 } as const;
/** A walker's pace: metres, or picture heights, a second. */
const PACE = { metres: 1.3, heights: 0.15 } as const;
/** Who walks further than this share of the way to the next person may be taken for him. */
const MOST_HURRY = 0.6;
const EASY_WEIGHT = 0.1;

/** Goes on from the picture before. Without one, or with one from the future, everything begins anew. */
export function advanceLines(before: LineState | undefined, picture: LinePicture): LineState {
  const { capturedAt: at, aspect, lines, longestMs } = picture;
  const sightings = picture.heads.flatMap((head) => sightingOf(head, picture) ?? []);
  const pauseMs = before ? at - before.at : 0;
  const goesOn = before !== undefined && pauseMs > 0 && pauseMs <= longestMs;
  const unit = picture.ground ? 'metres' : 'heights';
  const measure = measureOf(picture);
  const old = goesOn && before.measure === measure ? before.tracks : [];
  const { tracks, from } = joinHeads(old, sightings, at, FASTEST[unit]);

  const crossings: Record<string, Direction[]> = {};
  const tracked = tracks.map((track, index): Tracked => {
    const stands = { ...old[from[index] ?? -1]?.stands };
    if (track.missed > 0) return { ...track, stands };
    for (const line of lines) {
      const clear = clearOf(line.points, track.picture, picture);
      const { stand, counted } = crossLine(line, stands[line.id], track.picture, track.sightings, aspect, clear);
      if (stand) stands[line.id] = stand;
      crossings[line.id] = [...(crossings[line.id] ?? []), ...counted];
    }
    return { ...track, stands };
  });

  const usualMs = before?.stepMs ?? pauseMs;
  const stepMs = goesOn ? usualMs + (pauseMs - usualMs) * (usualMs === 0 ? 1 : EASY_WEIGHT) : usualMs;
  const tallies: LineState['tallies'] = {};
  const hurry: LineState['hurry'] = {};
  for (const line of lines) {
    const drawn = JSON.stringify([line.points, line.in]);
    const held = before?.tallies[line.id];
    const tally = held?.drawn === drawn ? held : newTally(drawn, at);
    tallies[line.id] = addToTally(tally, at, crossings[line.id] ?? [], picture.midnight, longestMs);
    const now = hurryAt(line, tracked, aspect, (PACE[unit] * stepMs) / 1000);
    const usual = before?.hurry[line.id] ?? 0;
    hurry[line.id] = now === undefined ? usual : usual + (now - usual) * EASY_WEIGHT;
  }
  return { at, tracks: tracked, tallies, unit, measure, stepMs, hurry };
}

/** What is told of the lines after a picture. */
export function lineReadings(state: LineState, lines: Line[], view: LineView): CountedLine[] {
  return lines.flatMap((line) => {
    const tally = state.tallies[line.id];
    if (!tally) return [];
    const { in: goneIn, out, since, from, blindMs } = tally;
    const crowded = (state.hurry[line.id] ?? 0) > MOST_HURRY;
    const slow = state.stepMs > SLOWEST_STEP_MS[state.unit];
    const doubt = !hasRoom(line.points, view)
      ? 'no-room'
      : slow
        ? 'too-few-pictures'
        : crowded
          ? 'too-crowded'
          : undefined;
    return {
      ...{ lineId: line.id, name: line.name ?? line.id, drawn: drawnOf(line) },
      ...{ in: goneIn, out, since, from, blindMs },
      ...lastMinute(tally),
      ...(doubt ? { doubt } : {}),
    };
  });
}

/** Rounded, since two workers may calculate a little differently and yet follow the same people. */
const measureOf = ({ aspect, ground }: LineView): string =>
  (ground?.toGround ?? [aspect]).map((value) => value.toPrecision(6)).join(' ');

function sightingOf(head: [number, number], { aspect, ground }: LinePicture): Sighting | undefined {
  if (!ground) return { place: [head[0] * aspect, head[1]], picture: head, error: HEAD_ERROR };
  const standing = standingAt(ground, head);
  return standing && { ...standing, picture: head };
}

/** A walker's step over the median way from those near the line to their nearest neighbour; undefined with nobody there. */
function hurryAt(line: Line, tracks: Tracked[], aspect: number, step: number): number | undefined {
  const seen = tracks.filter((track) => track.missed === 0 && distance(line, track.picture, aspect) < NEAR);
  const ways = seen.map(({ place: [x, y] }, index) => {
    let nearest = Number.POSITIVE_INFINITY;
    for (const [other, { place }] of seen.entries()) {
      if (other !== index) nearest = Math.min(nearest, (place[0] - x) ** 2 + (place[1] - y) ** 2);
    }
    return Math.sqrt(nearest);
  });
  const median = ways.sort((a, b) => a - b)[Math.floor(ways.length / 2)];
  return median === undefined ? undefined : step / Math.max(median, 1e-6);
}

/** From a point to a line, picture heights. */
function distance({ points }: Line, [x, y]: [number, number], aspect: number): number {
  const [[ax, ay], [bx, by]] = points;
  const [px, py] = [(x - ax) * aspect, y - ay];
  const [lx, ly] = [(bx - ax) * aspect, by - ay];
  const along = Math.max(0, Math.min(1, (px * lx + py * ly) / (lx * lx + ly * ly)));
  return Math.hypot(px - along * lx, py - along * ly);
}
