/** From stored spans and live readings to what charts and tables show. Time without a count stays empty. Pure. */
import type { HistoryPoint } from '../../../../shared/contracts/history.ts';
import type { PublicReading } from '../../../../shared/contracts/reading.ts';
import type { Stretch } from './window.ts';

/** What is drawn at one instant. */
export type Sample = {
  at: number;
  /** Time it stands for, to either side: half a stored span; none for a live picture. */
  halfMs: number;
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

/** A stretch in one sentence's figures; undefined when nothing was counted in it. */
export function summarise(samples: readonly Sample[], blind: readonly Stretch[]): Summary | undefined {
  const [first] = samples;
  if (!first) return undefined;
  const highest = samples.reduce((most, sample) => (sample.countMax > most.countMax ? sample : most), first);
  const dense = samples.filter((sample) => sample.densityPeak !== undefined);
  const densest = dense.reduce<Sample | undefined>(
    (most, sample) => ((sample.densityPeak ?? 0) > (most?.densityPeak ?? -1) ? sample : most),
    undefined,
  );
  return {
    mean: samples.reduce((sum, { count }) => sum + count, 0) / samples.length,
    highest: { count: highest.countMax, at: highest.at },
    ...(densest ? { densest: { peoplePerSqm: densest.densityPeak ?? 0, at: densest.at } } : {}),
    blindMs: blind.reduce((sum, { from, to }) => sum + to - from, 0),
  };
}
