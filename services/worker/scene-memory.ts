/** What is known of a camera's scene from the pictures before. Pure but for its memory of the last picture of each. */
import type { PictureEstimate } from './model/count-picture.ts';
import { type Picture, thumbDifference } from './model/picture.ts';
import type { Counted } from './steadied.ts';

/**
 * Mean grey difference (0–255) above which the scene was cut: a new picture, not the next one. Loose, since a dense crowd that
 * walks changes its picture by up to 20 in a second and a carried camera by some 35 in half of one, while 19 in 20 pairs of
 * different scenes differ by more than 35, and a start from another scene's map costs little (docs/model-history.md).
 */
const CUT_DIFFERENCE = 32;

/** Pictures further apart show other people. */
const LONGEST_GAP_MS = 3000;

/** Pictures that were taken so close together may be counted a little further apart. */
const KEPT_MS = 2 * LONGEST_GAP_MS;

/** An error must not be handed on for ever: every so often the count starts from pure noise. */
const REFRESH_MS = 10_000;

/** What must be the same for a picture to fit the next: the size, how much of it is picture, and the tiles of a far field. */
type Look = Pick<Picture, 'widthPx' | 'heightPx' | 'seen' | 'thumb' | 'far'>;

type Latents = PictureEstimate['latents'];

type Memory = {
  latents: Latents;
  counted: Counted;
  thumb: Uint8Array;
  parts: string;
  capturedAt: number;
  coldAt: number;
  /** By the process's own clock: a camera's pictures may all come late. */
  keptAtMs: number;
};

/** The picture before, of the same scene. */
export type Before = {
  gapMs: number;
  /** What was counted there, steadied. */
  counted: Counted;
  /** Latents to start from, the whole picture's first; none when a cold start is due. */
  latents?: Latents;
};

export class SceneMemory {
  readonly #memory = new Map<string, Memory>();
  readonly #now: () => number;

  /** @param now ms, a clock that is never set */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The picture before this one; undefined after a cut, a gap or another size. */
  before(key: string, picture: Look, capturedAt: number): Before | undefined {
    const last = this.#memory.get(key);
    if (!last || last.parts !== partsOf(picture)) return undefined;
    const gapMs = capturedAt - last.capturedAt;
    if (gapMs <= 0 || gapMs > LONGEST_GAP_MS || thumbDifference(last.thumb, picture.thumb) > CUT_DIFFERENCE)
      return undefined;
    const { counted, latents } = last;
    return { gapMs, counted, ...(capturedAt - last.coldAt <= REFRESH_MS && { latents }) };
  }

  /** @param warm whether the latents were started from those before */
  remember(
    key: string,
    picture: Look,
    { latents, counted }: { latents: Latents; counted: Counted },
    capturedAt: number,
    warm: boolean,
  ): void {
    // Cameras come and go, and with them megabytes.
    const keptAtMs = this.#now();
    for (const [other, memory] of this.#memory) {
      if (keptAtMs - memory.keptAtMs > KEPT_MS) this.#memory.delete(other);
    }
    const coldAt = warm ? (this.#memory.get(key)?.coldAt ?? capturedAt) : capturedAt;
    this.#memory.set(key, {
      latents,
      counted,
      thumb: picture.thumb,
      parts: partsOf(picture),
      capturedAt,
      coldAt,
      keptAtMs,
    });
  }
}

const partsOf = ({ widthPx, heightPx, seen, far }: Look): string =>
  JSON.stringify([widthPx, heightPx, seen, far?.plan]);
