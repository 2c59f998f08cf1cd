/** When a picture may be counted from the map of the one before. Pure but for its memory of the last pictures. */
import { type Picture, thumbDifference } from './model/picture.ts';

/**
 * Mean grey difference (0–255) above which the scene was cut: a new picture, not the next one. Loose, since a dense crowd that
 * walks changes its picture by up to 20 in a second and a carried camera by some 35 in half of one, while 19 in 20 pairs of
 * different scenes differ by more than 35, and a start from another scene's map costs little (docs/model-history.md).
 */
const CUT_DIFFERENCE = 32;

/** Pictures further apart show other people. */
const LONGEST_GAP_MS = 3000;

/** An error must not be handed on for ever: every so often the count starts from pure noise. */
export const REFRESH_MS = 10_000;

/** What must be the same for a picture's latents to fit the next: the size, and the tiles of a far field. */
type Look = Pick<Picture, 'widthPx' | 'heightPx' | 'thumb' | 'far'>;

type Memory = { latents: Float32Array[]; thumb: Uint8Array; parts: string; capturedAt: number; coldAt: number };

export class WarmStarts {
  readonly #memory = new Map<string, Memory>();

  /** The latents to start from, the whole picture's first; undefined for a cold start. */
  previous(key: string, picture: Look, capturedAt: number): Float32Array[] | undefined {
    const last = this.#memory.get(key);
    if (!last || last.parts !== partsOf(picture)) return undefined;
    const gapMs = capturedAt - last.capturedAt;
    if (gapMs <= 0 || gapMs > LONGEST_GAP_MS || capturedAt - last.coldAt > REFRESH_MS) return undefined;
    return thumbDifference(last.thumb, picture.thumb) > CUT_DIFFERENCE ? undefined : last.latents;
  }

  remember(key: string, picture: Look, latents: Float32Array[], capturedAt: number, warm: boolean): void {
    const coldAt = warm ? (this.#memory.get(key)?.coldAt ?? capturedAt) : capturedAt;
    this.#memory.set(key, { latents, thumb: picture.thumb, parts: partsOf(picture), capturedAt, coldAt });
  }
}

const partsOf = ({ widthPx, heightPx, far }: Look): string => JSON.stringify([widthPx, heightPx, far?.plan]);
