/**
 * Makes people in a picture unrecognisable: what the model found of them is replaced by patches far larger than a face's
 * features. Where the map has density though no head was located, too. What the model did not see stays as it is: only
 * the mode `heatmap` keeps no picture at all.
 */
import sharp from 'sharp';
import type { Heatmap } from '../../../shared/contracts/heatmap.ts';

/** The picture is first reduced to this many patches across: of a face that fills a tenth of it, three remain. */
const PATCHES_ACROSS = 32;
/** Width of the mask: fine enough to follow rows of heads. */
const MASK_WIDTH = 192;
/**
 * People in the picture if it were everywhere as full as here, from which a place counts as one with people. Measured on
 * held-out pictures (docs/alerts.md): about 99 of 100 heads or more are covered, empty scenes mostly left alone; a lower floor
 * covers no more of them.
 */
const FLOOR_PEOPLE = 20;
/** A head's surround, shares of the picture's width: heads that stand close are small, a lone one may be near. */
const RADIUS = { least: 0.02, most: 0.07, ofSpacing: 0.9 } as const;
/** Neighbours whose distance tells how large heads are here. */
const NEIGHBOURS = 3;
/** Cells by which places with density grow on every side, so that the rim of a head is covered. */
const GROW_CELLS = 2;

export type Mask = { width: number; height: number; values: Uint8Array };

/**
 * Where people are: 255 for made unrecognisable, 0 for left alone. Pure.
 * @param aspect width over height of the picture
 */
export function peopleMask(
  map: Pick<Heatmap, 'width' | 'height' | 'peoplePerUnit' | 'values' | 'heads'>,
  aspect: number,
): Mask {
  const width = MASK_WIDTH;
  const height = Math.max(1, Math.round(width / aspect));
  const values = new Uint8Array(width * height);
  // Density first. A cell's share of the picture shrinks with the number of cells: the floor is a density, not a count.
  const floor = FLOOR_PEOPLE / (map.width * map.height);
  for (let row = 0; row < map.height; row++) {
    for (let column = 0; column < map.width; column++) {
      if ((map.values[row * map.width + column] ?? 0) * map.peoplePerUnit < floor) continue;
      fillBox(
        { width, height, values },
        (column - GROW_CELLS) / map.width,
        (row - GROW_CELLS) / map.height,
        (column + 1 + GROW_CELLS) / map.width,
        (row + 1 + GROW_CELLS) / map.height,
      );
    }
  }
  for (const [index, [x, y]] of map.heads.entries()) {
    fillDisc({ width, height, values }, x * width, y * height, headRadius(map.heads, index, aspect) * width);
  }
  return { width, height, values };
}

/** Radius around a head, share of the picture's width: from the distance of its neighbours. Pure. */
export function headRadius(heads: readonly (readonly [number, number])[], index: number, aspect: number): number {
  const [x, y] = heads[index] ?? [0, 0];
  const nearest: number[] = [];
  for (const [other, [ox, oy]] of heads.entries()) {
    if (other === index) continue;
    const distance = Math.hypot(ox - x, (oy - y) / aspect);
    if (nearest.length < NEIGHBOURS || distance < (nearest.at(-1) ?? 0)) {
      nearest.push(distance);
      nearest.sort((a, b) => a - b);
      nearest.length = Math.min(nearest.length, NEIGHBOURS);
    }
  }
  const spacing = nearest.length < NEIGHBOURS ? Number.POSITIVE_INFINITY : (nearest.at(-1) ?? 0);
  return Math.min(Math.max(spacing * RADIUS.ofSpacing, RADIUS.least), RADIUS.most);
}

/**
 * The picture with people made unrecognisable, as JPEG without metadata.
 * @param jpeg the picture the map was made of
 * @throws Error when it is no picture
 */
export async function anonymise(jpeg: Uint8Array, map: Heatmap): Promise<Buffer> {
  const { data, info } = await sharp(jpeg, { failOn: 'error' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const raw = { width, height, channels: 3 as const };
  const mask = peopleMask(map, width / height);
  const opaque = await sharp(mask.values, { raw: { width: mask.width, height: mask.height, channels: 1 } })
    .resize(width, height, { fit: 'fill', kernel: 'nearest' })
    .toColourspace('b-w')
    .raw()
    .toBuffer();
  // Two steps: sharp resizes once per pipeline, and what is to be lost must be lost before it is enlarged again.
  const patches = await sharp(data, { raw })
    .resize(PATCHES_ACROSS, Math.max(1, Math.round((PATCHES_ACROSS * height) / width)), {
      fit: 'fill',
      kernel: 'cubic',
    })
    .png()
    .toBuffer();
  const coarse = await sharp(patches)
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .joinChannel(opaque, { raw: { width, height, channels: 1 } })
    .png({ compressionLevel: 1 })
    .toBuffer();
  return sharp(data, { raw })
    .composite([{ input: coarse }])
    .jpeg({ quality: 85 })
    .toBuffer();
}

function fillBox(mask: Mask, left: number, top: number, right: number, bottom: number): void {
  const fromX = Math.max(0, Math.floor(left * mask.width));
  const toX = Math.min(mask.width, Math.ceil(right * mask.width));
  const toY = Math.min(mask.height, Math.ceil(bottom * mask.height));
  for (let y = Math.max(0, Math.floor(top * mask.height)); y < toY; y++) {
    mask.values.fill(255, y * mask.width + fromX, y * mask.width + toX);
  }
}

function fillDisc(mask: Mask, centreX: number, centreY: number, radius: number): void {
  for (let y = Math.max(0, Math.floor(centreY - radius)); y <= Math.min(mask.height - 1, centreY + radius); y++) {
    // The cell's nearest edge counts: a disc is rather too large than too small.
    const dy = Math.max(0, Math.abs(y + 0.5 - centreY) - 0.5);
    if (dy > radius) continue;
    const half = Math.sqrt(radius * radius - dy * dy);
    const from = Math.max(0, Math.floor(centreX - half));
    const to = Math.min(mask.width, Math.ceil(centreX + half));
    if (to > from) mask.values.fill(255, y * mask.width + from, y * mask.width + to);
  }
}
