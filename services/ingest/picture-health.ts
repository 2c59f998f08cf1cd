/** Whether decoded pictures can be trusted: damaged streams and frozen pictures still "arrive". Pure. */
import type { CameraState } from '../../shared/contracts/camera.ts';

/** Decoder errors within one second above which a picture is not counted. */
const ERRORS_PER_SECOND = 10;

/** Damage that lasts this long ends the session: a fresh one starts at a keyframe. */
export const DAMAGE_LIMIT_MS = 5000;

/** Pictures equal to the byte for this long are no live view. A real sensor's noise never repeats. */
const FROZEN_AFTER_MS = 10_000;

export class PictureHealth {
  #errorsAt: number[] = [];
  #damagedSince: number | undefined;
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

  picture(jpeg: Buffer, now: number): void {
    if (!this.#last?.equals(jpeg)) this.#sameSince = now;
    this.#last = jpeg;
    this.#lastAt = now;
  }

  /** What is wrong now, and for how long the stream has been damaged, ms. */
  judge(now: number): { trouble: CameraState['trouble']; damagedForMs: number } {
    const recent = this.#errorsAt.filter((at) => now - at <= 1000).length;
    if (recent > ERRORS_PER_SECOND) this.#damagedSince ??= now;
    else this.#damagedSince = undefined;
    const damagedForMs = this.#damagedSince === undefined ? 0 : now - this.#damagedSince;
    if (this.#damagedSince !== undefined) return { trouble: 'decode-errors', damagedForMs };
    // From the first to the last of the equal ones: a picture that waits long for the next one repeats nothing.
    const frozen = !this.#mayStandStill && this.#lastAt - this.#sameSince >= FROZEN_AFTER_MS;
    return { trouble: frozen ? 'frozen' : undefined, damagedForMs };
  }
}
