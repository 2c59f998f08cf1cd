/** Publishes readings and maps as a worker does, fenced by sequence: a late or duplicate worker can never overwrite a newer reading. */
import type { Redis } from 'ioredis';
import { DRILL_KEY, isDrillCamera } from '../contracts/drill.ts';
import { RECENT_LIFE_MS, recentPictureKey } from '../contracts/evidence.ts';
import type { Frame } from '../contracts/frame.ts';
import { EVENTS_KEPT, frameKeys, stateKeys } from '../contracts/keys.ts';
import type { WorkerReading } from '../contracts/reading.ts';

/**
 * KEYS: fence, readings, events, lines, and for a drill's camera the drill's key. ARGV: camera id, sequence number,
 * reading, entries kept; and for a camera with lines their state, and the fence it was worked out after.
 * A fence that lies far ahead belongs to pictures that are gone (their numbering was lost with both databases).
 */
const PUBLISH = `
if KEYS[5] and redis.call('EXISTS', KEYS[5]) == 0 then return 0 end
local last = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
local seq = tonumber(ARGV[2])
if seq <= last and last - seq < 1000000 then return 0 end
if ARGV[6] and tonumber(ARGV[6]) ~= last then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[4], '*', 'kind', 'reading', 'body', ARGV[3])
if ARGV[5] then redis.call('HSET', KEYS[4], ARGV[1], ARGV[5]) end
return 1`;

/**
 * KEYS: the heat map. ARGV: the map, its sequence number, its life in ms. The number lies in the map itself, at byte 24;
 * as with readings, one that lies far ahead belongs to a numbering that was lost.
 */
const LAY_HEATMAP = `
local held = redis.call('GETRANGE', KEYS[1], 24, 27)
local seq = tonumber(ARGV[2])
if #held == 4 then
  local last = struct.unpack('<I4', held)
  if seq < last and last - seq < 1000000 then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return 1`;

/** What is known of a camera's lines after a reading: written with it, if nothing was published since `after`. */
export type LineCommit = { state: string; after: number };

/**
 * A picture of a drill may still be counted when the drill is over: nothing of it is published then.
 * @param lines kept with the reading, or neither is
 * @returns false when a newer reading of the camera is already out, or its drill is over
 * @throws when Redis does not answer
 */
export async function publishReading(state: Redis, reading: WorkerReading, lines?: LineCommit): Promise<boolean> {
  const drill = isDrillCamera(reading.cameraId) ? [DRILL_KEY] : [];
  const keys = [stateKeys.readingFence, stateKeys.readings, stateKeys.events, stateKeys.lines, ...drill];
  const commit = lines ? [lines.state, lines.after] : [];
  const args = [reading.cameraId, reading.seq, JSON.stringify(reading), EVENTS_KEPT, ...commit];
  return (await state.eval(PUBLISH, keys.length, ...keys, ...args)) === 1;
}

/**
 * Lays the picture's heat map beside the picture, with the same short life and unless a newer one lies there, and what
 * evidence may need into the camera's ring of recent pictures.
 * @param evidence of what is kept: `picture` with the picture, `heatmap` without; undefined for nothing
 */
export async function publishHeatmap(
  frames: Redis,
  frame: Frame,
  heatmap: Uint8Array,
  lifeMs: number,
  evidence?: 'picture' | 'heatmap',
): Promise<void> {
  const { cameraId, seq, capturedAt, widthPx, heightPx, jpeg } = frame;
  const map = Buffer.from(heatmap);
  if (!evidence) {
    await frames.eval(LAY_HEATMAP, 1, frameKeys.heatmap(cameraId), map, seq, lifeMs);
    return;
  }
  const key = recentPictureKey(cameraId, seq);
  const picture = { seq, capturedAt, widthPx, heightPx, heatmap: map, ...(evidence === 'picture' ? { jpeg } : {}) };
  const results = await frames
    .pipeline()
    .eval(LAY_HEATMAP, 1, frameKeys.heatmap(cameraId), map, seq, lifeMs)
    .del(key)
    .hset(key, picture)
    .pexpire(key, RECENT_LIFE_MS)
    .exec();
  // A full database may refuse the ring: evidence will say that it is missing. The heat map itself must be there.
  const refused = results?.[0]?.[0];
  if (refused) throw refused;
}
