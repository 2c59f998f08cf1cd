/** People over a line, from stored spans to what a chart draws and a sentence says. Pure. */
import type { LineHistoryPoint } from '../../../../shared/contracts/history.ts';
import { blindTimes } from './spans.ts';
import type { Stretch } from './window.ts';

const MINUTE_MS = 60_000;

/** Below a minute there are no spans. */
export const flowStepFor = (stepMs: number): number => Math.max(MINUTE_MS, stepMs);

export type FlowColumns = {
  /** Seconds, as uPlot counts time. */
  times: number[];
  /** People a minute. */
  in: (number | null)[];
  out: (number | null)[];
  /** The span behind each place; undefined where the lines break. */
  spans: (LineHistoryPoint | undefined)[];
};

/**
 * Rates in the middle of their spans, broken where nobody was counted. A span that has the people of a longer time is
 * spread over that time: a long pause is no rush.
 */
export function flowColumns(points: readonly LineHistoryPoint[], blind: readonly Stretch[]): FlowColumns {
  const columns: FlowColumns = { times: [], in: [], out: [], spans: [] };
  const push = (at: number, point?: LineHistoryPoint): void => {
    columns.times.push(at / 1_000);
    columns.in.push(point ? perMin(point, point.in) : null);
    columns.out.push(point ? perMin(point, point.out) : null);
    columns.spans.push(point);
  };
  let next = 0;
  for (const point of points.filter(({ coveredMs }) => coveredMs > 0)) {
    const middle = point.at + point.stepMs / 2;
    for (let gap = blind[next]; gap && gap.to <= middle; gap = blind[++next]) push((gap.from + gap.to) / 2);
    push(middle, point);
  }
  return columns;
}

/** Time in which nobody counted at the line. */
export function flowBlind(points: readonly LineHistoryPoint[], stretch: Stretch): Stretch[] {
  const samples = points.map(({ at, stepMs }) => ({ at: at + stepMs / 2, halfMs: stepMs / 2, count: 0, countMax: 0 }));
  return blindTimes(samples, stretch, points[0]?.stepMs ?? 0);
}

export type FlowSum = { in: number; out: number; blindMs: number; doubtful: boolean };

/** Undefined when nothing was counted. */
export function flowSum(points: readonly LineHistoryPoint[]): FlowSum | undefined {
  if (points.length === 0) return undefined;
  return points.reduce<FlowSum>(
    (sum, point) => ({
      in: sum.in + point.in,
      out: sum.out + point.out,
      blindMs: sum.blindMs + point.blindMs,
      doubtful: sum.doubtful || point.doubtful,
    }),
    { in: 0, out: 0, blindMs: 0, doubtful: false },
  );
}

const perMin = ({ coveredMs }: LineHistoryPoint, people: number): number => (people / coveredMs) * MINUTE_MS;
