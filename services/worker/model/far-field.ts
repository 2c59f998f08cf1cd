/**
 * Where the tiles of a far field lie. Pure. The far field is the upper strip of a picture; it is counted a second time at
 * the stream's own resolution, in tiles no larger than the model takes, since its people are lost where the whole
 * picture is reduced.
 */
import type { FarField } from '../../../shared/contracts/far-field.ts';
import type { ModelManifest } from '../../../shared/contracts/manifest.ts';
import { madeUp, type Size, seenSize } from './inference-size.ts';

/** Pixels of the far picture: `right` and `bottom` are the first outside. */
export type Area = { left: number; top: number; right: number; bottom: number };

/** What is counted in one go, and the part of it that is believed: the rest is there so that no head is cut off. */
export type Tile = Area & { own: Area };

export type FarPlan = {
  /** The size at which the whole picture is counted; its width is a multiple of the model's. */
  whole: Size;
  /** The whole picture at the far field's resolution, as wide as multiples go; only its upper part is looked at. */
  picture: Size;
  /** Lower edge of the strip, share of the picture's height: a row of blocks of the whole picture ends there. */
  until: number;
  /** First row below the tiles, px of the far picture or, where it has to be made up, a little below it. */
  bottom: number;
  tiles: Tile[];
};

/**
 * Pixels between a tile's cut edge and what is believed of it. Measured on street scenes, model 0.3.0, the same noise: a
 * cell differs from that of the uncut picture by 75 % next to the cut, 5 to 20 % at 100 px, 1 to 3 % from 160 px on.
 */
export const MARGIN_PX = 96;

/** A far picture that is hardly larger than the whole one shows nothing new. */
const LEAST_GAIN = 1.2;

/**
 * Plans the far field of a picture.
 * @param native size of the picture that came
 * @param whole size at which the whole picture is counted; its width a multiple of the model's
 * @returns undefined where the picture holds no more detail than the whole one is counted with
 */
export function planFarField(
  native: Size,
  whole: Size,
  input: ModelManifest['input'],
  { until, maxWidth }: FarField,
): FarPlan | undefined {
  const unit = input.multipleOf;
  const picture = seenSize(native, { ...input, maxWidth }, 'native', unit);
  const rows = whole.heightPx / unit;
  if (picture.widthPx < LEAST_GAIN * whole.widthPx || rows < 2) return undefined;
  const edge = Math.min(Math.ceil(rows) - 1, Math.max(1, Math.round(until * rows))) / rows;
  const up = (px: number) => Math.ceil(px / unit) * unit;
  const lowest = madeUp(picture, input).heightPx;
  const ownBottom = Math.min(lowest, up(edge * picture.heightPx));
  const bottom = Math.min(lowest, up(ownBottom + MARGIN_PX));
  const columns = spans(picture.widthPx, input);
  const lines = spans(bottom, input);
  const tiles = lines.flatMap((y) =>
    columns.map((x) => ({
      ...{ left: x.from, top: y.from, right: x.to, bottom: y.to },
      own: { left: x.ownFrom, top: y.ownFrom, right: x.ownTo, bottom: Math.min(ownBottom, y.ownTo) },
    })),
  );
  return { whole, picture, until: edge, bottom, tiles };
}

type Span = { from: number; to: number; ownFrom: number; ownTo: number };

/** Covers a length with equal spans that overlap; each owns what lies between the middles of its overlaps. */
function spans(length: number, { maxWidth, multipleOf: unit }: ModelManifest['input']): Span[] {
  const largest = Math.max(2, Math.floor(maxWidth / unit)) * unit;
  const overlap = Math.min(2 * MARGIN_PX, Math.floor(largest / unit / 2) * unit);
  const count = length <= largest ? 1 : Math.ceil((length - overlap) / (largest - overlap));
  const size = count === 1 ? length : Math.ceil((length + (count - 1) * overlap) / count / unit) * unit;
  const start = (i: number) => (count === 1 ? 0 : Math.round((i * (length - size)) / (count - 1) / unit) * unit);
  const seam = (i: number) => Math.round((start(i) + start(i - 1) + size) / 2 / unit) * unit;
  return Array.from({ length: count }, (_, i) => ({
    from: start(i),
    to: start(i) + size,
    ownFrom: i === 0 ? 0 : seam(i),
    ownTo: i === count - 1 ? length : seam(i + 1),
  }));
}
