/** From stored spans and live readings to what charts and tables show. Time without a count stays empty. Pure. */
import type { HistoryPoint } from '../../../../shared/contracts/history.ts';
import type { PublicReading } from '../../../../shared/contracts/reading.ts';
import type { Stretch } from './window.ts';

/** What is drawn at one instant. */
export type Sample = {
  at: number;
  /** Time it stands for, to either side: half a stored span; none for a live picture. */
  halfMs: number;
  /** Of a stored span, counted. */
  countedMs?: number | undefined;
  count: number;
  low?: number | undefined;
  high?: number | undefined;
  countMax: number;
  densityMean?: number | undefined;
  densityPeak?: number | undefined;
};

/** A zone's figures in a counted picture; the whole picture's without a zone. */
export function sampleOf(reading: PublicReading, zoneId: string | undefined): Sample | undefined {
  if (reading.status !== 'ok') return undefined;
  const zone = zoneId === undefined ? reading : reading.zones.find((one) => one.zoneId === zoneId);
  if (!zone) return undefined;
  const [low, high] = zone.interval;
  const sample = { at: reading.capturedAt, halfMs: 0, count: zone.count, low, high, countMax: zone.count };
  if (!('peoplePerSqm' in zone) || zone.peoplePerSqm === undefined) return sample;
  return { ...sample, densityMean: zone.peoplePerSqm, densityPeak: zone.peakPeoplePerSqm ?? zone.peoplePerSqm };
}

/** The live end of a chart: bounded, one sample a second, kept while the page is open. */
export class LiveTail {
  readonly #keepMs: number;
  #samples: Sample[] = [];

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  add(sample: Sample): void {
    const last = this.#samples.at(-1);
    if (last && sample.at <= last.at) return;
    if (last && Math.floor(last.at / 1_000) === Math.floor(sample.at / 1_000)) this.#samples.pop();
    this.#samples.push(sample);
    while ((this.#samples[0]?.at ?? sample.at) < sample.at - this.#keepMs) this.#samples.shift();
  }

  after(at: number): Sample[] {
    return this.#samples.filter((sample) => sample.at > at);
  }
}

/** A stored span is drawn in its middle. */
export function samplesOf(points: readonly HistoryPoint[]): Sample[] {
  return points.map((point) => ({
    at: point.at + point.stepMs / 2,
    halfMs: point.stepMs / 2,
    countedMs: point.countedMs,
    count: point.countMean,
    low: point.countLow,
    high: point.countHigh,
    countMax: point.countMax,
    densityMean: point.densityMean,
    densityPeak: point.densityPeak,
  }));
}

/**
 * Stored spans with the live end after them. Beside spans of minutes and more the live end would be a hair: there only
 * its newest sample stands, for the present.
 */
export function withTail(points: readonly HistoryPoint[], tail: readonly Sample[], stepMs: number): Sample[] {
  const stored = samplesOf(points);
  const last = points.at(-1);
  const fresh = last ? tail.filter(({ at }) => at > last.at + stepMs / 2) : [...tail];
  if (stepMs > 60_000) return [...stored, ...fresh.slice(-1)];
  return [...stored, ...fresh];
}

/**
 * Time in which nobody counted: between samples, before the first, after the last.
 * @param pauseMs longest time between two counts of a camera that is well
 */
export function blindTimes(samples: readonly Sample[], { from, to }: Stretch, pauseMs: number): Stretch[] {
  const blind: Stretch[] = [];
  let seenTo = from;
  for (const { at, halfMs } of samples) {
    if (at - halfMs - seenTo > pauseMs) blind.push({ from: seenTo, to: Math.min(at - halfMs, to) });
    seenTo = Math.max(seenTo, at + halfMs);
  }
  if (to - seenTo > pauseMs) blind.push({ from: seenTo, to });
  return blind.filter((stretch) => stretch.to > stretch.from);
}

/** A stored span in a part of which nobody counted: a long one may hide hours of that. */
export type PartlyBlind = Stretch & { unseenMs: number };

/** So late the last minute of a span may be stored and fetched. */
const SETTLED_AFTER_MS = 60_000;

/** Spans that are over and were not counted throughout. @param pauseMs as of {@link blindTimes} */
export function partlyBlind(points: readonly HistoryPoint[], { from, to }: Stretch, pauseMs: number): PartlyBlind[] {
  return points.flatMap(({ at, stepMs, countedMs }) => {
    const unseenMs = stepMs - countedMs;
    const isOver = at >= from && at + stepMs + SETTLED_AFTER_MS <= to;
    return isOver && unseenMs > pauseMs ? [{ from: at, to: at + stepMs, unseenMs }] : [];
  });
}

/** Time to be marked as blind: wholly, and spans that were blind for the longer part. */
export function markedBlind(blind: readonly Stretch[], partly: readonly PartlyBlind[]): Stretch[] {
  return [...blind, ...partly.filter(({ from, to, unseenMs }) => unseenMs > (to - from) / 2)];
}

export type Columns = {
  /** Seconds, as uPlot counts time. */
  times: number[];
  count: (number | null)[];
  high: (number | null)[];
  low: (number | null)[];
  countMax: (number | null)[];
  densityMean: (number | null)[];
  densityPeak: (number | null)[];
};

/** Columns for the charts, broken where somebody was blind: no line leads over a gap. */
export function columnsOf(samples: readonly Sample[], blind: readonly Stretch[]): Columns {
  const columns: Columns = { times: [], count: [], high: [], low: [], countMax: [], densityMean: [], densityPeak: [] };
  const push = (at: number, sample?: Sample) => {
    columns.times.push(at / 1_000);
    columns.count.push(sample?.count ?? null);
    columns.high.push(sample?.high ?? null);
    columns.low.push(sample?.low ?? null);
    columns.countMax.push(sample?.countMax ?? null);
    columns.densityMean.push(sample?.densityMean ?? null);
    columns.densityPeak.push(sample?.densityPeak ?? null);
  };
  let next = 0;
  for (const sample of samples) {
    for (let gap = blind[next]; gap && gap.to <= sample.at; gap = blind[++next]) push((gap.from + gap.to) / 2);
    push(sample.at, sample);
  }
  return columns;
}

export type Summary = {
  mean: number;
  highest: { count: number; at: number };
  densest?: { peoplePerSqm: number; at: number };
  blindMs: number;
};

/** Live samples come once a second. */
const LIVE_SAMPLE_MS = 1_000;

/** A stretch in one sentence's figures; undefined when nothing was counted in it. */
export function summarise(
  samples: readonly Sample[],
  blind: readonly Stretch[],
  partly: readonly PartlyBlind[] = [],
): Summary | undefined {
  const [first] = samples;
  if (!first) return undefined;
  const highest = samples.reduce((most, sample) => (sample.countMax > most.countMax ? sample : most), first);
  const dense = samples.filter((sample) => sample.densityPeak !== undefined);
  const densest = dense.reduce<Sample | undefined>(
    (most, sample) => ((sample.densityPeak ?? 0) > (most?.densityPeak ?? -1) ? sample : most),
    undefined,
  );
  // Each by the time it was counted for: the last minute's seconds are no more than one minute's span.
  const weightOf = ({ countedMs = LIVE_SAMPLE_MS }: Sample): number => countedMs;
  const weight = samples.reduce((sum, sample) => sum + weightOf(sample), 0);
  return {
    mean: samples.reduce((sum, sample) => sum + sample.count * weightOf(sample), 0) / weight,
    highest: { count: highest.countMax, at: highest.at },
    ...(densest ? { densest: { peoplePerSqm: densest.densityPeak ?? 0, at: densest.at } } : {}),
    blindMs:
      blind.reduce((sum, { from, to }) => sum + to - from, 0) + partly.reduce((sum, { unseenMs }) => sum + unseenMs, 0),
  };
}
