/**
 * Plays a drill: keeps its key in Redis alive, by which every part of Headroom knows of it, and publishes what its drawn
 * cameras show exactly where ingest and worker publish theirs. Cameras with a clip are ingest's and the workers' own: they
 * follow the key. Works beside the loop that judges readings; when it stops, however that comes, the key runs out.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { type Config, staleAfterMs } from '../../../shared/config/schema.ts';
import type { CameraState } from '../../../shared/contracts/camera.ts';
import { DRAWN_MODEL, DRILL_KEY, DRILL_LIFE_MS, type Drill, isDrillCamera } from '../../../shared/contracts/drill.ts';
import { frameKeys, stateKeys } from '../../../shared/contracts/keys.ts';
import { type DrawnCamera, type DrillCamera, isDrawn } from '../../../shared/readings/drill-cameras.ts';
import { publishHeatmap, publishReading } from '../../../shared/readings/reading-publisher.ts';
import { messageOf } from '../../../shared/runtime/errors.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import { type CrowdFigures, crowdAt } from './crowd-figures.ts';
import { DRILL_PICTURE, drawDrill, placeHeads } from './drill-picture.ts';

/** Often enough for the key to live through a busy moment. */
const EVERY_MS = 500;
/** The interval of a played count, share of it. */
const UNSURE = 0.1;

export type DrillPlayerOptions = {
  drill: Drill;
  cameras: readonly DrillCamera[];
  alerts: Config['alerts'];
  /** State database. */
  redis: Redis;
  frames: Redis;
  logger: Logger;
  /** Of the player before: until then Redis is being tidied. */
  after: Promise<void>;
};

export class DrillPlayer {
  readonly #o: DrillPlayerOptions;
  readonly #stop = new AbortController();
  readonly #phases = new Map<string, CameraState['phase']>();
  /** By the monotonic clock: one that is set back must not lengthen a drill. */
  readonly #startedAt = performance.now();
  #cameras: readonly DrillCamera[];
  #alerts: Config['alerts'];
  #seq = 0;
  /** Resolves when the last picture was played or the player was stopped; Redis is tidy then. */
  readonly done: Promise<void>;

  constructor(o: DrillPlayerOptions) {
    this.#o = o;
    this.#cameras = o.cameras;
    this.#alerts = o.alerts;
    this.done = this.#play();
  }

  get cameras(): readonly DrillCamera[] {
    return this.#cameras;
  }

  /** Plays on as the configuration is now. */
  configure(cameras: readonly DrillCamera[], alerts: Config['alerts']): void {
    this.#cameras = cameras;
    this.#alerts = alerts;
  }

  stop(): void {
    this.#stop.abort();
  }

  async #play(): Promise<void> {
    const { drill, redis, frames, logger, after } = this.#o;
    const lengthMs = drill.endsAt - drill.startedAt;
    await after;
    // What a leader or a Redis that died has left of another drill.
    await clearDrill(redis, frames).catch(() => undefined);
    let complained = false;
    while (!this.#stop.signal.aborted && performance.now() - this.#startedAt < lengthMs) {
      const startedAt = performance.now();
      try {
        await this.#keepAlive();
        for (const camera of this.#cameras.filter(isDrawn)) {
          if (this.#stop.signal.aborted) break;
          await this.#picture(camera, (performance.now() - this.#startedAt) / 1000);
          // Several pictures may take longer than the key lives where all cores count.
          await this.#keepAlive();
        }
      } catch (error) {
        // As with real cameras: pictures of that time are lost.
        if (!complained) logger.warn({ drillId: drill.drillId, reason: messageOf(error) }, 'drill pictures are lost');
        complained = true;
      }
      const pauseMs = Math.max(20, EVERY_MS - (performance.now() - startedAt));
      await delay(pauseMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
    await clearDrill(redis, frames).catch(() => undefined);
  }

  async #keepAlive(): Promise<void> {
    await this.#o.redis.set(DRILL_KEY, JSON.stringify(this.#o.drill), 'PX', DRILL_LIFE_MS);
  }

  async #picture(drawn: DrawnCamera, atSeconds: number): Promise<void> {
    const { camera, zone } = drawn;
    const crowd = crowdAt(drawn, this.#alerts, atSeconds);
    await this.#tellState(camera.id, crowd ? 'live' : 'no-signal');
    if (!crowd) return;
    const { redis, frames } = this.#o;
    const head = { cameraId: camera.id, seq: ++this.#seq, capturedAt: Date.now() };
    const heads = placeHeads(zone.polygon, crowd.people);
    const { jpeg, heatmap } = await drawDrill({ ...head, polygon: zone.polygon, heads, people: crowd.people });
    const lifeMs = staleAfterMs(camera) + 2000;
    try {
      const key = frameKeys.frame(camera.id);
      await frames
        .pipeline()
        .hset(key, { jpeg, capturedAt: head.capturedAt, seq: head.seq, ...DRILL_PICTURE })
        .pexpire(key, lifeMs)
        .exec();
      await publishHeatmap(frames, { ...head, ...DRILL_PICTURE, jpeg }, heatmap, lifeMs, 'picture');
    } catch {
      // The reading counts, with or without its picture.
    }
    await publishReading(redis, reading(head, zone, crowd, heads.length));
  }

  async #tellState(cameraId: string, phase: 'live' | 'no-signal'): Promise<void> {
    if (this.#phases.get(cameraId) === phase) return;
    const lost = phase === 'no-signal' ? { reason: 'timeout' as const } : {};
    const state: CameraState = { cameraId, phase, ...lost, since: Date.now(), attempt: 0, node: 'drill' };
    const body = JSON.stringify(state);
    await this.#o.redis
      .multi()
      .hset(stateKeys.cameraStates, cameraId, body)
      .xadd(stateKeys.events, '*', 'kind', 'camera-state', 'body', body)
      .exec();
    this.#phases.set(cameraId, phase);
  }
}

/**
 * Ends a drill in Redis and takes everything of drills out of it. Readings cannot come after that: the key guards them.
 * @throws when Redis does not answer
 */
export async function clearDrill(redis: Redis, frames: Redis): Promise<void> {
  await redis.del(DRILL_KEY);
  const hashes = [stateKeys.readings, stateKeys.readingFence, stateKeys.cameraStates];
  const found = await Promise.all(
    hashes.map(async (key) => ({ key, ids: (await redis.hkeys(key)).filter(isDrillCamera) })),
  );
  for (const { key, ids } of found) if (ids.length > 0) await redis.hdel(key, ...ids);
  for (const id of new Set(found.flatMap(({ ids }) => ids))) {
    await frames.del(frameKeys.frame(id), frameKeys.heatmap(id)).catch(() => undefined);
  }
}

function reading(
  head: { cameraId: string; seq: number; capturedAt: number },
  zone: DrawnCamera['zone'],
  { people, ...densities }: CrowdFigures,
  heads: number,
): Parameters<typeof publishReading>[1] {
  const interval: [number, number] = [people * (1 - UNSURE), people * (1 + UNSURE)];
  const calibrated = densities.peakPeoplePerSqm !== undefined;
  const zones = [{ zoneId: zone.id, name: zone.name ?? zone.id, count: people, interval, calibrated, ...densities }];
  const common = { status: 'ok' as const, exercise: true as const, publishedAt: Date.now(), model: DRAWN_MODEL };
  return { ...head, ...common, count: people, interval, heads, zones };
}
