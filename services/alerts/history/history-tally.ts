/** Adds up readings between two writes. Pure; the store merges what comes out into the spans it has. */
import type { Interval } from '../../../shared/contracts/common.ts';
import type { PublicReading } from '../../../shared/contracts/reading.ts';

/** Spans that are written; longer ones are made of them. */
export const FINE_STEP_MS = 10_000;

/** Sums of one camera's picture or zone in one span. */
export type Tally = {
  cameraId: string;
  /** Empty for the whole picture. */
  zoneId: string;
  at: number;
  samples: number;
  countSum: number;
  countMin: number;
  countMax: number;
  countLowSum: number;
  countHighSum: number;
  densitySamples: number;
  densitySum: number;
  densityPeak: number;
};

export class HistoryTally {
  readonly #tallies = new Map<string, Tally>();
  readonly #lastSeq = new Map<string, number>();

  /** Adds a counted picture, once: readings are looked at more often than they come. */
  add(reading: PublicReading): void {
    if (reading.status !== 'ok' || this.#lastSeq.get(reading.cameraId) === reading.seq) return;
    this.#lastSeq.set(reading.cameraId, reading.seq);
    this.#count(reading, '', reading);
    for (const zone of reading.zones) {
      const tally = this.#count(reading, zone.zoneId, zone);
      if (zone.peoplePerSqm === undefined) continue;
      tally.densitySamples += 1;
      tally.densitySum += exact(zone.peoplePerSqm);
      tally.densityPeak = Math.max(tally.densityPeak, exact(zone.peakPeoplePerSqm ?? zone.peoplePerSqm));
    }
  }

  /** What has been added and not been taken, the oldest first, at most `limit` sums. */
  take(limit = Number.POSITIVE_INFINITY): Tally[] {
    const tallies: Tally[] = [];
    for (const [key, tally] of this.#tallies) {
      if (tallies.length === limit) break;
      tallies.push(tally);
      this.#tallies.delete(key);
    }
    return tallies;
  }

  #count(
    { cameraId, capturedAt }: { cameraId: string; capturedAt: number },
    zoneId: string,
    figures: { count: number; interval: Interval },
  ): Tally {
    const count = exact(figures.count);
    const [low, high] = figures.interval.map(exact) as Interval;
    const at = Math.floor(capturedAt / FINE_STEP_MS) * FINE_STEP_MS;
    const key = `${cameraId}~${zoneId}~${at}`;
    let tally = this.#tallies.get(key);
    if (!tally) {
      const none = {
        samples: 0,
        countSum: 0,
        countLowSum: 0,
        countHighSum: 0,
        densitySamples: 0,
        densitySum: 0,
        densityPeak: 0,
      };
      tally = { cameraId, zoneId, at, countMin: count, countMax: count, ...none };
      this.#tallies.set(key, tally);
    }
    tally.samples += 1;
    tally.countSum += count;
    tally.countLowSum += low;
    tally.countHighSum += high;
    tally.countMin = Math.min(tally.countMin, count);
    tally.countMax = Math.max(tally.countMax, count);
    return tally;
  }
}

/**
 * A figure to the nearest 1/1024. Sums of such are exact in whatever order they are made, so that every database answers
 * the same; no count or density is known that well.
 */
const exact = (figure: number): number => Math.round(figure * 1024) / 1024;

/** Sums by spans of `stepMs`: what several sums say of one span becomes one. */
export function mergeTallies(tallies: Tally[], stepMs: number): Tally[] {
  const merged = new Map<string, Tally>();
  for (const tally of tallies) {
    const at = Math.floor(tally.at / stepMs) * stepMs;
    const key = `${tally.cameraId}~${tally.zoneId}~${at}`;
    const whole = merged.get(key);
    if (!whole) {
      merged.set(key, { ...tally, at });
      continue;
    }
    whole.samples += tally.samples;
    whole.countSum += tally.countSum;
    whole.countLowSum += tally.countLowSum;
    whole.countHighSum += tally.countHighSum;
    whole.countMin = Math.min(whole.countMin, tally.countMin);
    whole.countMax = Math.max(whole.countMax, tally.countMax);
    whole.densitySamples += tally.densitySamples;
    whole.densitySum += tally.densitySum;
    whole.densityPeak = Math.max(whole.densityPeak, tally.densityPeak);
  }
  return [...merged.values()];
}
