/**
 * How far the totals of lines have come, minute by minute. Totals are kept and not what was added to them: nothing is
 * counted twice or lost when another process takes over, however often a reading is read. Pure.
 */
import type { PublicReading } from '../../../shared/contracts/reading.ts';

/** A rate below a minute says nothing. */
const LINE_STEP_MS = 60_000;

/** One line at the end of one minute. */
export type LineTotals = {
  cameraId: string;
  lineId: string;
  /** Begin of the minute. */
  at: number;
  /** Picture the totals are of. */
  lastAt: number;
  /** What the totals count from. */
  since: number;
  in: number;
  out: number;
  blindMs: number;
  /** Whether the line doubted its figures at any time of the minute. */
  doubtful: boolean;
};

export class LineTally {
  readonly #minutes = new Map<string, LineTotals>();

  /** Takes a counted picture's lines; one that is taken again changes nothing. */
  add(reading: PublicReading): void {
    if (reading.status !== 'ok') return;
    const { cameraId, capturedAt } = reading;
    const at = Math.floor(capturedAt / LINE_STEP_MS) * LINE_STEP_MS;
    for (const line of reading.lines ?? []) {
      const key = `${cameraId}~${line.lineId}~${at}`;
      const before = this.#minutes.get(key);
      const doubtful = line.doubt !== undefined || (before?.doubtful ?? false);
      if (before && before.lastAt > capturedAt) {
        before.doubtful = doubtful;
        continue;
      }
      const { lineId, since, in: inTotal, out, blindMs } = line;
      this.#minutes.set(key, { cameraId, lineId, at, lastAt: capturedAt, since, in: inTotal, out, blindMs, doubtful });
    }
  }

  /** What has been added and not been taken, at most `limit` minutes, the oldest first. */
  take(limit = Number.POSITIVE_INFINITY): LineTotals[] {
    const taken: LineTotals[] = [];
    for (const [key, totals] of this.#minutes) {
      if (taken.length === limit) break;
      taken.push(totals);
      this.#minutes.delete(key);
    }
    return taken;
  }
}
