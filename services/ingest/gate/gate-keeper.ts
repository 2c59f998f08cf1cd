/** The gate of one camera at work: decides which pictures are looked at, and keeps the view it has learned. */
import type { Redis } from 'ioredis';
import type { Camera } from '../../../shared/config/schema.ts';
import { jpegSize } from '../jpeg-splitter.ts';
import { greyPicture } from './grey-picture.ts';
import { type GateVerdict, PictureGate } from './picture-gate.ts';
import { keepView, keptView } from './view-store.ts';

/** One look a second, so that it costs little beside decoding the video. */
const LOOK_EVERY_MS = 900;
/** A gated camera is looked at more often: it comes back at once. */
const LOOK_AGAIN_MS = 200;
/** A picture this much smaller or larger in bytes than the last one is looked at at once: black is small. */
const OTHER_BYTES = 1.3;
const KEEP_EVERY_MS = 60_000;

export class GateKeeper {
  readonly #camera: Camera;
  readonly #redis: Redis;
  #gate: Promise<PictureGate> | undefined;
  #verdict: GateVerdict = { trouble: undefined };
  #lookedAt = Number.NEGATIVE_INFINITY;
  #bytes = 0;
  #size: { widthPx: number; heightPx: number } | undefined;
  #looking = false;
  #keptAt = Number.NEGATIVE_INFINITY;

  constructor(camera: Camera, redis: Redis) {
    this.#camera = camera;
    this.#redis = redis;
  }

  get verdict(): GateVerdict {
    return this.#verdict;
  }

  /**
   * The verdict on a picture: its own, or the last one where it need not be looked at. Never throws.
   * @param now ms, monotonic
   */
  async judge(jpeg: Buffer, now: number): Promise<GateVerdict> {
    const { black, blur, moved, resolution } = this.#camera.pictureGate;
    if (!black && !blur && !moved && !resolution) return this.#verdict;
    const size = jpegSize(jpeg);
    if (!size) return this.#verdict;
    const everyMs = this.#verdict.trouble ? LOOK_AGAIN_MS : LOOK_EVERY_MS;
    const ratio = jpeg.length / this.#bytes;
    const resized = size.widthPx !== this.#size?.widthPx || size.heightPx !== this.#size.heightPx;
    const changed = resized || ratio > OTHER_BYTES || ratio < 1 / OTHER_BYTES;
    if (this.#looking || (now - this.#lookedAt < everyMs && !changed)) return this.#verdict;
    this.#looking = true;
    this.#lookedAt = now;
    this.#bytes = jpeg.length;
    this.#size = size;
    try {
      this.#gate ??= this.#open();
      const [gate, picture] = await Promise.all([this.#gate, greyPicture(jpeg, size)]);
      this.#verdict = gate.judge(picture, now);
      this.#keep(gate, now);
    } catch {
      // A picture that cannot be decoded is the worker's to report.
    } finally {
      this.#looking = false;
    }
    return this.#verdict;
  }

  async #open(): Promise<PictureGate> {
    const { zones, lines, calibration, pictureGate } = this.#camera;
    const drawn = [zones.length > 0 && 'zones', lines.length > 0 && 'lines', calibration && 'calibration'].filter(
      Boolean,
    );
    const last = drawn.pop();
    const fixed = last && (drawn.length > 0 ? `${drawn.join(', ')} and ${last}` : last);
    // Without Redis the view is learned anew.
    const view = fixed ? await keptView(this.#redis, this.#camera).catch(() => undefined) : undefined;
    return new PictureGate(pictureGate, fixed || undefined, view);
  }

  #keep(gate: PictureGate, now: number): void {
    if (now - this.#keptAt < KEEP_EVERY_MS) return;
    const view = gate.learned;
    if (!view) return;
    this.#keptAt = now;
    keepView(this.#redis, this.#camera, view).catch(() => undefined);
  }
}
