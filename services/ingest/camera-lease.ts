/** Which ingest node watches a camera: a lease in Redis that its holder renews. A dead node's cameras go to others. */
import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import { stateKeys } from '../../shared/contracts/keys.ts';
import { isProcessAlive } from '../../shared/runtime/process.ts';

export const LEASE_MS = 3000;

const RENEW = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`;
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;
/** Takes over from a named holder, and from nobody else. */
const REPLACE = `if redis.call('GET', KEYS[1]) == ARGV[2] then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3]) return 1 end return 0`;

/** This process as a lease holder: `host:pid`. */
export const leaseHolder = (): string => `${hostname()}:${process.pid}`;

/**
 * Takes or renews the lease of a camera.
 * @returns whether this holder has it now
 * @throws when Redis does not answer
 */
export async function holdLease(redis: Redis, cameraId: string, holder: string): Promise<boolean> {
  const key = stateKeys.cameraLease(cameraId);
  if ((await redis.set(key, holder, 'PX', LEASE_MS, 'NX')) === 'OK') return true;
  if ((await redis.eval(RENEW, 1, key, holder, LEASE_MS)) === 1) return true;
  const other = await redis.get(key);
  // A killed process of this machine cannot come back: its lease need not run out.
  if (other && isDeadNeighbour(other)) return (await redis.eval(REPLACE, 1, key, holder, other, LEASE_MS)) === 1;
  return false;
}

export async function releaseLease(redis: Redis, cameraId: string, holder: string): Promise<void> {
  await redis.eval(RELEASE, 1, stateKeys.cameraLease(cameraId), holder);
}

function isDeadNeighbour(holder: string): boolean {
  const cut = holder.lastIndexOf(':');
  const pid = Number(holder.slice(cut + 1));
  if (holder.slice(0, cut) !== hostname() || !Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  return !isProcessAlive(pid);
}
