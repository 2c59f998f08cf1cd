/** A series as the column arrays a chart wants: null where there is no count, so that the line breaks there. */
import type { Point } from './series.ts';

export type ChartColumns = {
  /** Seconds since 1970, UTC. */
  times: number[];
  counts: (number | null)[];
  lows: (number | null)[];
  highs: (number | null)[];
};

export function chartColumns(stretches: readonly (readonly Point[])[]): ChartColumns {
  const columns: ChartColumns = { times: [], counts: [], lows: [], highs: [] };
  let lastAt: number | undefined;
  for (const stretch of stretches) {
    if (lastAt !== undefined) push(columns, lastAt + 1, undefined);
    for (const point of stretch) push(columns, point.at, point);
    lastAt = stretch.at(-1)?.at;
  }
  return columns;
}

function push(columns: ChartColumns, at: number, point: Point | undefined): void {
  columns.times.push(at / 1000);
  columns.counts.push(point?.count ?? null);
  columns.lows.push(point?.low ?? null);
  columns.highs.push(point?.high ?? null);
}
