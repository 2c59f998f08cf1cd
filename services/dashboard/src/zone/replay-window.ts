/** Which of the kept maps are fetched: some hundred around what is looked at, never a whole day. Pure. */
import type { Stretch } from './window.ts';

/** An hour at the default interval, about 1.5 MB. */
export const MAPS_AT_ONCE = 720;

/** `at`: around an instant. */
export type ReplayMove = 'newest' | 'earlier' | 'later' | { at: number };
/** `oldestAt`: the first map there is; `newestAt`: when the newest may be from. */
export type Kept = { everyMs: number; oldestAt: number; newestAt: number };

/** The stretch to look at next; undefined where there is nothing further that way. */
export function nextStretch(move: ReplayMove, shown: Stretch | undefined, kept: Kept): Stretch | undefined {
  const { oldestAt, newestAt } = kept;
  const spanMs = MAPS_AT_ONCE * kept.everyMs;
  if (oldestAt > newestAt) return undefined;
  if (typeof move === 'object') {
    const from = Math.max(oldestAt, Math.min(move.at - spanMs / 2, newestAt - spanMs));
    return { from, to: Math.min(newestAt, from + spanMs) };
  }
  if (move === 'newest' || !shown) return { from: Math.max(oldestAt, newestAt - spanMs), to: newestAt };
  if (move === 'earlier') {
    if (shown.from <= oldestAt) return undefined;
    return { from: Math.max(oldestAt, shown.from - spanMs), to: shown.from - 1 };
  }
  if (shown.to >= newestAt) return undefined;
  return { from: shown.to + 1, to: Math.min(newestAt, shown.to + spanMs) };
}

/** The map nearest to an instant, by the times of all, oldest first; -1 where there is none. */
export function nearestMap(times: readonly number[], at: number): number {
  const distance = (index: number) => Math.abs((times[index] ?? Number.POSITIVE_INFINITY) - at);
  return times.reduce((best, _, index) => (best < 0 || distance(index) < distance(best) ? index : best), -1);
}
