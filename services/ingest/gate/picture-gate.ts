/**
 * Whether an arriving picture may be counted: not when it is black, blurred, or shows another view than the one zones and
 * calibration were drawn on. Pure but for what it remembers of the camera. One look costs some tenths of a millisecond.
 */
import type { PictureGate as GateSettings } from '../../../shared/config/picture-gate.ts';
import { BlurWatch } from './blur-watch.ts';
import type { GreyPicture } from './grey-picture.ts';
import { look } from './sharpness.ts';
import { edgesOf, ViewReference } from './view-reference.ts';

export type GateVerdict =
  | { trouble: 'black' | 'blurred' }
  | { trouble: 'moved' | 'resolution-changed'; detail: string }
  | { trouble: undefined };

/** Nearly even: no scene, or a covered lens. The model would count nobody there, and be sure of it. */
const EVEN_CONTRAST = 4;
/** An even picture not brighter than about video black (16): a camera without light. */
const BLACK_MEAN = 24;

/** Difference of the small picture's height that is a rounding of another size, not another shape, px of its width of 160. */
const SAME_HEIGHT = 2;

/** Share of its usual score below which a view may be another, and how much a shifted one must score above it. */
const DOUBTFUL = 0.8;
const FOUND = 0.5;
const CLEARLY_BETTER = 1.35;
/** Share of its usual score below which a part of the picture no longer looks the same. */
const OTHER = 0.45;
/** Edges to be seen of those expected, below which nothing can be said: darkness, smoke. */
const LEAST_EVIDENCE = 0.3;
/** Parts of the picture that may look the same by chance, or around the middle of a zoom, in a picture that moved. */
const CHANCE_PARTS = 0.2;
/** Weight of one look in the usual score. */
const USUAL_RATE = 0.005;
const SHIFTED_AFTER_MS = 2_000;
const OTHER_VIEW_AFTER_MS = 5_000;
const SAME_AFTER_MS = 1_000;
/** Signs of a move further apart are chance. */
const SIGNS_WITHIN_MS = 3_000;
/** A crowd covers a view slowly, a hand turns a camera at once: only who agreed this recently can be "another view". */
const SUDDEN_MS = 6_000;
/** A longer pause between two looks counts as this much: an outage is no time in which the crowd is known to have come. */
const LONGEST_STEP_MS = 1_500;

/**
 * What is known of a camera's view: what never changes in it, how well it usually agrees, and where it has gone, in words;
 * how sharp it usually is, and whether it is blurred now.
 */
export type KnownView = {
  view: ViewReference;
  usual: number;
  moved?: string | undefined;
  sharpness?: number | undefined;
  blurred?: boolean | undefined;
};

export class PictureGate {
  #o: GateSettings;
  /** Words for what no longer fits; undefined where a move harms nothing, and the new view is simply learned. */
  #fixed: string | undefined;
  #view: ViewReference | undefined;
  /** Of the picture that zones and calibration were drawn on: one of another shape is stretched, cropped or turned. */
  #shape: { width: number; height: number } | undefined;
  #lookedAt: number | undefined;
  /** Watched time, ms: pauses are shortened. */
  #clock = 0;
  readonly #blur: BlurWatch;
  /** Score of the view in its place; follows slowly. */
  #usual: number | undefined;
  #agreedAt: number | undefined;
  #awaySince: number | undefined;
  #signAt = 0;
  #backSince: number | undefined;
  /** Where the view has gone, in words. */
  #moved: string | undefined;
  #reshaped = false;

  /**
   * @param fixed what was drawn on the view, in words: "zones and calibration"; undefined for nothing
   * @param known the view it was drawn on, from before: a camera turned since then is away from it
   */
  constructor(settings: GateSettings, fixed: string | undefined, known?: KnownView) {
    this.#o = settings;
    this.#fixed = fixed;
    this.#blur = new BlurWatch(known);
    if (!known) return;
    this.#view = this.#shape = known.view;
    this.#usual = known.usual;
    this.#moved = known.moved;
    // As if it had been in its place until now: however long the pause was, no crowd is known to have come in it.
    this.#agreedAt = 0;
  }

  /**
   * Takes up other settings, and what is drawn now. What is known of light and lens stays.
   * @param redrawn it was drawn on the view there is: the one before, and a move away from it, are over
   */
  configure(settings: GateSettings, fixed: string | undefined, redrawn: boolean): void {
    this.#o = settings;
    this.#fixed = fixed;
    if (!redrawn) return;
    this.#view = this.#shape = this.#usual = this.#moved = undefined;
    this.#agreedAt = this.#awaySince = this.#backSince = undefined;
    this.#reshaped = false;
  }

  /** Whether the last picture was of another view or shape than what is drawn was drawn on, or may be. */
  get isAway(): boolean {
    return this.#moved !== undefined || this.#awaySince !== undefined || this.#reshaped;
  }

  /** What is to be kept of the view; undefined while it is not known, or the camera may be on its way from it. */
  get known(): KnownView | undefined {
    const [view, usual, moved] = [this.#view, this.#usual, this.#moved];
    if (!view?.known || usual === undefined || (this.isAway && !moved)) return undefined;
    return { view, usual, moved, ...this.#blur.known };
  }

  /** @param now ms, any monotonic clock, the same in every call */
  judge(picture: GreyPicture, now: number): GateVerdict {
    this.#clock += this.#lookedAt === undefined ? 0 : Math.min(Math.max(0, now - this.#lookedAt), LONGEST_STEP_MS);
    this.#lookedAt = now;
    const { mean, contrast, sharpness } = look(picture);
    const even = contrast < EVEN_CONTRAST;
    if (this.#o.black && even && mean < BLACK_MEAN) return { trouble: 'black' };
    // No usual sharpness is needed to know it, and none is ever learned from it.
    if (this.#o.blur && even) return { trouble: 'blurred' };
    const reshaped = this.#o.resolution ? this.#reshapedTo(picture) : undefined;
    this.#reshaped = reshaped !== undefined;
    if (reshaped) return { trouble: 'resolution-changed', detail: reshaped };
    if (this.#o.blur && this.#blur.isBlurred(sharpness, this.#clock, this.#o.blurShare)) return { trouble: 'blurred' };
    if (this.#o.moved) {
      const detail = this.#movedTo(picture);
      if (detail) return { trouble: 'moved', detail };
    }
    return { trouble: undefined };
  }

  /** The change of shape, in words; undefined while zones fit. More or fewer pixels of the same shape change nothing. */
  #reshapedTo({ width, height }: GreyPicture): string | undefined {
    if (this.#fixed === undefined) return undefined;
    this.#shape ??= { width, height };
    const was = this.#shape;
    if (Math.abs(height - (was.height * width) / was.width) <= SAME_HEIGHT) return undefined;
    return `changed its shape from ${shapeOf(was)} to ${shapeOf({ width, height })}: its ${this.#fixed} no longer fit`;
  }

  /** Where to the view has gone, in words; undefined while it is in its place or nothing can be said. */
  #movedTo(picture: GreyPicture): string | undefined {
    const edges = edgesOf(picture);
    if (this.#view?.width !== picture.width || this.#view.height !== picture.height) {
      this.#view = new ViewReference(picture.width, picture.height);
      this.#usual = undefined;
    }
    const view = this.#view;
    if (!view.known) {
      view.learn(edges);
      if (view.known) this.#agreedAt = this.#clock;
      return undefined;
    }
    const here = view.match(edges);
    this.#usual ??= here.score;
    if (here.score >= this.#usual * DOUBTFUL) {
      view.learn(edges);
      return this.#inPlace(here.score, true);
    }
    const there = view.find(edges);
    const [dx, dy] = [there.at[0] / view.width, there.at[1] / view.height];
    const away = Math.hypot(dx, (dy * view.height) / view.width);
    const fits = there.score >= this.#usual * FOUND;
    // A mast in the wind, or a crowd before the edges: where it is, it is best.
    if (fits && away < this.#o.movedShare) return this.#inPlace(here.score, there.score >= this.#usual * DOUBTFUL);
    this.#backSince = undefined;
    const found = fits && there.score >= here.score * CLEARLY_BETTER;
    if (!found) {
      const sudden =
        this.#awaySince !== undefined || this.#clock - (this.#agreedAt ?? Number.NEGATIVE_INFINITY) <= SUDDEN_MS;
      const parts = here.evidence < LEAST_EVIDENCE ? undefined : view.partsThatScore(edges, this.#usual * OTHER);
      if (!sudden || parts === undefined || parts > CHANCE_PARTS) {
        if (this.#clock - this.#signAt > SIGNS_WITHIN_MS) this.#awaySince = undefined;
        this.#follow(here.score);
        return this.#moved;
      }
    }
    this.#signAt = this.#clock;
    this.#awaySince ??= this.#clock;
    if (this.#clock - this.#awaySince < (found ? SHIFTED_AFTER_MS : OTHER_VIEW_AFTER_MS)) return this.#moved;
    if (this.#fixed === undefined) {
      // Nothing was drawn on the old view: the new one is as good.
      this.#view = undefined;
      this.#usual = undefined;
      this.#awaySince = undefined;
      return undefined;
    }
    this.#moved = found
      ? `moved by ${Math.round(away * 100)} % of the picture's width: its ${this.#fixed} no longer fit`
      : `moved: it shows another view; its ${this.#fixed} no longer fit`;
    return this.#moved;
  }

  #inPlace(score: number, agreed: boolean): string | undefined {
    this.#follow(score);
    if (agreed) this.#agreedAt = this.#clock;
    this.#awaySince = undefined;
    if (this.#moved !== undefined) {
      this.#backSince ??= this.#clock;
      if (this.#clock - this.#backSince < SAME_AFTER_MS) return this.#moved;
      this.#moved = undefined;
    }
    return undefined;
  }

  /** Edges go with the light and with the crowd before them: what is usual follows over minutes. */
  #follow(score: number): void {
    if (this.#moved === undefined) this.#usual = (this.#usual ?? score) * (1 - USUAL_RATE) + score * USUAL_RATE;
  }
}

const SHAPES = [
  [16, 9],
  [4, 3],
  [5, 4],
  [3, 2],
  [1, 1],
  [21, 9],
] as const;

/** A picture's shape as people name it: "16:9", or "1.43:1". */
function shapeOf({ width, height }: { width: number; height: number }): string {
  for (const [w, h] of SHAPES) {
    if (Math.abs((width * h) / w - height) <= SAME_HEIGHT / 2) return `${w}:${h}`;
    if (Math.abs((width * w) / h - height) <= SAME_HEIGHT) return `${h}:${w}`;
  }
  return `${(width / height).toFixed(2)}:1`;
}
