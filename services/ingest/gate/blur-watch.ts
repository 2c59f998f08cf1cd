/** Whether a camera's pictures are blurred, by how sharp they usually are. Pure but for what it remembers of the camera. */

/** Looks before the usual sharpness is known, and how many it is the middle of: ten minutes. */
const LEARNING = 30;
const MEMORY = 600;
/** How long a picture must be blurred, or sharp again, before the verdict changes, ms. */
const BLURRED_AFTER_MS = 3_000;
const SHARP_AFTER_MS = 2_000;
/** Back to this much more than the limit: a picture on the edge does not flicker. */
const SHARP_AGAIN = 1.15;
/** A camera soft for this long is taken as it is: a warning that never ends warns of nothing. */
const SOFT_FOR_GOOD_MS = 30 * 60_000;

export class BlurWatch {
  /** Of the latest pictures that were not blurred. */
  #sharpness: number[];
  #blurred: boolean;
  #blurredSince: number | undefined;
  #sharpSince: number | undefined;

  /** @param known how sharp pictures were until now, and whether the last one was blurred */
  constructor(known: { sharpness?: number | undefined; blurred?: boolean | undefined } = {}) {
    const { sharpness, blurred = false } = known;
    this.#sharpness = sharpness === undefined ? [] : Array.from({ length: LEARNING }, () => sharpness);
    this.#blurred = blurred;
  }

  /** What the next watch is to know; sharpness undefined while it is not known what is usual. */
  get known(): { sharpness: number | undefined; blurred: boolean } {
    const sharpness = this.#sharpness.length < LEARNING ? undefined : medianOf(this.#sharpness);
    return { sharpness, blurred: this.#blurred };
  }

  /**
   * @param sharpness of the next picture; undefined where nothing can be measured
   * @param clock watched time, ms
   * @param blurShare share of the usual sharpness below which a picture is blurred
   */
  isBlurred(sharpness: number | undefined, clock: number, blurShare: number): boolean {
    // Fog or a lens in full glare leaves nothing to measure: no detail at all is the end of blur.
    const value = sharpness ?? 0;
    const limit = (this.known.sharpness ?? 0) * blurShare;
    const blurred = value < limit * (this.#blurred ? SHARP_AGAIN : 1);
    if (blurred) {
      this.#sharpSince = undefined;
      this.#blurredSince ??= clock;
      const forMs = clock - this.#blurredSince;
      if (forMs >= BLURRED_AFTER_MS) this.#blurred = true;
      if (forMs < SOFT_FOR_GOOD_MS) return this.#blurred;
      this.#sharpness = [];
    } else {
      this.#blurredSince = undefined;
      this.#sharpSince ??= clock;
      if (this.#blurred && clock - this.#sharpSince < SHARP_AFTER_MS) return true;
    }
    this.#blurred = false;
    this.#blurredSince = undefined;
    if (sharpness !== undefined && !blurred) {
      this.#sharpness.push(sharpness);
      if (this.#sharpness.length > MEMORY) this.#sharpness.shift();
    }
    return false;
  }
}

function medianOf(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
