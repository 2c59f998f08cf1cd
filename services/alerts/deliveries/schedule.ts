/** When a delivery is tried again. Pure. */
import type { DeliveriesConfig } from '../../../shared/config/alerts.ts';

export type Schedule = Pick<DeliveriesConfig, 'fastDelaysMs' | 'delaysMs'>;

/** A receiver that is overwhelmed may ask for more time, but not for so much that a crush passes in it. */
const MAX_FAST_RETRY_AFTER_MS = 60_000;
const MAX_RETRY_AFTER_MS = 3_600_000;
/** Receivers that fell together shall not be called together. */
const JITTER = 0.2;

/** Delays before each try, ms: fast ones first where it burns, then the long schedule from where they end. */
export function delaysOf(schedule: Schedule, fast: boolean): number[] {
  if (!fast) return schedule.delaysMs;
  const longest = schedule.fastDelaysMs.at(-1) ?? 0;
  return [...schedule.fastDelaysMs, ...schedule.delaysMs.filter((delay) => delay > longest)];
}

/** Whether a try comes after the fast ones: the message then says so. */
export const isLate = (schedule: Schedule, fast: boolean, attempt: number): boolean =>
  fast && attempt > schedule.fastDelaysMs.length;

/**
 * Delay before the next try; undefined when there is none.
 * @param failed tries that have failed so far, from 1
 * @param random 0 to 1
 */
export function nextDelayMs(
  schedule: Schedule,
  fast: boolean,
  failed: number,
  retryAfterMs: number | undefined,
  random: number,
): number | undefined {
  const delay = delaysOf(schedule, fast)[failed];
  if (delay === undefined) return undefined;
  const isFastTry = fast && failed < schedule.fastDelaysMs.length;
  const jittered = isFastTry ? delay : delay * (1 + JITTER * random);
  const asked = Math.min(retryAfterMs ?? 0, fast ? MAX_FAST_RETRY_AFTER_MS : MAX_RETRY_AFTER_MS);
  return Math.round(Math.max(jittered, asked));
}

/** The `Retry-After` header, seconds or HTTP date, as ms from `now`. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  // Date.parse takes nearly anything for a date, "-3" among it.
  const at = /^[A-Z][a-z]{2}, /.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
