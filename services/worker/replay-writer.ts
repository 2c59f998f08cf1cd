/** Keeps one heat map of a camera every few seconds, for looking back. Written where the map is made. */
import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import type { Redis } from 'ioredis';
import type { WorkerReading } from '../../shared/contracts/reading.ts';
import { encodeReplayRecord, replayKey } from '../../shared/contracts/replay.ts';

const deflate = promisify(deflateRaw);

type OkReading = Extract<WorkerReading, { status: 'ok' }>;
export type ReplaySettings = { everyMs: number; keepMs: number };

/**
 * KEYS: the camera's stream. ARGV: capturedAt, everyMs, keepMs, record.
 * Several workers take turns at a camera: Redis decides which map is the next one. A newest map far ahead was written
 * before the clock was set back: what stands there belongs to no time any more. The last quarter of the memory is left
 * to pictures: without them there are no counts; what is too old goes all the same, and makes room.
 */
const WRITE = `
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local at = tonumber(ARGV[1])
if newest then
  local last = tonumber(string.match(newest[1], '^%d+'))
  if last > at + 2 * tonumber(ARGV[2]) then redis.call('DEL', KEYS[1])
  elseif last + tonumber(ARGV[2]) > at then return 0 end
end
redis.call('XTRIM', KEYS[1], 'MINID', at - tonumber(ARGV[3]))
local memory = redis.call('INFO', 'memory')
local limit = tonumber(string.match(memory, 'maxmemory:(%d+)'))
if limit > 0 and tonumber(string.match(memory, 'used_memory:(%d+)')) > 0.75 * limit then return -1 end
redis.call('XADD', KEYS[1], ARGV[1] .. '-0', 'record', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

export class ReplayWriter {
  readonly #frames: Redis;
  readonly #settings: () => ReplaySettings;
  /** When this process last offered a map, by the pictures' clock: most pictures cost nothing. */
  readonly #offeredAt = new Map<string, number>();

  /** @param frames frames database */
  constructor(frames: Redis, settings: () => ReplaySettings) {
    this.#frames = frames;
    this.#settings = settings;
  }

  /**
   * Keeps the map if it is time for one.
   * @returns what became of it: `full` when the memory is needed for pictures
   * @throws when Redis does not answer
   */
  async offer(reading: OkReading, heatmap: Uint8Array): Promise<'kept' | 'not-due' | 'full'> {
    const { everyMs, keepMs } = this.#settings();
    const { cameraId, capturedAt, count, interval } = reading;
    if (keepMs === 0) return 'not-due';
    const last = this.#offeredAt.get(cameraId);
    if (last !== undefined && capturedAt >= last && capturedAt - last < everyMs) return 'not-due';
    this.#offeredAt.set(cameraId, capturedAt);
    const zones = reading.zones.map(({ zoneId, count: people, interval: range, peoplePerSqm, peakPeoplePerSqm }) => ({
      ...{ zoneId, count: people, interval: range },
      ...(peoplePerSqm === undefined ? {} : { peoplePerSqm }),
      ...(peakPeoplePerSqm === undefined ? {} : { peakPeoplePerSqm }),
    }));
    const summary = { capturedAt, count, interval, zones };
    const record = encodeReplayRecord({ summary, deflatedMap: await deflate(heatmap) });
    const key = replayKey(cameraId);
    const written = await this.#frames.eval(WRITE, 1, key, capturedAt, everyMs, keepMs, Buffer.from(record));
    return written === 1 ? 'kept' : written === 0 ? 'not-due' : 'full';
  }
}
