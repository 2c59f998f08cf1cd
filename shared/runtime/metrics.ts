/** Prometheus metrics of one service. Series are created at zero so that "never happened" can be told from "unknown". */
import { collectDefaultMetrics, Registry } from 'prom-client';

export { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Buckets for what must happen within a few seconds, s. */
export const LATENCY_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10];

/**
 * A registry whose every series carries the service's name and instance.
 * @param instance tells two processes of one service apart
 */
export function createRegistry(service: string, instance: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service, instance });
  collectDefaultMetrics({ register: registry, prefix: 'headroom_' });
  // The library leaves it out where the metrics of several processes are put together; ours are told apart by instance.
  const startTime = registry.getSingleMetric('headroom_process_start_time_seconds') as
    | { aggregator?: string }
    | undefined;
  if (startTime) startTime.aggregator = 'first';
  return registry;
}
