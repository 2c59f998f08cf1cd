/** How fast maps follow each other, and where one is missing. Pure. */

/** Times real time. */
export const SPEEDS = [10, 30, 60, 120] as const;
export type Speed = (typeof SPEEDS)[number];

/** A pause in the maps is stepped over, but seen. */
const LONGEST_WAIT_MS = 1_000;
const SHORTEST_WAIT_MS = 33;

/** How long a map stands before the next one, ms. */
export function waitMs(at: number, next: number, speed: Speed): number {
  return Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, (next - at) / speed));
}

/** A picture may come late by one sample period, and clocks of workers differ a little. */
const longestStepMs = (everyMs: number): number => 2 * everyMs + 1_000;

/** Whether a map is of another time than asked for. */
export const isOfAnotherTime = (at: number, asked: number, everyMs: number): boolean =>
  Math.abs(at - asked) > longestStepMs(everyMs);

/** Time without a map after this one; undefined where the next follows as it should. */
export function gapAfter(times: readonly number[], index: number, everyMs: number): number | undefined {
  const [at, next] = [times[index], times[index + 1]];
  if (at === undefined || next === undefined) return undefined;
  return next - at > longestStepMs(everyMs) ? next - at : undefined;
}
