/** Looks at all services' metrics every few seconds, so that rates and percentiles of the last minute can be told. */
import type { Lifecycle } from '../../../shared/runtime/lifecycle.ts';
import { type MetricJson, type Sample, sampleOf } from './metric-sample.ts';

const EVERY_MS = 5_000;
const WINDOW_MS = 60_000;

/** Everything the system report reads. */
const WANTED = new Set([
  'headroom_frames_sampled_total',
  'headroom_frames_counted_total',
  'headroom_frames_dropped_total',
  'headroom_camera_restarts_total',
  'headroom_inference_crashes_total',
  'headroom_inference_seconds',
  'headroom_queue_wait_seconds',
  'headroom_capture_to_reading_seconds',
  'headroom_capture_to_push_seconds',
  'headroom_model_info',
  'headroom_config_info',
  'headroom_database_bytes',
  'headroom_data_disk_free_bytes',
  'headroom_data_disk_bytes',
]);

export class MetricsWindow {
  readonly #read: () => Promise<object[]>;
  #samples: Sample[] = [];

  /** @param read metrics of all services, as prom-client's JSON */
  constructor(read: () => Promise<object[]>) {
    this.#read = read;
  }

  follow(lifecycle: Lifecycle): void {
    const timer = setInterval(() => void this.#look().catch(() => undefined), EVERY_MS);
    void this.#look().catch(() => undefined);
    lifecycle.add('metrics window', timer, clearInterval);
  }

  /**
   * The newest look, and the oldest of the last minute; the same one while there is but one. A service that the oldest
   * did not hear is taken from the first look that did: its counters have not risen from nothing.
   */
  async window(): Promise<{ before: Sample; after: Sample }> {
    if (this.#samples.length === 0) await this.#look().catch(() => undefined);
    const none = { at: Date.now(), series: new Map() };
    return { before: firstHeard(this.#samples) ?? none, after: this.#samples.at(-1) ?? none };
  }

  async #look(): Promise<void> {
    const metrics = (await this.#read()).flat() as MetricJson[];
    const at = Date.now();
    this.#samples.push(sampleOf(at, metrics, WANTED));
    // A clock that was set back makes all before it useless.
    this.#samples = this.#samples.filter((sample) => sample.at <= at && sample.at >= at - WINDOW_MS - EVERY_MS / 2);
  }
}

/** Every service's series as of the first look at which it answered, by its label `instance`. Pure. */
export function firstHeard(samples: readonly Sample[]): Sample | undefined {
  const [oldest] = samples;
  if (!oldest) return undefined;
  const heard = new Set<string | undefined>();
  const series: Sample['series'] = new Map();
  for (const sample of samples) {
    const fresh = [...sample.series].filter(([, { labels }]) => !heard.has(labels.instance));
    for (const [key, value] of fresh) series.set(key, value);
    for (const [, { labels }] of fresh) heard.add(labels.instance);
  }
  return { at: oldest.at, series };
}
