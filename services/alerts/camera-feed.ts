/** Keeps what is known of the cameras current: entries of the stream, signs of life of the services, newest states. */
import type { Redis } from 'ioredis';
import type { Camera } from '../../shared/config/schema.ts';
import { CameraState } from '../../shared/contracts/camera.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import { type PublicReading, WorkerReading } from '../../shared/contracts/reading.ts';
import { messageOf } from '../../shared/runtime/errors.ts';
import { readPresence } from '../../shared/runtime/presence.ts';
import { CameraWatch } from './camera-watch.ts';
import { type Entry, LIVE_LAG_MS } from './input-streams.ts';

const PRESENCE_EVERY_MS = 500;
/** Makes good for entries of the stream that were lost. */
const RELOAD_EVERY_MS = 5000;

export class CameraFeed {
  readonly watch: CameraWatch;
  readonly #redis: Redis;
  #presenceAt = Number.NEGATIVE_INFINITY;
  #reloadedAt = Number.NEGATIVE_INFINITY;

  private constructor(redis: Redis, watch: CameraWatch) {
    this.#redis = redis;
    this.watch = watch;
  }

  /** Starts from the newest readings. @throws when Redis does not answer */
  static async open(redis: Redis, cameras: Camera[]): Promise<CameraFeed> {
    const feed = new CameraFeed(redis, new CameraWatch(cameras, Date.now()));
    for (const body of await redis.hvals(stateKeys.readings)) feed.#takeReading(body);
    return feed;
  }

  /**
   * Takes one entry of the stream. One of the past is looked at as of its own time: a rise during a failover is seen
   * like any other.
   * @returns what may be said of its camera, and as of when; nothing when the entry is no reading of a known camera
   */
  take(entry: Entry): { told: PublicReading; now: number } | undefined {
    if (entry.kind === 'camera-state') this.#takeState(entry.body);
    if (entry.kind !== 'reading') return undefined;
    const reading = this.#takeReading(entry.body);
    if (!reading) return undefined;
    const late = entry.lagMs > LIVE_LAG_MS;
    const now = late ? Date.now() - entry.lagMs : Date.now();
    const told = late ? this.watch.lookBack(reading, now) : this.watch.look(reading.cameraId, now);
    return told && { told, now };
  }

  /** What may be said of every camera at `now`. */
  lookAll(now: number): PublicReading[] {
    return this.watch.cameraIds.flatMap((cameraId) => this.watch.look(cameraId, now) ?? []);
  }

  /** Looks for signs of life and lost states, now and then. @throws when Redis does not answer */
  async refresh(): Promise<void> {
    if (performance.now() - this.#presenceAt < PRESENCE_EVERY_MS) return;
    const services = new Set((await readPresence(this.#redis)).map(({ service }) => service));
    this.watch.setServices({ ingestUp: services.has('ingest'), workerUp: services.has('worker') });
    this.#presenceAt = performance.now();
    if (performance.now() - this.#reloadedAt < RELOAD_EVERY_MS) return;
    for (const body of await this.#redis.hvals(stateKeys.cameraStates)) this.#takeState(body);
    this.#reloadedAt = performance.now();
  }

  #takeState(body: string): void {
    const parsed = CameraState.safeParse(parseJson(body));
    if (parsed.success) this.watch.takeState(parsed.data);
  }

  /** Another version of a service may speak another dialect: its words are not guessed at. */
  #takeReading(body: string): WorkerReading | undefined {
    const parsed = WorkerReading.safeParse(parseJson(body));
    if (!parsed.success) return undefined;
    this.watch.takeReading(parsed.data);
    return parsed.data;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return { unreadable: messageOf(error) };
  }
}
