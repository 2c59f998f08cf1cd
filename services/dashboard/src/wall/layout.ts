/**
 * How many columns the wall has: those that give the largest tiles with every camera on the screen at once. Where
 * tiles would become unreadable, as many columns as stay readable, and the wall scrolls.
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
  /** Chosen by hand: tiles about this wide, and the wall scrolls. Without it, all cameras at once where that is readable. */
  wantedTilePx?: number | undefined;
};

export type WallLayout = { columns: number; tilePx: number };

const PICTURE_ASPECT = 16 / 9;

export function wallLayout({
  cameras,
  widthPx,
  heightPx,
  gapPx,
  minTilePx,
  chromePx,
  wantedTilePx,
}: WallSize): WallLayout {
  const widest = (columns: number) => (widthPx - gapPx * (columns - 1)) / columns;
  const most = Math.max(1, Math.floor((widthPx + gapPx) / (minTilePx + gapPx)));
  if (wantedTilePx !== undefined) {
    const fit = Math.round((widthPx + gapPx) / (wantedTilePx + gapPx));
    const columns = Math.max(1, Math.min(most, fit));
    return { columns, tilePx: widest(columns) };
  }
  let best: WallLayout = { columns: 1, tilePx: 0 };
  for (let columns = 1; columns <= Math.min(most, cameras); columns += 1) {
    const rows = Math.ceil(cameras / columns);
    const rowHeight = (heightPx - gapPx * (rows - 1)) / rows;
    const tilePx = Math.min(widest(columns), (rowHeight - chromePx) * PICTURE_ASPECT);
    if (tilePx > best.tilePx) best = { columns, tilePx };
  }
  if (best.tilePx >= minTilePx) return best;
  const columns = Math.max(1, Math.min(most, cameras));
  return { columns, tilePx: widest(columns) };
}

/** What the reader may choose: everything at once, or tiles of about a width, in rem. */
export const TILE_SIZES = { auto: undefined, small: 17.5, medium: 25, large: 38 } as const;
export type TileSize = keyof typeof TILE_SIZES;
export const isTileSize = (value: unknown): value is TileSize =>
  typeof value === 'string' && Object.hasOwn(TILE_SIZES, value);
