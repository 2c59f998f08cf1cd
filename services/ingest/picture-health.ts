/** Whether decoded pictures can be trusted: damaged streams and frozen pictures still "arrive". Pure. */
import type { CameraState } from '../../shared/contracts/camera.ts';

/** Decoder errors within one second above which a picture is not counted. */
const ERRORS_PER_SECOND = 10;

/** Damage that lasts this long ends the session: a fresh one starts at a keyframe. */
export const DAMAGE_LIMIT_MS = 5000;

/** A stream that has shown no key frame for this long since pictures build on a lost one is not about to. */
const NO_KEYFRAME_MS = 10_000;
const NO_KEYFRAME =
  'It sends no key frames, so what is lost never becomes whole for certain. ' +
  'Give it an I-frame interval of a few seconds, instead of intra refresh.';

/** Pictures equal to the byte for this long are no live view. A real sensor's noise never repeats. */
const FROZEN_AFTER_MS = 10_000;

export class PictureHealth {
  #errorsAt: number[] = [];
  #damagedSince: number | undefined;
  /** Since when pictures build on one that is lost. */
  #brokenSince: number | undefined;
  #keyframeSeen = false;
  #last: Buffer | undefined;
  #lastAt = 0;
  #sameSince = 0;
  readonly #mayStandStill: boolean;

  /** @param mayStandStill a clip may hold a still picture */
  constructor({ mayStandStill = false } = {}) {
    this.#mayStandStill = mayStandStill;
  }

  /** @param now ms, any monotonic clock, the same in every call */
  decodeError(now: number): void {
    this.#errorsAt.push(now);
    if (this.#errorsAt.length > 10 * ERRORS_PER_SECOND) this.#errorsAt.splice(0, ERRORS_PER_SECOND);
  }

  /** Pictures build on a lost one until the next key frame, and but for the first nobody tells so. */
  missingReference(now: number): void {
    this.#brokenSince ??= now;
  }

  keyframe(): void {
    this.#keyframeSeen = true;
    this.#brokenSince = undefined;
  }

  picture(jpeg: Buffer, now: number): void {
    if (!this.#last?.equals(jpeg)) this.#sameSince = now;
    this.#last = jpeg;
    this.#lastAt = now;
  }

  /**
   * What is wrong now, and for how long the stream has been damaged, ms. Before its first key frame that is no time: a
   * decoder that began between two cannot but complain, and one started anew would wait for the same key frame.
   */
  judge(now: number): { trouble: CameraState['trouble']; damagedForMs: number; detail?: string } {
    const recent = this.#errorsAt.filter((at) => now - at <= 1000).length;
    if (recent > ERRORS_PER_SECOND) this.#damagedSince ??= now;
    else this.#damagedSince = undefined;
    const since = Math.min(
      this.#damagedSince ?? Number.POSITIVE_INFINITY,
      this.#brokenSince ?? Number.POSITIVE_INFINITY,
    );
    if (since <= now) {
      const never = !this.#keyframeSeen && now - (this.#brokenSince ?? now) > NO_KEYFRAME_MS;
      const why = never ? { detail: NO_KEYFRAME } : {};
      return { trouble: 'decode-errors', damagedForMs: this.#keyframeSeen ? now - since : 0, ...why };
    }
    // From the first to the last of the equal ones: a picture that waits long for the next one repeats nothing.
    const frozen = !this.#mayStandStill && this.#lastAt - this.#sameSince >= FROZEN_AFTER_MS;
    return { trouble: frozen ? 'frozen' : undefined, damagedForMs: 0 };
  }
}
