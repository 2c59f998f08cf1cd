/** The gate of one camera at work: decides which pictures are looked at, and keeps the view it has learned. */
import type { Redis } from 'ioredis';
import type { Camera } from '../../../shared/config/schema.ts';
import { jpegSize } from '../jpeg-splitter.ts';
import { greyPicture } from './grey-picture.ts';
import { type GateVerdict, PictureGate } from './picture-gate.ts';
import { drawnOn, keepView, keptView } from './view-store.ts';

/** One look a second, so that it costs little beside decoding the video. */
const LOOK_EVERY_MS = 900;
/** A gated camera is looked at more often: it comes back at once. */
const LOOK_AGAIN_MS = 200;
/** A picture this much smaller or larger in bytes than the last one is looked at at once: black is small. */
const OTHER_BYTES = 1.3;
const KEEP_EVERY_MS = 60_000;

export class GateKeeper {
  #camera: Camera;
  readonly #redis: Redis;
  #gate: PictureGate | undefined;
  #verdict: GateVerdict = { trouble: undefined };
  #lookedAt = Number.NEGATIVE_INFINITY;
  #bytes = 0;
  #size: { widthPx: number; heightPx: number } | undefined;
  #looking = false;
  #keptAt = Number.NEGATIVE_INFINITY;
  /** Of the verdict when the view was kept. */
  #keptTrouble: GateVerdict['trouble'];
  /** Names of what is drawn now. */
  #names: string[];
  /** Those that were drawn on the view that is known. */
  #drawn: string[];

  constructor(camera: Camera, redis: Redis) {
    this.#camera = camera;
    this.#redis = redis;
    this.#names = this.#drawn = drawnOn(camera);
  }

  get verdict(): GateVerdict {
    return this.#verdict;
  }

  /**
   * Takes up what was drawn or set anew, without a new session: a camera that moved is counted again as soon as nothing is
   * left of what was drawn on the view before.
   */
  configure(camera: Camera): void {
    this.#camera = camera;
    this.#names = drawnOn(camera);
    this.#gate?.configure(camera.pictureGate, fixedOf(camera), this.#redraw(this.#drawn));
    // The next picture is looked at, and the view kept as soon as it is known.
    this.#lookedAt = this.#keptAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * Whether all is drawn anew, so that another view is as good.
   * @param before names of what was drawn on the view that is known
   */
  #redraw(before: string[]): boolean {
    const left = this.#names.filter((name) => before.includes(name));
    const redrawn = left.length === 0 && before.length + this.#names.length > 0;
    this.#drawn = redrawn ? this.#names : left;
    return redrawn;
  }

  /**
   * The verdict on a picture: its own, or the last one where it need not be looked at. Never throws.
   * @param now ms, monotonic
   */
  async judge(jpeg: Buffer, now: number): Promise<GateVerdict> {
    const { black, blur, moved, resolution } = this.#camera.pictureGate;
    if (!black && !blur && !moved && !resolution) {
      this.#verdict = { trouble: undefined };
      return this.#verdict;
    }
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
      const [gate, picture] = await Promise.all([this.#gate ?? this.#open(), greyPicture(jpeg, size)]);
      this.#verdict = gate.judge(picture, now);
      // In its place: what is new was drawn on this view, too.
      if (!gate.isAway) this.#drawn = this.#names;
      this.#keep(gate, now);
    } catch {
      // A picture that cannot be decoded is the worker's to report.
    } finally {
      this.#looking = false;
    }
    return this.#verdict;
  }

  async #open(): Promise<PictureGate> {
    const camera = this.#camera;
    const fixed = fixedOf(camera);
    // Without Redis the view is learned anew.
    const kept = fixed ? await keptView(this.#redis, camera.id).catch(() => undefined) : undefined;
    // Drawn anew while Redis was asked.
    if (camera !== this.#camera) return this.#open();
    const known = kept && !this.#redraw(kept.drawn) ? kept : undefined;
    this.#gate = new PictureGate(camera.pictureGate, fixed, known);
    return this.#gate;
  }

  #keep(gate: PictureGate, now: number): void {
    const { trouble } = this.#verdict;
    if (trouble === this.#keptTrouble && now - this.#keptAt < KEEP_EVERY_MS) return;
    const { known } = gate;
    if (!known) return;
    this.#keptAt = now;
    this.#keptTrouble = trouble;
    keepView(this.#redis, this.#camera.id, known, this.#drawn).catch(() => undefined);
  }
}

/** What is drawn on the view, in words: "zones and calibration"; undefined for nothing. */
function fixedOf({ zones, lines, calibration }: Camera): string | undefined {
  const drawn = [zones.length > 0 && 'zones', lines.length > 0 && 'lines', calibration && 'calibration'].filter(
    Boolean,
  );
  const last = drawn.pop();
  if (!last) return undefined;
  return drawn.length > 0 ? `${drawn.join(', ')} and ${last}` : last;
}
