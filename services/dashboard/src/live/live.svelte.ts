/** The page's live state: what came over the socket, in the form the screens read it. */
import type { PublicReading } from '../../../../shared/contracts/reading.ts';
import type { Runbooks } from '../../../../shared/contracts/runbook.ts';
import {
  type CameraInfo,
  MAX_HEATMAPS,
  type ServerMessage,
  type SystemState,
} from '../../../../shared/contracts/socket.ts';
import { Alerts } from '../alerts/alerts.svelte.ts';
import { Batch } from './batch.ts';
import { CameraLive, type Moment } from './camera-live.svelte.ts';
import { ServerClock } from './clock.ts';
import { type Connection, snapshotAt, startConnection } from './connection.ts';
import type { Incoming } from './messages.ts';
import { LiveSocket } from './socket.ts';

/** Scrolling moves many tiles in and out: the list of wanted maps is sent once it has settled. */
const SUBSCRIBE_DELAY_MS = 150;
/** Shorter than anybody sees, and long enough for a wall of a hundred cameras to be brought up to date once for many. */
const READINGS_TOGETHER_MS = 100;

type Arrived = { reading: PublicReading; localNow: number };

export class Live implements Moment {
  connection: Connection = $state.raw(startConnection(performance.now()));
  /** Monotonic local time of the latest tick: what the connection's times are measured in. */
  localNow = $state(performance.now());
  /** Server time, epoch ms; undefined before the first message. */
  now: number | undefined = $state();
  system: SystemState | undefined = $state.raw();
  /** In the order of the configuration; undefined before the first snapshot. */
  cameras: CameraLive[] | undefined = $state.raw();
  /** Server time of the last message: as of when everything on the screen is, once the connection is lost. */
  heardAt: number | undefined = $state();
  /** The site's own texts on what to do at each level. */
  runbooks: Runbooks = $state.raw({});
  /** What is under way that is not the real thing. */
  drill: Extract<ServerMessage, { type: 'drill' }> | undefined = $state.raw();
  readonly alerts: Alerts;
  /** Messages this page should have understood and did not. */
  brokenMessages = $state(0);

  readonly #clock = new ServerClock();
  readonly #socket: LiveSocket;
  readonly #byId = new Map<string, CameraLive>();
  readonly #onScreen = new Set<string>();
  readonly #readings = new Batch<Arrived>(READINGS_TOGETHER_MS, (arrived) => {
    // Not a tick for all: every tile of a large wall would be looked at again.
    for (const { reading, localNow } of arrived)
      this.#byId.get(reading.cameraId)?.take(reading, this.#clock.now(localNow));
  });
  #overlayWanted = false;
  #subscribed = '';
  #subscribeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string) {
    this.#socket = new LiveSocket({
      url,
      onIncoming: (incoming, localNow) => this.#take(incoming, localNow),
      onConnection: (connection) => {
        this.connection = connection;
      },
      onTick: (localNow) => this.#tick(localNow),
      onSlept: (ms) => this.#clock.skip(ms),
    });
    this.alerts = new Alerts({
      send: (message) => this.#socket.send(message),
      reachable: () => this.connected && this.system?.redis === 'up',
    });
    document.addEventListener('visibilitychange', () => this.#subscribeSoon());
  }

  /** Alerts are judged, but can be neither kept nor told. */
  get databaseAway(): boolean {
    const alerts = this.connected ? this.system?.alerts : undefined;
    return alerts?.leader === 'up' && alerts.database === 'away';
  }

  start(): void {
    this.#socket.start();
  }

  close(): void {
    clearTimeout(this.#subscribeTimer);
    this.#readings.clear();
    this.alerts.close();
    this.#socket.close();
  }

  get connected(): boolean {
    return this.connection.phase === 'live';
  }

  retryNow(): void {
    this.#socket.retryNow();
  }

  camera(id: string): CameraLive | undefined {
    return this.cameras?.find((camera) => camera.id === id);
  }

  /** Tiles report themselves: heat maps come only for cameras on the screen. */
  setOnScreen(cameraId: string, visible: boolean): void {
    if (visible) this.#onScreen.add(cameraId);
    else this.#onScreen.delete(cameraId);
    this.#subscribeSoon();
  }

  setOverlayWanted(wanted: boolean): void {
    this.#overlayWanted = wanted;
    this.#subscribeSoon();
  }

  #tick(localNow: number): void {
    this.localNow = localNow;
    this.now = this.#clock.now(localNow);
    if (this.connection.phase === 'live') this.heardAt = this.#clock.now(this.connection.lastMessageAt);
  }

  #take(incoming: Incoming, localNow: number): void {
    if (incoming.kind === 'heatmap') {
      const camera = this.#byId.get(incoming.heatmap.cameraId);
      if (camera) camera.heatmap = incoming.heatmap;
    } else if (incoming.kind === 'message') {
      this.#takeMessage(incoming.message, localNow);
    } else if (incoming.kind === 'broken') {
      this.brokenMessages += 1;
    }
  }

  #takeMessage(message: ServerMessage, localNow: number): void {
    switch (message.type) {
      case 'snapshot':
        // It holds the newest of every camera.
        this.#readings.flush();
        this.#clock.reset();
        this.#clock.learn(message.serverTime, snapshotAt(this.connection, localNow));
        this.#tick(localNow);
        this.system = message.system;
        this.brokenMessages = 0;
        this.runbooks = message.runbooks;
        this.#setCameras(message.cameras);
        for (const reading of message.readings) this.#byId.get(reading.cameraId)?.take(reading);
        this.#subscribed = '';
        this.#subscribeSoon();
        this.alerts.connected();
        break;
      case 'reading':
        this.#readings.add({ reading: message, localNow });
        break;
      case 'cameras':
        this.#readings.flush();
        this.runbooks = message.runbooks;
        this.#setCameras(message.cameras);
        break;
      case 'heartbeat':
        this.#clock.learn(message.serverTime, localNow);
        this.#tick(localNow);
        this.system = message.system;
        break;
      case 'alerts':
      case 'alert':
      case 'resumed':
        this.alerts.take(message);
        break;
      case 'drill':
        this.drill = message;
        break;
      case 'error':
        // Our own message was refused; the gateway closes the socket when it matters.
        this.brokenMessages += 1;
        break;
    }
  }

  #setCameras(infos: readonly CameraInfo[]): void {
    const cameras = infos.map((info) => {
      const camera = this.#byId.get(info.id) ?? new CameraLive(info, this);
      camera.info = info;
      return camera;
    });
    this.#byId.clear();
    for (const camera of cameras) this.#byId.set(camera.id, camera);
    this.cameras = cameras;
  }

  #subscribeSoon(): void {
    clearTimeout(this.#subscribeTimer);
    this.#subscribeTimer = setTimeout(() => this.#subscribe(), SUBSCRIBE_DELAY_MS);
  }

  #subscribe(): void {
    if (!this.connected) return; // the next snapshot asks again
    const wanted =
      this.#overlayWanted && !document.hidden ? [...this.#onScreen].filter((id) => this.#byId.has(id)) : [];
    const cameraIds = wanted.sort().slice(0, MAX_HEATMAPS);
    const key = cameraIds.join(' ');
    if (key === this.#subscribed) return;
    this.#subscribed = key;
    this.#socket.send({ type: 'heatmaps', cameraIds });
  }
}
