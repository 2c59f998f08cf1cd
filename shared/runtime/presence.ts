/**
 * A service's sign of life in Redis, with its metrics: how the gateway knows what runs, and serves all metrics at one
 * address. It expires by itself when the process dies or hangs.
 */
import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import { EpochMs } from '../contracts/common.ts';
import { stateKeys } from '../contracts/keys.ts';
import type { Lifecycle } from './lifecycle.ts';
import { isProcessAlive, processSpace } from './process.ts';
import { keepTelling, wordsLike } from './words.ts';

/** Longer than a pause of garbage collection, short enough to notice a death within three seconds. */
const PRESENCE_TTL_MS = 2500;
const BEAT_MS = 500;
const METRICS_EVERY_MS = 2000;
const METRICS_TTL_MS = 10_000;

const Presence = z.object({ service: z.string(), instance: z.string(), startedAt: EpochMs, at: EpochMs });
export type Presence = z.infer<typeof Presence>;

/** prom-client's JSON; what stands within a metric is its affair. */
const Metrics = z.array(z.looseObject({ name: z.string() }));

const isMetrics = (key: string): boolean => key.endsWith(':metrics');

/** One name per living process, whatever machines and containers share its host name, e.g. `camera-host-4711-9f3c2a1b`. */
export const instanceName = (): string => `${hostname()}-${process.pid}-${processSpace}`;

/** Whether this is the name of a process of this machine, and of this container. */
export const isFromHere = (name: string): boolean => name.endsWith(`-${processSpace}`);

/** The process number in such a name. */
export const processNumberOf = (name: string): number => Number(name.split('-').at(-2));

/** Whether the process of this name has certainly ended: its number can be asked about only where it was given. */
export const isDeadInstance = (name: string): boolean => isFromHere(name) && !isProcessAlive(processNumberOf(name));

/**
 * Announces this process every half second until the lifecycle closes.
 * @param redis state database
 */
export function announcePresence(o: {
  service: string;
  instance: string;
  redis: Redis;
  registry: Registry;
  lifecycle: Lifecycle;
}): void {
  const { service, instance, redis, registry, lifecycle } = o;
  const key = stateKeys.presence(service, instance);
  const startedAt = Date.now();
  keepTelling({
    ...{ name: 'presence', redis, lifecycle, key, everyMs: BEAT_MS, ttlMs: PRESENCE_TTL_MS },
    word: (): Presence => ({ service, instance, startedAt, at: Date.now() }),
  });
  keepTelling({
    ...{ name: 'metrics', redis, lifecycle, key: `${key}:metrics`, everyMs: METRICS_EVERY_MS, ttlMs: METRICS_TTL_MS },
    word: () => registry.getMetricsAsJSON(),
  });
}

/**
 * Living service instances.
 * @param redis state database
 * @throws when Redis does not answer
 */
export const readPresence = (redis: Redis): Promise<Presence[]> =>
  wordsLike(redis, stateKeys.presencePattern, Presence, (key) => !isMetrics(key));

/** Metrics of all living instances but one, which has its own at hand, as prom-client's JSON. */
export const readMetrics = (redis: Redis, exceptInstance: string): Promise<object[]> =>
  wordsLike(
    redis,
    stateKeys.presencePattern,
    Metrics,
    (key) => isMetrics(key) && !key.endsWith(`:${exceptInstance}:metrics`),
  );
