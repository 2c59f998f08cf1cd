/**
 * What the gateway knows of every camera, from Redis. Emits a camera's public reading when there is something new to
 * tell: a counted picture, or a change of status that only the passing of time brought about.
 */
import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import { AlertsConfig } from '../../shared/config/alerts.ts';
import { limitsInForce } from '../../shared/config/limits-in-force.ts';
import type { Line } from '../../shared/config/lines.ts';
import { type Camera, type Config, staleAfterMs } from '../../shared/config/schema.ts';
import { AlertsHealth, alertKeys } from '../../shared/contracts/alert.ts';
import { CameraState } from '../../shared/contracts/camera.ts';
import { isDrillCamera } from '../../shared/contracts/drill.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import { type PublicReading, WorkerReading } from '../../shared/contracts/reading.ts';
import type { Runbooks } from '../../shared/contracts/runbook.ts';
import type { CameraInfo, SystemState } from '../../shared/contracts/socket.ts';
import { publicReading } from '../../shared/readings/status.ts';
import type { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import { readPresence } from '../../shared/runtime/presence.ts';
import { followStream } from '../../shared/runtime/stream.ts';
import { jsonOf } from '../../shared/runtime/words.ts';
import { modelsKnown } from './models-known.ts';
import { ZoneTrends } from './zone-trends.ts';

/** How often time alone may change a status. */
const TICK_MS = 100;
const PRESENCE_EVERY_MS = 500;
const MODELS_EVERY_MS = 2000;
/** Makes good for events that were lost while Redis was away. */
const RELOAD_EVERY_MS = 5000;
/** Silence of Redis beyond which nothing it said last is taken for the present. */
const REDIS_DOWN_AFTER_MS = 2000;

const ALL_DOWN: SystemState = { ingest: 'down', inference: 'down', redis: 'down', alerts: { leader: 'down' } };

type BoardEvents = { reading: [PublicReading]; cameras: [CameraInfo[]] };

export class CameraBoard extends EventEmitter<BoardEvents> {
  #configured: Camera[] = [];
  /** Of a drill under way. */
  #drill: Camera[] = [];
  #cameras: Camera[] = [];
  #alerts: AlertsConfig = AlertsConfig.parse(undefined);
  readonly #watchedSince = new Map<string, number>();
  readonly #readings = new Map<string, WorkerReading>();
  readonly #states = new Map<string, CameraState>();
  /** When the stream last told each camera's state, by the monotonic clock: a list asked for before is older. */
  readonly #stateHeardAt = new Map<string, number>();
  readonly #told = new Map<string, string>();
  readonly #trends = new ZoneTrends();
  #system: SystemState = ALL_DOWN;
  #refusedModels: string[] = [];
  #redisHeardAt = 0;
  readonly #state: Redis;

  /** @param state fail-fast connection to the state database */
  constructor(state: Redis) {
    super();
    this.#state = state;
  }

  /** Follows Redis until the lifecycle closes. `events` is a connection of its own: it blocks. */
  async follow(events: Redis, lifecycle: Lifecycle): Promise<void> {
    // Before the hashes: what comes in between is told twice rather than never.
    const [newest] = await this.#state.xrevrange(stateKeys.events, '+', '-', 'COUNT', 1);
    await this.#reload();
    await this.#lookForServices();
    const timers = [
      setInterval(() => this.#tellChanges(), TICK_MS),
      setInterval(() => void this.#lookForServices(), PRESENCE_EVERY_MS),
      setInterval(() => void this.#lookForModels().catch(() => undefined), MODELS_EVERY_MS),
      setInterval(() => void this.#reload().catch(() => undefined), RELOAD_EVERY_MS),
    ];
    lifecycle.add('camera board', timers, () => timers.forEach(clearInterval));
    void followStream({
      redis: events,
      key: stateKeys.events,
      from: newest?.[0] ?? '0',
      lifecycle,
      onEntry: ({ fields }) => {
        if (fields.body) this.#take(fields.kind, fields.body);
      },
      onGap: () => this.#reload(),
    });
  }

  configure(config: Config): void {
    this.#configured = config.cameras;
    this.#alerts = config.alerts;
    this.#setCameras();
  }

  /** Cameras that exist for a drill; none ends it. */
  setDrillCameras(cameras: Camera[]): void {
    if (JSON.stringify(cameras) === JSON.stringify(this.#drill)) return;
    this.#drill = cameras;
    this.#setCameras();
  }

  #setCameras(): void {
    this.#cameras = [...this.#configured, ...this.#drill];
    this.#trends.configure(this.#cameras, this.#alerts);
    const known = new Set(this.#cameras.map((camera) => camera.id));
    for (const id of this.#watchedSince.keys()) {
      if (known.has(id)) continue;
      for (const map of [this.#watchedSince, this.#readings, this.#states, this.#stateHeardAt, this.#told])
        map.delete(id);
    }
    // Zones may be gone or have other names: told now, not with the next picture.
    this.#told.clear();
    for (const id of known) if (!this.#watchedSince.has(id)) this.#watchedSince.set(id, Date.now());
    this.emit('cameras', this.cameras());
  }

  /** The site's own texts for each level. */
  runbooks(): Runbooks {
    return this.#alerts.runbooks;
  }

  cameras(): CameraInfo[] {
    return this.#cameras.map((camera) => ({
      id: camera.id,
      ...(isDrillCamera(camera.id) ? { exercise: true as const } : {}),
      name: camera.name ?? camera.id,
      sampleFps: camera.sampleFps,
      staleAfterMs: staleAfterMs(camera),
      zones: camera.zones.map((zone) => ({
        id: zone.id,
        name: zone.name ?? zone.id,
        polygon: zone.polygon,
        ...(zone.capacity ? { capacity: zone.capacity } : {}),
        limits: limitsInForce(this.#alerts, camera, zone),
        ...(zone.runbooks ? { runbooks: zone.runbooks } : {}),
      })),
      ...(camera.lines.length > 0 ? { lines: camera.lines.map(lineInfo) } : {}),
      ...(camera.farField ? { farField: camera.farField } : {}),
      calibrated: camera.calibration !== undefined,
      neighbours: camera.neighbours,
    }));
  }

  /** Every camera's reading as of now. */
  readings(): PublicReading[] {
    const now = Date.now();
    return this.#cameras.map((camera) => this.#readingOf(camera, now));
  }

  /** What ingest said last of each camera. */
  connections(): ReadonlyMap<string, CameraState> {
    return this.#states;
  }

  system(): SystemState {
    return this.#system;
  }

  #readingOf(camera: Camera, now: number): PublicReading {
    const reading = publicReading(
      {
        cameraId: camera.id,
        zones: camera.zones,
        lines: camera.lines,
        staleAfterMs: staleAfterMs(camera),
        reading: this.#readings.get(camera.id),
        state: this.#states.get(camera.id),
        watchedSince: this.#watchedSince.get(camera.id) ?? now,
        ingestUp: this.#system.ingest === 'up',
        workerUp: this.#system.inference === 'up',
      },
      now,
    );
    return this.#trends.with(reading);
  }

  /** Tells a camera's reading if it differs from what was told last. */
  #tell(camera: Camera, now: number): void {
    const reading = this.#readingOf(camera, now);
    // Of a silent one every word is news: its details and its zones may change while its reason stays.
    const key = reading.status === 'ok' ? `ok ${reading.seq}` : JSON.stringify(reading);
    if (this.#told.get(camera.id) === key) return;
    this.#told.set(camera.id, key);
    this.emit('reading', reading);
  }

  #tellChanges(): void {
    const now = Date.now();
    for (const camera of this.#cameras) this.#tell(camera, now);
  }

  /** @param listedAt of an entry of a list, when the list was asked for, by the monotonic clock */
  #take(kind: string | undefined, body: string, listedAt?: number): void {
    const parsed = (kind === 'reading' ? WorkerReading : CameraState).safeParse(jsonOf(body));
    // Another version of a service may speak another dialect: its words are not guessed at.
    if (!parsed.success) return;
    const { data } = parsed;
    if ('status' in data) {
      const before = this.#readings.get(data.cameraId);
      if (before && before.seq >= data.seq && before.capturedAt >= data.capturedAt) return;
      this.#readings.set(data.cameraId, data);
    } else {
      // A list comes over another connection: what the stream has told meanwhile may be newer, and nothing numbers states.
      if (listedAt === undefined) this.#stateHeardAt.set(data.cameraId, performance.now());
      else if ((this.#stateHeardAt.get(data.cameraId) ?? Number.NEGATIVE_INFINITY) >= listedAt) return;
      this.#states.set(data.cameraId, data);
    }
    const camera = this.#cameras.find(({ id }) => id === data.cameraId);
    if (camera) this.#tell(camera, Date.now());
  }

  async #reload(): Promise<void> {
    const askedAt = performance.now();
    const [states, readings] = await Promise.all([
      this.#state.hgetall(stateKeys.cameraStates),
      this.#state.hgetall(stateKeys.readings),
    ]);
    for (const body of Object.values(states)) this.#take('camera-state', body, askedAt);
    for (const body of Object.values(readings)) this.#take('reading', body, askedAt);
  }

  async #lookForModels(): Promise<void> {
    const models = (await modelsKnown(this.#state)).flatMap((worker) => worker.models);
    this.#refusedModels = [...new Set(models.filter(({ refused }) => refused).map(({ name }) => name))];
  }

  async #lookForServices(): Promise<void> {
    try {
      const services = new Set((await readPresence(this.#state)).map(({ service }) => service));
      const health = await this.#state.get(alertKeys.health);
      this.#redisHeardAt = performance.now();
      const up = (service: string) => (services.has(service) ? 'up' : 'down');
      this.#system = {
        ingest: up('ingest'),
        inference: up('worker'),
        redis: 'up',
        alerts: alertsState(health),
        ...(this.#refusedModels.length > 0 ? { refusedModels: this.#refusedModels } : {}),
      };
    } catch {
      if (performance.now() - this.#redisHeardAt < REDIS_DOWN_AFTER_MS) return;
      // Blind to the services, not proof of their death; but nothing they said is fresh any more.
      this.#system = ALL_DOWN;
    }
  }
}

/** A word of health lasts a second or two: without one, nobody judges readings. */
function alertsState(health: string | null): SystemState['alerts'] {
  const parsed = AlertsHealth.safeParse(jsonOf(health));
  return parsed.success ? { leader: 'up', ...parsed.data } : { leader: 'down' };
}

const lineInfo = ({ id, name, points, in: inside }: Line): NonNullable<CameraInfo['lines']>[number] => ({
  id,
  name: name ?? id,
  points,
  in: inside,
});
