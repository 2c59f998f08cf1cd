/** Arrow keys on a grid of tiles: from one place to the next. */
export type GridKey = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown' | 'Home' | 'End';

const KEYS = new Set<string>(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End']);

export function isGridKey(key: string): key is GridKey {
  return KEYS.has(key);
}

/** The index the key leads to; at an edge the focus stays where it is. */
export function moveInGrid(index: number, key: GridKey, count: number, columns: number): number {
  const step = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    Home: -index,
    End: count - 1 - index,
  };
  const next = index + step[key];
  return next >= 0 && next < count ? next : index;
}
