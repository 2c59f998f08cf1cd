/** Which stretch of time a zone's charts show, and how it moves. Pure. */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `end: 'live'` follows the clock. */
export type TimeWindow = { spanMs: number; end: number | 'live' };

export const RANGES = [
  { id: '15m', spanMs: 15 * MINUTE },
  { id: '1h', spanMs: HOUR },
  { id: '6h', spanMs: 6 * HOUR },
  { id: '24h', spanMs: DAY },
  { id: '7d', spanMs: 7 * DAY },
  { id: '30d', spanMs: 30 * DAY },
] as const;
export type RangeId = (typeof RANGES)[number]['id'];
const FIRST_WINDOW: TimeWindow = { spanMs: HOUR, end: 'live' };

const SHORTEST_MS = 5 * MINUTE;
/** As long as minutes are kept by default. */
const LONGEST_MS = 90 * DAY;
/** Ten-second spans are kept for six hours at least. */
const FINE_REACH_MS = 6 * HOUR;
/** More spans than this are no easier to read, and twice as much to fetch. */
const SPANS_WANTED = 420;
const STEPS_MS = [
  10 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  6 * HOUR,
  DAY,
];

export type Stretch = { from: number; to: number };

export function stretchOf({ spanMs, end }: TimeWindow, now: number): Stretch {
  const to = end === 'live' ? now : end;
  return { from: to - spanMs, to };
}

/** Length of the spans to ask for: fine enough to read, and kept that long. */
export function stepFor({ from, to }: Stretch, now: number): number {
  const kept = (stepMs: number) => stepMs % MINUTE === 0 || now - from <= FINE_REACH_MS;
  return STEPS_MS.find((stepMs) => kept(stepMs) && (to - from) / stepMs <= SPANS_WANTED) ?? DAY;
}

/** The button that stands for this window, if one does. */
export function rangeOf({ spanMs, end }: TimeWindow): RangeId | undefined {
  return end === 'live' ? RANGES.find((range) => range.spanMs === spanMs)?.id : undefined;
}

/** A window from one instant to another; undefined when it is none that can be shown. */
export function windowBetween(from: number, to: number, now: number): TimeWindow | undefined {
  if (!Number.isFinite(from) || !Number.isFinite(to) || to <= from || from >= now) return undefined;
  const end = Math.min(to, now);
  const spanMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, end - from));
  // A marked stretch that was too short is widened around its middle.
  return settle({ spanMs, end: end + Math.max(0, spanMs - (end - from)) / 2 }, now);
}

export type Move = 'earlier' | 'later' | 'closer' | 'wider' | 'live';

/** What a key does: arrows move by a quarter, plus and minus halve and double around the middle. */
export const MOVE_KEYS: Readonly<Record<string, Move>> = {
  ArrowLeft: 'earlier',
  ArrowRight: 'later',
  '+': 'closer',
  '=': 'closer',
  '-': 'wider',
  End: 'live',
};

export function moved(window: TimeWindow, move: Move, now: number): TimeWindow {
  const { to } = stretchOf(window, now);
  switch (move) {
    case 'earlier':
      return settle({ ...window, end: to - window.spanMs / 4 }, now);
    case 'later':
      return settle({ ...window, end: to + window.spanMs / 4 }, now);
    case 'closer':
      return zoomed(window, 0.5, now);
    case 'wider':
      return zoomed(window, 2, now);
    case 'live':
      return { ...window, end: 'live' };
  }
}

function zoomed(window: TimeWindow, factor: number, now: number): TimeWindow {
  const spanMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, window.spanMs * factor));
  // Who watches the present goes on watching it.
  if (window.end === 'live') return { spanMs, end: 'live' };
  return settle({ spanMs, end: window.end + (spanMs - window.spanMs) / 2 }, now);
}

/** The future is not shown: a window that reaches the present follows it. */
function settle({ spanMs, end }: { spanMs: number; end: number }, now: number): TimeWindow {
  return { spanMs, end: end >= now ? 'live' : Math.round(end) };
}

/** As it stands in the address, so that a view can be linked to: `6h`, or `<from>-<to>`. */
export function windowParam(window: TimeWindow): string {
  if (window.end === 'live') return rangeOf(window) ?? `${Math.round(window.spanMs / SECOND)}s`;
  return `${window.end - window.spanMs}-${window.end}`;
}

export function parseWindow(param: string | undefined, now: number): TimeWindow {
  const range = RANGES.find(({ id }) => id === param);
  if (range) return { spanMs: range.spanMs, end: 'live' };
  const [, seconds] = /^(\d{1,8})s$/.exec(param ?? '') ?? [];
  if (seconds) return { spanMs: Math.min(LONGEST_MS, Math.max(SHORTEST_MS, Number(seconds) * SECOND)), end: 'live' };
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(param ?? '') ?? [];
  return (from && to && windowBetween(Number(from), Number(to), now)) || FIRST_WINDOW;
}
