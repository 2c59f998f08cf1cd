/**
 * A service's sign of life in Redis, with its metrics: how the gateway knows what runs, and serves all metrics at one
 * address. It expires by itself when the process dies or hangs.
 */
import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import type { Registry } from 'prom-client';
import { stateKeys } from '../contracts/keys.ts';
import type { Lifecycle } from './lifecycle.ts';

/** Longer than a pause of garbage collection, short enough to notice a death within three seconds. */
export const PRESENCE_TTL_MS = 2500;
const BEAT_MS = 500;
const METRICS_EVERY_BEATS = 4;

export type Presence = { service: string; instance: string; startedAt: number; at: number };

/** One name per process, e.g. `camera-host-4711`. */
export const instanceName = (): string => `${hostname()}-${process.pid}`;

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
  const key = stateKeys.presence(o.service, o.instance);
  const startedAt = Date.now();
  let beats = 0;
  const beat = async (): Promise<void> => {
    const presence: Presence = { service: o.service, instance: o.instance, startedAt, at: Date.now() };
    const write = o.redis.pipeline().set(key, JSON.stringify(presence), 'PX', PRESENCE_TTL_MS);
    if (beats++ % METRICS_EVERY_BEATS === 0) {
      write.set(`${key}:metrics`, JSON.stringify(await o.registry.getMetricsAsJSON()), 'PX', PRESENCE_TTL_MS * 4);
    }
    await write.exec();
  };
  // A missed beat is no news: the key's expiry tells it.
  const timer = setInterval(() => void beat().catch(() => undefined), BEAT_MS);
  void beat().catch(() => undefined);
  o.lifecycle.add('presence', timer, async () => {
    clearInterval(timer);
    await o.redis.del(key, `${key}:metrics`).catch(() => undefined);
  });
}

/**
 * Living service instances.
 * @param redis state database
 * @throws when Redis does not answer
 */
export async function readPresence(redis: Redis): Promise<Presence[]> {
  const keys = (await presenceKeys(redis)).filter((key) => !key.endsWith(':metrics'));
  if (keys.length === 0) return [];
  return (await redis.mget(keys)).filter((value) => value !== null).map((value) => JSON.parse(value) as Presence);
}

/** Metrics of all living instances but one, which has its own at hand, as prom-client's JSON. */
export async function readMetrics(redis: Redis, exceptInstance: string): Promise<object[]> {
  const keys = (await presenceKeys(redis)).filter(
    (key) => key.endsWith(':metrics') && !key.endsWith(`:${exceptInstance}:metrics`),
  );
  if (keys.length === 0) return [];
  return (await redis.mget(keys)).filter((value) => value !== null).map((value) => JSON.parse(value) as object);
}

async function presenceKeys(redis: Redis): Promise<string[]> {
  const keys: string[] = [];
  let cursor = '0';
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', stateKeys.presencePattern, 'COUNT', 1000);
    cursor = next;
    keys.push(...found);
  } while (cursor !== '0');
  return keys;
}
