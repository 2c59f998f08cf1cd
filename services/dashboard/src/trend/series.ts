import { RAISED_LEVELS } from '../../../../shared/contracts/alert.ts';
import type { ThresholdLines } from '../../../../shared/contracts/socket.ts';

/**
 * The counts of the last minutes, one camera, in memory that does not grow: readings of the same second (or slot) are merged.
 * A gap is a gap: time without a count is never drawn as zero and never bridged by a line.
 */
export type Point = { at: number; count: number; low: number; high: number };
export type Slot = (Point & { merged: number }) | { at: number; gap: true };

const SLOT_MS = 1_000;

export class Series {
  readonly #keepMs: number;
  readonly #slotMs: number;
  #slots: Slot[] = [];

  constructor(keepMs: number, slotMs = SLOT_MS) {
    this.#keepMs = keepMs;
    this.#slotMs = slotMs;
  }

  add(point: Point): void {
    const last = this.#slots.at(-1);
    if (last && !('gap' in last)) {
      if (point.at < last.at) return; // late: the newer one is already drawn
      if (Math.floor(point.at / this.#slotMs) === Math.floor(last.at / this.#slotMs)) {
        const n = last.merged;
        last.count = (last.count * n + point.count) / (n + 1);
        last.low = (last.low * n + point.low) / (n + 1);
        last.high = (last.high * n + point.high) / (n + 1);
        last.merged = n + 1;
        return;
      }
    }
    this.#slots.push({ ...point, merged: 1 });
    this.#forget(point.at);
  }

  /** Ends the current stretch of counts: the camera says it has none. */
  breakAt(at: number): void {
    const last = this.#slots.at(-1);
    if (!last || 'gap' in last) return;
    this.#slots.push({ at: Math.max(at, last.at), gap: true });
    this.#forget(at);
  }

  /** Unbroken stretches since `from`. A pause longer than `maxPauseMs` breaks the line even if nobody said so. */
  stretches(from: number, maxPauseMs: number): Point[][] {
    const all: Point[][] = [];
    let current: Point[] = [];
    const finish = () => {
      if (current.length > 0) all.push(current);
      current = [];
    };
    for (const slot of this.#slots) {
      if (slot.at < from) continue;
      if ('gap' in slot) {
        finish();
        continue;
      }
      const before = current.at(-1);
      if (before && slot.at - before.at > maxPauseMs) finish();
      current.push(slot);
    }
    finish();
    return all;
  }

  /** Start of a chart's window: grows with what there is, from `minMs` to `maxMs`, so that a young curve is not a speck. */
  windowStart(now: number, minMs: number, maxMs: number): number {
    const first = this.#slots[0]?.at ?? now;
    return now - Math.min(maxMs, Math.max(minMs, now - first));
  }

  get slotMs(): number {
    return this.#slotMs;
  }

  #forget(now: number): void {
    const oldest = now - this.#keepMs;
    let drop = 0;
    while (drop < this.#slots.length && (this.#slots[drop]?.at ?? 0) < oldest) drop += 1;
    // In batches, so that not every reading copies the array.
    if (drop > 60) this.#slots.splice(0, drop);
  }
}

/** The longest pause between two counts of a camera that still is one stretch. Slots add up to a second. */
export function maxPauseMs(camera: { sampleFps: number; staleAfterMs: number }, slotMs = SLOT_MS): number {
  return Math.max(camera.staleAfterMs, 2_000 / camera.sampleFps) + slotMs;
}

/**
 * Top of a chart's scale: a round number with some room, so that the line does not jump at every reading.
 * @param least the top of a quiet scene
 */
export function niceTop(largest: number, least = 5): number {
  const wanted = Math.max(least, largest * 1.15);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((candidate) => candidate * power >= wanted) ?? 10;
  return step * power;
}

/** High enough for the line and for the next level above it: how much room is left is what the line is for. */
export function sparkTop(stretches: readonly (readonly Point[])[], limits: ThresholdLines, least: number): number {
  let largest = 0;
  for (const stretch of stretches) for (const point of stretch) largest = Math.max(largest, point.high);
  const above = RAISED_LEVELS.map((level) => limits[level]).find((limit) => limit !== undefined && limit > largest);
  return above === undefined ? niceTop(largest, least) : Math.max(niceTop(largest, least), above * 1.08);
}
