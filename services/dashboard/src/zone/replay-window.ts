/** Which of the kept maps are fetched: some hundred around what is looked at, never a whole day. Pure. */
import type { Stretch } from './window.ts';

/** An hour at the default interval, about 1.5 MB. */
export const MAPS_AT_ONCE = 720;

export type ReplayMove = 'newest' | 'earlier' | 'later';
/** `oldestAt`: the first map there is; `newestAt`: when the newest may be from. */
export type Kept = { everyMs: number; oldestAt: number; newestAt: number };

/** The stretch to look at next; undefined where there is nothing further that way. */
export function nextStretch(move: ReplayMove, shown: Stretch | undefined, kept: Kept): Stretch | undefined {
  const { oldestAt, newestAt } = kept;
  const spanMs = MAPS_AT_ONCE * kept.everyMs;
  if (oldestAt > newestAt) return undefined;
  if (move === 'newest' || !shown) return { from: Math.max(oldestAt, newestAt - spanMs), to: newestAt };
  if (move === 'earlier') {
    if (shown.from <= oldestAt) return undefined;
    return { from: Math.max(oldestAt, shown.from - spanMs), to: shown.from - 1 };
  }
  if (shown.to >= newestAt) return undefined;
  return { from: shown.to + 1, to: Math.min(newestAt, shown.to + spanMs) };
}
