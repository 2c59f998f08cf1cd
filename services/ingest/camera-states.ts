/** Tells the other services what ingest knows of each camera, and tells it again after Redis was away. */
import type { Redis } from 'ioredis';
import type { CameraState } from '../../shared/contracts/camera.ts';
import { EVENTS_KEPT, stateKeys } from '../../shared/contracts/keys.ts';

/** A lost write is made good within this time. */
const REFRESH_MS = 2000;

export class CameraStates {
  readonly #redis: Redis;
  readonly #states = new Map<string, CameraState>();
  readonly #timer: NodeJS.Timeout;

  constructor(redis: Redis) {
    this.#redis = redis;
    this.#timer = setInterval(() => void this.#refresh(), REFRESH_MS);
    redis.on('ready', () => void this.#refresh());
  }

  /** The last word on a camera, if it is this node's. */
  of(cameraId: string): CameraState | undefined {
    return this.#states.get(cameraId);
  }

  set(state: CameraState): void {
    this.#states.set(state.cameraId, state);
    const body = JSON.stringify(state);
    this.#redis
      .pipeline()
      .hset(stateKeys.cameraStates, state.cameraId, body)
      .xadd(stateKeys.events, 'MAXLEN', '~', EVENTS_KEPT, '*', 'kind', 'camera-state', 'body', body)
      .exec()
      .catch(() => undefined);
  }

  /** Forgets a camera here; `everywhere` also in Redis, because it left the configuration. */
  async forget(cameraId: string, everywhere: boolean): Promise<void> {
    this.#states.delete(cameraId);
    if (!everywhere) return;
    await this.#redis
      .pipeline()
      .hdel(stateKeys.cameraStates, cameraId)
      .hdel(stateKeys.readings, cameraId)
      .hdel(stateKeys.views, cameraId)
      .hdel(stateKeys.lines, cameraId)
      .exec()
      .catch(() => undefined);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #refresh(): Promise<void> {
    const all = [...this.#states].flatMap(([id, state]) => [id, JSON.stringify(state)]);
    if (all.length > 0) await this.#redis.hset(stateKeys.cameraStates, ...all).catch(() => undefined);
  }
}
