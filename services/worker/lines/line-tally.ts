/** What has gone over a line since the day began, and over the last minute. Pure; plain JSON. */
import type { Direction } from './crossings.ts';

export type LineTally = {
  /** Names the line's place: drawn anew, it is counted anew. */
  drawn: string;
  in: number;
  out: number;
  since: number;
  /** First picture ever. */
  startedAt: number;
  from: 'midnight' | 'start';
  /** Time without usable pictures since then, ms. */
  blindMs: number;
  /** Capture of the last picture. */
  at: number;
  /** Crossings and gaps of the last minute. */
  recent: { at: number; way: Direction }[];
  gaps: { at: number; ms: number }[];
};

export const MINUTE_MS = 60_000;
/** Of the last minute, without pictures, above which no rate is stated. */
const MOST_BLIND_MS = 10_000;
/** A clock set back by more than this was wrong before: a machine that began in another year. */
const MOST_SET_BACK_MS = 3_600_000;

export const newTally = (drawn: string, at: number): LineTally => ({
  ...{ drawn, in: 0, out: 0, since: at, startedAt: at, from: 'start', blindMs: 0, at, recent: [], gaps: [] },
});

/**
 * Adds one picture.
 * @param midnight that began the day of the picture
 * @param longestMs a longer pause between two pictures is a gap
 */
export function addToTally(
  tally: LineTally,
  at: number,
  crossings: Direction[],
  midnight: number,
  longestMs: number,
): LineTally {
  // Else what it counts from lay in the future, and no midnight until then would begin a day.
  if (tally.since - at > MOST_SET_BACK_MS) {
    return addToTally(newTally(tally.drawn, at), at, crossings, midnight, longestMs);
  }
  const pauseMs = Math.max(0, at - tally.at);
  const blindMs = pauseMs > longestMs ? pauseMs : 0;
  // A clock set back does not begin the day a second time.
  const newDay = tally.since < midnight && at > tally.at;
  const day = newDay
    ? { in: 0, out: 0, since: midnight, from: 'midnight' as const, blindMs: Math.min(blindMs, at - midnight) }
    : { blindMs: tally.blindMs + blindMs };
  const recent = tally.recent.filter((crossing) => Math.abs(at - crossing.at) < MINUTE_MS);
  const gaps = tally.gaps.filter((gap) => Math.abs(at - gap.at) < MINUTE_MS);
  // After a clock set back a minute is watched as soon as any other.
  const startedAt = Math.min(tally.startedAt, at);
  const next: LineTally = { ...tally, ...day, startedAt, at, recent, gaps };
  if (blindMs > 0) next.gaps.push({ at, ms: blindMs });
  for (const way of crossings) {
    next[way] += 1;
    next.recent.push({ at, way });
  }
  return next;
}

/** People over the line in the last minute; undefined before a minute has been watched, or with too much of it unseen. */
export function lastMinute(tally: LineTally): { inPerMin: number; outPerMin: number } | undefined {
  const blindMs = tally.gaps.reduce((sum, gap) => sum + Math.min(gap.ms, MINUTE_MS - (tally.at - gap.at)), 0);
  if (tally.at - tally.startedAt < MINUTE_MS || blindMs > MOST_BLIND_MS) return undefined;
  const of = (way: Direction): number => tally.recent.filter((crossing) => crossing.way === way).length;
  return { inPerMin: of('in'), outPerMin: of('out') };
}
