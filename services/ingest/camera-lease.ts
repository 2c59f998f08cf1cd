/** Which ingest node watches a camera: a lease in Redis that its holder renews. A dead node's cameras go to others. */
import type { Redis } from 'ioredis';
import { stateKeys } from '../../shared/contracts/keys.ts';
import { isDeadInstance } from '../../shared/runtime/presence.ts';

export const LEASE_MS = 3000;

/**
 * Takes or renews in one step: between two, the lease may run out or the database be emptied, and a camera that nobody
 * else holds would be taken for lost. Returns the holder.
 */
const HOLD = `
local other = redis.call('GET', KEYS[1])
if other and other ~= ARGV[1] then return other end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]`;
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;
/** Takes over from a named holder, and from nobody else. */
const REPLACE = `if redis.call('GET', KEYS[1]) == ARGV[2] then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3]) return 1 end return 0`;

/**
 * Takes or renews the lease of a camera.
 * @param holder {@link instanceName} of a process
 * @returns whether this holder has it now
 * @throws when Redis does not answer
 */
export async function holdLease(redis: Redis, cameraId: string, holder: string): Promise<boolean> {
  const key = stateKeys.cameraLease(cameraId);
  const held = String(await redis.eval(HOLD, 1, key, holder, LEASE_MS));
  if (held === holder) return true;
  // A killed process of this machine cannot come back: its lease need not run out.
  if (!isDeadInstance(held)) return false;
  return (await redis.eval(REPLACE, 1, key, holder, held, LEASE_MS)) === 1;
}

export async function releaseLease(redis: Redis, cameraId: string, holder: string): Promise<void> {
  await redis.eval(RELEASE, 1, stateKeys.cameraLease(cameraId), holder);
}
