/**
 * Whether pictures come out of ffmpeg long after their video came in: on a machine that cannot decode in time the video
 * waits unread in the connection, and a picture that is seconds old looks as if it had just arrived. Pure.
 */

/** A picture this much later than the most punctual one of its session, ms, is no live view if video waits as well. */
const LATE_MS = 2000;

/** A burst may wait for a moment. What waits for longer than this is not read in time. */
const MOMENT_MS = 300;

/** Video that stays behind for this long is dropped: a fresh session begins with the present. */
export const BEHIND_LIMIT_MS = 3000;

/** The camera's clock may go slower than ours by this much, as a share: that is no delay. */
const CLOCK_DRIFT = 0.0005;

/**
 * One session. Being late by the stream's own clock proves nothing by itself, since some cameras stamp their pictures
 * wrongly, and so does video that waits for a moment: it takes both.
 */
export class DecodingDelay {
  /** Arrival minus the stream's clock, ms, of the most punctual picture, and when that was. */
  #least = Number.POSITIVE_INFINITY;
  #leastAt = 0;
  #streamS = Number.NEGATIVE_INFINITY;
  #lateMs = 0;
  #waitsSince: number | undefined;

  /**
   * A picture came out of the decoder.
   * @param streamS its time by the stream's clock, s; NaN where the stream has none
   * @param now ms, any monotonic clock, the same in every call
   */
  decoded(streamS: number, now: number): void {
    if (Number.isNaN(streamS)) return;
    const offset = now - streamS * 1000;
    // A clock that was set back begins anew.
    const most = streamS < this.#streamS ? offset : this.#least + CLOCK_DRIFT * (now - this.#leastAt);
    this.#streamS = streamS;
    this.#least = Math.min(offset, most);
    this.#leastAt = now;
    this.#lateMs = offset - this.#least;
  }

  /** Whether it is worth asking if video waits. */
  get isLate(): boolean {
    return this.#lateMs > LATE_MS;
  }

  /**
   * @param waits whether bytes of the stream have arrived and are not yet read
   * @returns for how long pictures have been behind, ms; undefined while they are not
   */
  behindForMs(now: number, waits: boolean): number | undefined {
    if (this.isLate && waits) this.#waitsSince ??= now;
    else this.#waitsSince = undefined;
    const forMs = this.#waitsSince === undefined ? 0 : now - this.#waitsSince;
    return forMs > MOMENT_MS ? forMs : undefined;
  }
}
