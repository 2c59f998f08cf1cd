/** Whether Redis will do, for `headroom doctor`: asked, written to, and left as it was. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import type { Config } from '../../shared/config/schema.ts';
import { dataDirOf } from '../../shared/runtime/data-dir.ts';
import { configuredRedis } from '../../shared/runtime/environment.ts';
import { HeadroomError, messageOf } from '../../shared/runtime/errors.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import {
  checkRedis,
  clockAheadMs,
  connectFailFast,
  disconnect,
  type RedisUrls,
  whenReady,
} from '../../shared/runtime/redis.ts';
import { startEmbeddedRedis } from './embedded-redis.ts';

/** Further apart, and ages of pictures are wrong by more than a count may be late. */
const CLOCKS_APART_MS = 1000;

/** @throws HeadroomError with what to do */
export async function lookAtRedis(config: Config, configFile: string): Promise<string> {
  const configured = configuredRedis(config);
  if (configured) return lookAtBoth(configured);
  // A folder of its own: the real one may be in use.
  const dir = await mkdtemp(join(await dataDirOf(config, configFile), 'doctor-'));
  try {
    const own = await startEmbeddedRedis(dir, createLogger('doctor', 'silent'));
    try {
      return `own, ${await lookAtBoth(own.urls)}`;
    } finally {
      await own.close();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** State and frames: no service starts without both. */
export async function lookAtBoth(urls: RedisUrls): Promise<string> {
  const { version, policy } = await withServer(urls.state, async (redis) => {
    const found = await checkRedis(redis);
    await tryWrite(redis);
    await compareClocks(redis);
    return found;
  });
  await withServer(urls.frames, tryWrite);
  return `version ${version}, maxmemory-policy ${policy}; state and frames can be written`;
}

async function withServer<T>(url: string, look: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = connectFailFast(url, createLogger('doctor', 'silent'), 'doctor');
  try {
    await whenReady(redis, 5000);
    return await look(redis);
  } finally {
    disconnect(redis);
  }
}

/** A server that is full, that cannot keep its log, or that follows another one answers everything but this. */
async function tryWrite(redis: Redis): Promise<void> {
  const key = `headroom:doctor:${randomBytes(6).toString('hex')}`;
  await redis.set(key, '', 'PX', 1000).catch((cause: unknown) => {
    const { path, host, port } = redis.options;
    const where = path ?? `${host}:${port}`;
    throw new HeadroomError('REDIS_UNWRITABLE', `Redis at ${where} takes nothing (${messageOf(cause)}).`, { cause });
  });
  await redis.del(key);
}

/** Every machine has this server in common: whose clock differs from its has pictures of a wrong age. */
async function compareClocks(redis: Redis): Promise<void> {
  const apartMs = Math.abs(await clockAheadMs(redis));
  if (apartMs <= CLOCKS_APART_MS) return;
  throw new HeadroomError(
    'CLOCKS_APART',
    `This machine's clock is ${(apartMs / 1000).toFixed(1)} s apart from that of Redis: synchronise both (NTP).`,
  );
}
