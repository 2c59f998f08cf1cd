/** Publishes readings, fenced by sequence: a late or duplicate worker can never overwrite a newer reading. */
import type { Redis } from 'ioredis';
import { EVENTS_KEPT, frameKeys, stateKeys } from '../../shared/contracts/keys.ts';
import type { WorkerReading } from '../../shared/contracts/reading.ts';

/**
 * KEYS: fence, readings, events. ARGV: camera id, sequence number, reading, entries kept.
 * A fence that lies far ahead belongs to pictures that are gone (their numbering was lost with both databases).
 */
const PUBLISH = `
local last = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
local seq = tonumber(ARGV[2])
if seq <= last and last - seq < 1000000 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[4], '*', 'kind', 'reading', 'body', ARGV[3])
return 1`;

/**
 * @returns false when a newer reading of the camera is already out
 * @throws when Redis does not answer
 */
export async function publishReading(state: Redis, reading: WorkerReading): Promise<boolean> {
  const keys = [stateKeys.readingFence, stateKeys.readings, stateKeys.events];
  const args = [reading.cameraId, reading.seq, JSON.stringify(reading), EVENTS_KEPT];
  return (await state.eval(PUBLISH, keys.length, ...keys, ...args)) === 1;
}

/** Lays the picture's heat map beside the picture, with the same short life. */
export async function publishHeatmap(
  frames: Redis,
  cameraId: string,
  heatmap: Uint8Array,
  lifeMs: number,
): Promise<void> {
  await frames.set(frameKeys.heatmap(cameraId), Buffer.from(heatmap), 'PX', lifeMs);
}
