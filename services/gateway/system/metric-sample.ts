/** Reading figures out of the services' metrics: sums, rates and percentiles between two looks. Pure. */

/** One metric of prom-client's `getMetricsAsJSON`. */
export type MetricJson = {
  name: string;
  values: { value: number; labels: Record<string, string | number>; metricName?: string }[];
};

export type Series = { name: string; labels: Record<string, string>; value: number };
/** All series at one moment, by name and labels. */
export type Sample = { at: number; series: Map<string, Series> };

/** Takes what is asked about out of all services' metrics. @param wanted metric names */
export function sampleOf(at: number, metrics: readonly MetricJson[], wanted: ReadonlySet<string>): Sample {
  const series = new Map<string, Series>();
  for (const metric of metrics) {
    if (!wanted.has(metric.name)) continue;
    for (const { value, labels, metricName } of metric.values) {
      const name = metricName ?? metric.name;
      const texts = Object.fromEntries(Object.entries(labels).map(([key, text]) => [key, String(text)]));
      series.set(`${name} ${JSON.stringify(texts)}`, { name, labels: texts, value });
    }
  }
  return { at, series };
}

export type Filter = Record<string, string>;

const fits = (labels: Record<string, string>, filter: Filter): boolean =>
  Object.entries(filter).every(([key, value]) => labels[key] === value);

function* matching(sample: Sample, name: string, filter: Filter): Generator<[string, Series]> {
  for (const entry of sample.series) if (entry[1].name === name && fits(entry[1].labels, filter)) yield entry;
}

export function total(sample: Sample, name: string, filter: Filter = {}): number {
  let sum = 0;
  for (const [, { value }] of matching(sample, name, filter)) sum += value;
  return sum;
}

/** The one value of a gauge, the newest service's word; undefined where nobody says it. */
export function gauge(sample: Sample, name: string, filter: Filter = {}): Series | undefined {
  let found: Series | undefined;
  for (const [, series] of matching(sample, name, filter)) found = series;
  return found;
}

export function labelValues(sample: Sample, name: string, label: string, filter: Filter = {}): string[] {
  const values = new Set<string>();
  for (const [, { labels }] of matching(sample, name, filter)) {
    const value = labels[label];
    if (value !== undefined) values.add(value);
  }
  return [...values].sort();
}

/** How much a counter has risen. A service that started anew counts from zero: what it has is the rise. */
export function rise(before: Sample, after: Sample, name: string, filter: Filter = {}): number {
  let sum = 0;
  for (const [key, { value }] of matching(after, name, filter)) {
    const was = before.series.get(key)?.value ?? 0;
    sum += value >= was ? value - was : value;
  }
  return sum;
}

/**
 * Percentiles of a histogram's observations between two looks, in the histogram's unit.
 * @param shares such as 0.5 and 0.99
 * @returns undefined when nothing was observed; the last bucket's bound for what lies above it
 */
export function percentiles(
  before: Sample,
  after: Sample,
  name: string,
  shares: readonly number[],
  filter: Filter = {},
): number[] | undefined {
  const atMost = new Map<number, number>();
  for (const [key, { labels, value }] of matching(after, `${name}_bucket`, filter)) {
    const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le);
    const was = before.series.get(key)?.value ?? 0;
    atMost.set(bound, (atMost.get(bound) ?? 0) + (value >= was ? value - was : value));
  }
  const buckets = [...atMost].sort(([a], [b]) => a - b);
  const all = buckets.at(-1)?.[1] ?? 0;
  if (all <= 0) return undefined;
  return shares.map((share) => {
    let [below, counted] = [0, 0];
    for (const [bound, count] of buckets) {
      if (count >= share * all) {
        if (!Number.isFinite(bound)) return below;
        const within = count === counted ? 1 : (share * all - counted) / (count - counted);
        return below + (bound - below) * within;
      }
      [below, counted] = [bound, count];
    }
    return below;
  });
}
