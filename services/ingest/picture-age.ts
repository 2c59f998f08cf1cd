/**
 * How old a picture is when it comes out of ffmpeg, as far as its connection can tell: by how much it is later than the
 * connection's most punctual picture. A camera or relay whose queue has filled sends on at full pace, seconds late. Pure.
 */

/** A camera's pace is what it kept for this long, ms; shorter, the network's jitter would be taken for it. */
const WINDOW_MS = 20_000;

/** The camera's clock may go slower than ours by this much, as a share: that is no delay. */
const CLOCK_DRIFT = 0.0005;

/** A pace is not known to the last: a camera's own may be this many times what was measured. */
const PACE_MARGIN = 1.05;

/** Pictures earlier than the most punctual by more than this, ms, are stamped by a clock that was put forward. */
const JUMP_MS = 1000;

/** A picture's arrival minus its own clock, both ms, and when it arrived. */
type Punctual = { offsetMs: number; at: number };

/**
 * One session. Some cameras stamp their pictures at a wrong pace, 25 a second where 12 are sent: each is later than the
 * one before, for ever. A queue is late for a while and then as late as it is long. So the slowest growth over one
 * window is the camera's own pace, and only what is later than that is a delay; nothing is told before two windows.
 */
export class PictureAge {
  #best: Punctual | undefined;
  /** Growth of the offset that is the camera's own, ms per ms; unknown before two windows. */
  #pace: number | undefined;
  #windowBest: Punctual | undefined;
  #windowBefore: Punctual | undefined;
  #windowAt = 0;
  #streamS = Number.NEGATIVE_INFINITY;
  #lateMs = 0;
  #takenAt = Number.NEGATIVE_INFINITY;

  /**
   * A picture came out of the decoder.
   * @param streamS its time by the stream's clock, s; NaN where the stream has none
   * @param now ms, any monotonic clock, the same in every call
   */
  decoded(streamS: number, now: number): void {
    if (Number.isNaN(streamS)) return;
    const picture = { offsetMs: now - streamS * 1000, at: now };
    const early = this.#sinceBest(picture, CLOCK_DRIFT);
    if (!this.#best || streamS < this.#streamS || early < -JUMP_MS) this.#begin(picture);
    else if (early < 0) this.#best = picture;
    this.#streamS = streamS;
    this.#closeWindow(now);
    if (!this.#windowBest || picture.offsetMs < this.#windowBest.offsetMs) this.#windowBest = picture;
    const pace = this.#pace;
    this.#lateMs = pace === undefined ? 0 : Math.max(0, this.#sinceBest(picture, CLOCK_DRIFT + PACE_MARGIN * pace));
  }

  /** By how much the newest picture is later than it could be, ms. */
  get lateMs(): number {
    return this.#lateMs;
  }

  /**
   * Age of a picture that arrives now, ms. What becomes known of a delay makes pictures older, and never an earlier one
   * than the one before.
   */
  arrived(now: number): number {
    this.#takenAt = Math.max(this.#takenAt, now - this.#lateMs);
    return now - this.#takenAt;
  }

  /** How much later than the most punctual picture, ms, for a camera whose clock loses so much of ours. */
  #sinceBest({ offsetMs, at }: Punctual, loss: number): number {
    return this.#best ? offsetMs - this.#best.offsetMs - loss * (at - this.#best.at) : 0;
  }

  /** With the first picture, and where the stream's clock was set. */
  #begin(picture: Punctual): void {
    this.#best = picture;
    this.#pace = this.#windowBest = this.#windowBefore = undefined;
    this.#windowAt = picture.at;
  }

  #closeWindow(now: number): void {
    if (now - this.#windowAt < WINDOW_MS) return;
    const [before, last] = [this.#windowBefore, this.#windowBest];
    if (before && last) {
      const grownMs = Math.max(0, last.offsetMs - before.offsetMs) / (last.at - before.at);
      this.#pace = Math.min(this.#pace ?? Number.POSITIVE_INFINITY, grownMs);
    }
    this.#windowBefore = last;
    this.#windowBest = undefined;
    this.#windowAt = now;
  }
}
