/**
 * How fast a figure rises: Theil–Sen slope over the last minutes with Sen's interval (Sen, JASA 63, 1968), widened for
 * the serial correlation of crowd counts (Yue & Wang, Water Resources Management 18, 2004). Pure.
 *
 * A median of pairwise slopes shrugs off up to 29 % of wild counts. A slope is only stated where its 95 % interval
 * excludes zero: a crowd that merely fluctuates has no forecast.
 */

/** One bin: the median is taken when it closes. Times are seen time, added up sample by sample, ms. */
type Bin = { atMs: number; value: number };

/** Plain JSON; survives a restart. */
export type Trend = {
  /** What is counted: figures of another ground are another figure. */
  of?: string;
  lastCapturedAt?: number;
  elapsedMs: number;
  /** Replaced only when a bin closes: as long as it is the same array, the slope is the same. */
  bins: Bin[];
  open: number[];
  openedAtMs: number;
};

export type Slope = {
  /** Units of the figure per minute. */
  perMin: number;
  lowPerMin: number;
  highPerMin: number;
  /** Whether the interval leaves zero out. */
  significant: boolean;
};

const BIN_MS = 10_000;
/** Fewer have no interval worth stating. */
const LEAST_BINS = 6;
const Z_95 = 1.96;
/** A longer gap between pictures than this starts the trend anew. */
const MAX_GAP_MS = 60_000;

export const emptyTrend = (of?: string): Trend => ({
  ...(of === undefined ? {} : { of }),
  elapsedMs: 0,
  bins: [],
  open: [],
  openedAtMs: 0,
});

/** Adds a fresh figure. A clock set back adds no time; a long gap forgets what was. */
export function addToTrend(trend: Trend, capturedAt: number, value: number, windowMs: number): Trend {
  const stepMs = trend.lastCapturedAt === undefined ? 0 : capturedAt - trend.lastCapturedAt;
  if (stepMs > MAX_GAP_MS) return { ...emptyTrend(trend.of), lastCapturedAt: capturedAt, open: [value] };
  const elapsedMs = trend.elapsedMs + Math.max(0, stepMs);
  const grown = { ...trend, lastCapturedAt: capturedAt, elapsedMs };
  if (elapsedMs - trend.openedAtMs < BIN_MS) return { ...grown, open: [...trend.open, value] };
  const closed = { atMs: trend.openedAtMs + BIN_MS / 2, value: medianOf(trend.open) };
  const bins = [...trend.bins, closed].filter((bin) => bin.atMs > elapsedMs - windowMs);
  return { ...grown, bins, open: [value], openedAtMs: elapsedMs };
}

/** The slope, or undefined before `minMs` have been seen. */
export function slopeOf(trend: Trend, minMs: number): Slope | undefined {
  const { bins } = trend;
  const n = bins.length;
  // By the time that was seen, not by what the bins span: of a window these leave out the newest, and by rounding the oldest.
  if (n < LEAST_BINS || trend.elapsedMs < minMs) return undefined;

  const slopes: number[] = [];
  for (const [i, a] of bins.entries()) {
    for (const b of bins.slice(i + 1)) slopes.push(((b.value - a.value) / (b.atMs - a.atMs)) * 60_000);
  }
  slopes.sort((a, b) => a - b);
  const perMin = sortedMedian(slopes);

  const variance = ((n * (n - 1) * (2 * n + 5)) / 18) * correlationFactor(bins, perMin);
  const spread = Z_95 * Math.sqrt(variance);
  const at = (index: number): number => slopes[Math.min(Math.max(index, 0), slopes.length - 1)] ?? perMin;
  const lowPerMin = at(Math.floor((slopes.length - spread) / 2) - 1);
  const highPerMin = at(Math.ceil((slopes.length + spread) / 2));
  return { perMin, lowPerMin, highPerMin, significant: lowPerMin > 0 || highPerMin < 0 };
}

/** Lag-1 correlation of what the slope leaves over makes n pictures worth fewer: (1 + r) / (1 - r). */
function correlationFactor(bins: Bin[], perMin: number): number {
  const rest = bins.map((bin) => bin.value - (perMin * bin.atMs) / 60_000);
  const mean = rest.reduce((sum, r) => sum + r, 0) / rest.length;
  let own = 0;
  let next = 0;
  for (const [i, r] of rest.entries()) {
    own += (r - mean) ** 2;
    const after = rest[i + 1];
    if (after !== undefined) next += (r - mean) * (after - mean);
  }
  const r1 = own === 0 ? 0 : Math.min(Math.max(next / own, 0), 0.9);
  return (1 + r1) / (1 - r1);
}

const medianOf = (values: number[]): number => sortedMedian([...values].sort((a, b) => a - b));

function sortedMedian(sorted: number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
