/**
 * How many columns the wall has: as few (tiles as large) as possible while every camera is on the screen at once,
 * else as many as stay readable, and the wall scrolls.
 */
export type WallSize = {
  cameras: number;
  widthPx: number;
  heightPx: number;
  gapPx: number;
  /** Narrowest tile that is still readable. */
  minTilePx: number;
  /** Height of a tile without its picture. */
  chromePx: number;
};

const PICTURE_ASPECT = 16 / 9;

export function wallColumns({ cameras, widthPx, heightPx, gapPx, minTilePx, chromePx }: WallSize): number {
  const most = Math.max(1, Math.floor((widthPx + gapPx) / (minTilePx + gapPx)));
  const useful = Math.min(most, Math.max(1, cameras));
  for (let columns = 1; columns <= useful; columns += 1) {
    const tile = (widthPx - gapPx * (columns - 1)) / columns;
    const rows = Math.ceil(cameras / columns);
    const needed = rows * (tile / PICTURE_ASPECT + chromePx) + gapPx * (rows - 1);
    if (needed <= heightPx) return columns;
  }
  return useful;
}

/**
 * With few cameras on a wide screen, filling the width would push the picture off the bottom; this is the width at
 * which the whole wall fits its height.
 */
export function wallMaxWidth(size: WallSize, columns: number): number {
  const rows = Math.max(1, Math.ceil(size.cameras / columns));
  const rowHeight = (size.heightPx - size.gapPx * (rows - 1)) / rows;
  const tile = (rowHeight - size.chromePx) * PICTURE_ASPECT;
  const fitting = tile * columns + size.gapPx * (columns - 1);
  // Not below what keeps a tile readable: then the wall scrolls.
  return tile < size.minTilePx ? size.widthPx : Math.min(size.widthPx, fitting);
}
