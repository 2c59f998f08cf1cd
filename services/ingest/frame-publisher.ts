/**
 * Puts a camera's newest picture into Redis and a pointer to it into the queue. The latest picture wins everywhere:
 * at most one publication per camera is under way, and of those that wait only the newest stays.
 */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { type Camera, staleAfterMs } from '../../shared/config/schema.ts';
import type { FrameJob } from '../../shared/contracts/frame.ts';
import { frameKeys, stateKeys } from '../../shared/contracts/keys.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import { jpegSize } from './jpeg-splitter.ts';

/**
 * Gives the picture the next sequence number and stores both in one step, so that two ingest nodes could never hand
 * out one number twice. ARGV: jpeg, capturedAt, widthPx, heightPx, lowest sequence number, life in ms, gated.
 */
const STORE_FRAME = `
local seq = math.max(tonumber(redis.call('HGET', KEYS[1], 'seq') or '0'), tonumber(ARGV[5])) + 1
redis.call('HSET', KEYS[1], 'jpeg', ARGV[1], 'capturedAt', ARGV[2], 'widthPx', ARGV[3], 'heightPx', ARGV[4], 'seq', seq, 'gated', ARGV[7])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return seq`;

type Picture = { jpeg: Buffer; capturedAt: number; gated: boolean };

export class FramePublisher {
  readonly #o: { camera: Camera; frames: Redis; state: Redis; queue: Queue<FrameJob>; metrics: IngestMetrics };
  readonly #lifeMs: number;
  #seq: number | undefined;
  #waiting: Picture | undefined;
  #busy = false;

  constructor(o: { camera: Camera; frames: Redis; state: Redis; queue: Queue<FrameJob>; metrics: IngestMetrics }) {
    this.#o = o;
    this.#lifeMs = staleAfterMs(o.camera) + 2000;
  }

  /**
   * Takes a picture and returns at once.
   * @param gated to be shown, not counted
   */
  offer(jpeg: Buffer, capturedAt: number, gated = false): void {
    if (this.#waiting) this.#o.metrics.dropped.inc({ camera: this.#o.camera.id, reason: 'superseded' });
    this.#waiting = { jpeg, capturedAt, gated };
    if (!this.#busy) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    for (let picture = this.#waiting; picture; picture = this.#waiting) {
      this.#waiting = undefined;
      try {
        await this.#publish(picture);
      } catch {
        // Redis is away or full: the picture is lost, the next one tries again. The connection logs the change.
        this.#o.metrics.dropped.inc({ camera: this.#o.camera.id, reason: 'redis-unavailable' });
      }
    }
    this.#busy = false;
  }

  async #publish({ jpeg, capturedAt, gated }: Picture): Promise<void> {
    const { camera, frames, state, queue } = this.#o;
    const size = jpegSize(jpeg);
    if (!size) return;
    // After a loss of the frames database, numbers go on above the last one that was counted.
    this.#seq ??= Number((await state.hget(stateKeys.readingFence, camera.id)) ?? 0);
    const key = frameKeys.frame(camera.id);
    const { widthPx, heightPx } = size;
    const stored = [jpeg, capturedAt, widthPx, heightPx, this.#seq, this.#lifeMs, gated ? 1 : 0];
    this.#seq = Number(await frames.eval(STORE_FRAME, 1, key, ...stored));
    if (gated) {
      this.#o.metrics.dropped.inc({ camera: camera.id, reason: 'gated' });
      return;
    }
    await queue.add(
      'count',
      { cameraId: camera.id },
      // At most one job waits and one runs per camera; while one waits, further ones vanish, and it finds the newest
      // picture when it starts.
      {
        deduplication: { id: camera.id, keepLastIfActive: true },
        attempts: 1,
        removeOnComplete: true,
        removeOnFail: 100,
      },
    );
  }
}
