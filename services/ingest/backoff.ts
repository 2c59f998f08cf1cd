/** How long to leave a failed camera alone. Pure. */
import type { SourceFailure } from '../../shared/contracts/camera.ts';

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** Cameras lock out users after a few wrong passwords: ask seldom. */
const AUTH_MS = 30_000;

/**
 * Wait before try number `attempt` (1 = first retry): doubling from half a second to 30 s, 20 % jitter so that cameras
 * of one switch do not all come back in the same instant.
 * @param random 0–1
 * @returns ms
 */
export function retryDelayMs(attempt: number, failure: SourceFailure, random: number): number {
  const jitter = 0.8 + 0.4 * random;
  if (failure === 'auth-failed' || failure === 'forbidden-source') return Math.round(AUTH_MS * (1 + 0.2 * random));
  return Math.round(Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 10)) * jitter);
}
