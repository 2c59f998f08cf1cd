/** Connections to the two Redis databases: `state` (queue, readings, leases) and `frames` (pictures; may be lost). */
import type { ConnectionOptions } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { HeadroomError, messageOf } from './errors.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Logger } from './logger.ts';
import { registerSecret, scrub, unescaped } from './secrets.ts';

export type RedisUrls = { state: string; frames: string };

/**
 * ioredis options for a Redis address.
 * @param url `redis://[user:password@]host:port[/db]`, `rediss://...` or `unix:///path/to/socket[?db=N]`
 * @throws HeadroomError REDIS_URL_INVALID
 */
export function redisOptions(url: string): RedisOptions {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new HeadroomError(
      'REDIS_URL_INVALID',
      'The Redis address is no URL; write redis://host:6379/0 or unix:///path',
    );
  }
  if (parsed.password) registerSecret(unescaped(parsed.password));
  const db = Number(
    parsed.searchParams.get('db') ?? (parsed.protocol === 'unix:' ? '0' : parsed.pathname.slice(1) || '0'),
  );
  if (!Number.isInteger(db) || db < 0) {
    throw new HeadroomError(
      'REDIS_URL_INVALID',
      'The database number of the Redis address must be 0 or a positive integer',
    );
  }
  if (parsed.protocol === 'unix:') return { path: unescaped(parsed.pathname), db };
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') {
    throw new HeadroomError('REDIS_URL_INVALID', 'The Redis address must start with redis://, rediss:// or unix://');
  }
  return {
    // Written in brackets in an address, and nowhere else.
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1',
    port: Number(parsed.port || '6379'),
    db,
    ...(parsed.username ? { username: unescaped(parsed.username) } : {}),
    ...(parsed.password ? { password: unescaped(parsed.password) } : {}),
    ...(parsed.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

/** Reconnects for ever: quickly at first, since every second without Redis is a second without counts. */
const retryStrategy = (times: number): number => Math.min(100 * times, 500);

/** A server that became a replica: whoever leads now is found by connecting again. A script's error may begin otherwise. */
const reconnectOnError = (error: Error): boolean => error.message.includes('READONLY');

/**
 * A connection that owes an answer for so much longer than Redis may take is dead, though nobody closed it: a server lost
 * its power, or its address leads elsewhere by now. The system itself notices after a quarter of an hour.
 */
const SILENCE_MS = 2000;

const COMMAND_MS = 1000;

/** Longest time for which our own blocking reads wait. */
const READ_MS = 2000;

/** Longest time for which BullMQ waits for a job. */
const JOB_MS = 10_000;

/**
 * A connection for commands that must answer now or fail: pictures and readings are worth nothing later.
 * Commands fail within a second when Redis is away or hangs.
 */
export function connectFailFast(url: string, logger: Logger, name: string): Redis {
  const redis = new Redis({
    ...redisOptions(url),
    connectionName: `headroom-${name}`,
    retryStrategy,
    connectTimeout: 2000,
    commandTimeout: COMMAND_MS,
    socketTimeout: COMMAND_MS + SILENCE_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    reconnectOnError,
  });
  return withChangeLog(redis, logger, name);
}

/** A connection that waits: for blocking reads of two seconds at most. */
export function connectPatient(url: string, logger: Logger, name: string): Redis {
  const redis = new Redis({
    ...redisOptions(url),
    connectionName: `headroom-${name}`,
    retryStrategy,
    reconnectOnError,
    connectTimeout: 2000,
    socketTimeout: READ_MS + SILENCE_MS,
    maxRetriesPerRequest: null,
  });
  return withChangeLog(redis, logger, name);
}

/**
 * Connection options for BullMQ, which opens connections of its own. A producer fails fast, since a job for an old
 * picture is worth nothing; a worker waits for Redis to return.
 * @param waitMs longest time for which a worker waits for a job, ms: its `drainDelay`, where no job is ever delayed
 */
export function queueConnection(url: string, role: 'producer' | 'worker', waitMs = JOB_MS): ConnectionOptions {
  const common = { ...redisOptions(url), retryStrategy, reconnectOnError };
  if (role === 'worker') {
    return { ...common, socketTimeout: waitMs + SILENCE_MS, maxRetriesPerRequest: null } as ConnectionOptions;
  }
  const failFast = { enableOfflineQueue: false, commandTimeout: COMMAND_MS, socketTimeout: COMMAND_MS + SILENCE_MS };
  return { ...common, ...failFast, maxRetriesPerRequest: 1 } as ConnectionOptions;
}

/** Logs that Redis went and came back, once each: not every retry. */
function withChangeLog(redis: Redis, logger: Logger, connection: string): Redis {
  let up: boolean | undefined;
  redis.on('ready', () => {
    if (up === false) logger.info({ connection }, 'redis is back');
    up = true;
  });
  redis.on('error', (err) => {
    if (up !== false) logger.warn({ connection, reason: scrub(messageOf(err)) }, 'redis is away');
    up = false;
  });
  return redis;
}

/**
 * Waits until a connection is ready.
 * @throws HeadroomError REDIS_UNREACHABLE or REDIS_REFUSED after `timeoutMs`
 */
export async function whenReady(redis: Redis, timeoutMs: number): Promise<void> {
  if (redis.status === 'ready') return;
  let last: Error | undefined;
  const onError = (error: Error) => {
    last = error;
  };
  await new Promise<void>((resolve, reject) => {
    const onReady = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      redis.off('ready', onReady);
      reject(notReady(redis, last));
    }, timeoutMs);
    redis.once('ready', onReady).on('error', onError);
  }).finally(() => redis.off('error', onError));
}

/** A server that answers with an error is there: it refuses the log-in, or has no such database. */
function notReady({ options }: Redis, last: Error | undefined): HeadroomError {
  const where = options.path ?? `${options.host}:${options.port}`;
  const named = 'REDIS_URL (or redis.url in headroom.yaml)';
  return last?.name === 'ReplyError'
    ? new HeadroomError('REDIS_REFUSED', `Redis at ${where} refuses (${scrub(last.message)}). Correct ${named}.`)
    : new HeadroomError('REDIS_UNREACHABLE', `Redis does not answer at ${where}. Start it, or correct ${named}.`);
}

/** Closes a connection without waiting for an absent server. */
export function disconnect(redis: Redis): void {
  redis.disconnect(false);
}

/**
 * Opens a service's connections to both databases and proves them usable. The lifecycle closes them.
 * @throws HeadroomError REDIS_UNREACHABLE, REDIS_REFUSED, REDIS_TOO_OLD, REDIS_POLICY
 */
export async function connectDatabases(o: {
  urls: RedisUrls;
  service: string;
  logger: Logger;
  lifecycle: Lifecycle;
}): Promise<{ state: Redis; frames: Redis }> {
  const { urls, service, logger, lifecycle } = o;
  const state = lifecycle.add('state redis', connectFailFast(urls.state, logger, `${service}-state`), disconnect);
  const frames = lifecycle.add('frames redis', connectFailFast(urls.frames, logger, `${service}-frames`), disconnect);
  await Promise.all([whenReady(state, 5000), whenReady(frames, 5000)]);
  await checkRedis(state);
  return { state, frames };
}

/**
 * Checks version and eviction policy.
 * @throws HeadroomError REDIS_TOO_OLD below 6.2, REDIS_POLICY when the state database may evict keys
 */
export async function checkRedis(redis: Redis): Promise<{ version: string; policy: string }> {
  const info = await redis.info();
  const version = /redis_version:(\S+)/.exec(info)?.[1] ?? '0';
  const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1] ?? 'unknown';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 2)) {
    throw new HeadroomError('REDIS_TOO_OLD', `Redis ${version} is too old: Headroom needs 6.2 or newer.`);
  }
  if (policy !== 'noeviction') {
    throw new HeadroomError(
      'REDIS_POLICY',
      `Redis evicts keys (maxmemory-policy ${policy}): set "maxmemory-policy noeviction", or jobs and alerts get lost.`,
    );
  }
  return { version, policy };
}

/** How far Redis' clock is ahead of this machine's, ms. @throws when Redis does not answer */
export async function clockAheadMs(redis: Redis): Promise<number> {
  const askedAt = Date.now();
  const [seconds, micros] = (await redis.time()).map(Number) as [number, number];
  return Math.round(seconds * 1000 + micros / 1000 - (askedAt + Date.now()) / 2);
}
