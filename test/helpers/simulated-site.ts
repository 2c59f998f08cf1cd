/**
 * A site without cameras and without a model: real Redis, alerts service and gateway, fed with the words of ingest and
 * worker. For screens with many cameras and for crowds that rise and fall on demand, where inference on a small machine
 * would be the bottleneck. Pictures come from the demo clip; heat and heads from people who walk about in them.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Redis } from 'ioredis';
import { stringify } from 'yaml';
import { startAlerts } from '../../services/alerts/service.ts';
import { startGateway } from '../../services/gateway/service.ts';
import { JpegSplitter } from '../../services/ingest/jpeg-splitter.ts';
import { loadConfig } from '../../shared/config/load.ts';
import type { Camera } from '../../shared/config/schema.ts';
import type { CameraState } from '../../shared/contracts/camera.ts';
import { EVENTS_KEPT, frameKeys, stateKeys } from '../../shared/contracts/keys.ts';
import { MODELS_TTL_MS, modelKeys, type WorkerModels } from '../../shared/contracts/models.ts';
import type { WorkerReading } from '../../shared/contracts/reading.ts';
import { publishReading } from '../../shared/readings/reading-publisher.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { startRedis } from './redis.ts';
import { SimulatedCrowd } from './simulated-crowd.ts';

export type SimulatedSite = {
  readonly url: string;
  readonly configFile: string;
  /** How many people the camera sees from now on. */
  setPeople(cameraId: string, people: number): void;
  /** The camera goes dark: no picture, and ingest says so. */
  pull(cameraId: string): Promise<void>;
  plug(cameraId: string): Promise<void>;
  /** Ends the gateway, and with it every connection of the screens. */
  stopGateway(): Promise<void>;
  /** Starts it again at the same address. */
  startGateway(): Promise<void>;
  stop(): Promise<void>;
};

export type SimulatedOptions = {
  /** As in headroom.yaml; `url` may be left out. */
  cameras: ({ id: string } & Record<string, unknown>)[];
  config?: Record<string, unknown>;
  /** People a camera sees at first; 40 by default. */
  people?: number;
};

const CLIP = fileURLToPath(new URL('../../infra/demo/crowd.mp4', import.meta.url));
const FRAME_LIFE_MS = 5_000;
const PRESENCE_MS = 500;
const STATE_MS = 2_000;
const MODEL = { name: 'simulated', version: '0', steps: 1, warmStart: false };
/** As a worker tells them: the one that counts, and another that lies beside it. */
const MODELS: WorkerModels['models'] = [
  { name: MODEL.name, version: MODEL.version, description: 'No model at all.', loaded: true, cameraIds: [] },
  {
    name: 'night',
    version: '1.2.0',
    description: 'For streets after dark.',
    figures: [{ data: 'streets_at_night', images: 40, people: 61.5, mae: 7.25 }],
    loaded: false,
    cameraIds: [],
  },
];

export async function startSimulatedSite(o: SimulatedOptions): Promise<SimulatedSite> {
  const dir = await mkdtemp(join(tmpdir(), 'hr-site-'));
  const configFile = join(dir, 'headroom.yaml');
  const cameras = o.cameras.map((camera) => ({ url: 'rtsp://192.0.2.1/', ...camera }));
  await writeFile(configFile, stringify({ gateway: { port: 0 }, cameras, ...o.config }));
  const config = await loadConfig(configFile);
  const pictures = await clipPictures();
  const redis = await startRedis();
  const redisUrls = { state: redis.url, frames: redis.framesUrl };
  const state = redis.client();
  const frames = redis.client();
  await frames.select(1);
  const logger = createLogger('simulated', 'silent');
  const feeds = new Map(
    config.cameras.map((camera) => [camera.id, new Feed(camera, pictures, state, frames, o.people ?? 40)]),
  );

  const models = JSON.stringify({ instance: 'simulated', defaultModel: MODEL.name, models: MODELS });
  const beat = () =>
    Promise.all([
      ...['ingest', 'worker'].map((service) => {
        const presence = { service, instance: 'simulated', startedAt: 1, at: Date.now() };
        return state.set(stateKeys.presence(service, 'simulated'), JSON.stringify(presence), 'PX', 2_500);
      }),
      state.set(modelKeys.worker('simulated'), models, 'PX', MODELS_TTL_MS),
    ]).catch(() => undefined);
  await beat();
  const alive = setInterval(() => void beat(), PRESENCE_MS);
  const alerts = await startAlerts({ config, configFile, redisUrls, logger, dataDir: dir });
  let gateway = await startGateway({ config, configFile, redisUrls, logger });
  const { url } = gateway;
  await Promise.all([...feeds.values()].map((feed) => feed.plug()));

  const feedOf = (id: string): Feed => {
    const feed = feeds.get(id);
    if (!feed) throw new Error(`the simulated site has no camera "${id}"`);
    return feed;
  };
  return {
    url,
    configFile,
    setPeople(cameraId, people) {
      feedOf(cameraId).people = people;
    },
    pull: (cameraId) => feedOf(cameraId).pull(),
    plug: (cameraId) => feedOf(cameraId).plug(),
    stopGateway: () => gateway.close(),
    async startGateway() {
      const port = Number(new URL(url).port);
      gateway = await startGateway({
        config: { ...config, gateway: { ...config.gateway, port } },
        configFile,
        redisUrls,
        logger,
      });
    },
    async stop() {
      clearInterval(alive);
      for (const feed of feeds.values()) feed.close();
      await gateway.close();
      await alerts.close();
      await redis.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** One camera: what ingest and worker would write of it. */
class Feed {
  people: number;
  readonly #camera: Camera;
  readonly #pictures: Buffer[];
  readonly #state: Redis;
  readonly #frames: Redis;
  readonly #crowd: SimulatedCrowd;
  #seq = 0;
  #picture: NodeJS.Timeout | undefined;
  #told: NodeJS.Timeout | undefined;
  #says: CameraState | undefined;

  constructor(camera: Camera, pictures: Buffer[], state: Redis, frames: Redis, people: number) {
    this.#camera = camera;
    this.#pictures = pictures;
    this.#state = state;
    this.#frames = frames;
    this.people = people;
    this.#crowd = new SimulatedCrowd(camera);
    this.#told = setInterval(() => void this.#tell(), STATE_MS);
  }

  async plug(): Promise<void> {
    this.close();
    this.#told = setInterval(() => void this.#tell(), STATE_MS);
    this.#picture = setInterval(() => void this.#take().catch(() => undefined), 1000 / this.#camera.sampleFps);
    await this.#say({ phase: 'live', attempt: 0 });
  }

  async pull(): Promise<void> {
    clearInterval(this.#picture);
    await this.#say({ phase: 'no-signal', reason: 'unreachable', attempt: 1 });
  }

  close(): void {
    clearInterval(this.#picture);
    clearInterval(this.#told);
  }

  async #take(): Promise<void> {
    const { id: cameraId } = this.#camera;
    this.#seq += 1;
    const seq = this.#seq;
    const capturedAt = Date.now();
    const jpeg = this.#pictures[seq % this.#pictures.length] as Buffer;
    const { heatmap, ...counted } = this.#crowd.picture(this.people, seq, capturedAt);
    const reading: WorkerReading = {
      cameraId,
      seq,
      capturedAt,
      publishedAt: Date.now(),
      status: 'ok',
      ...counted,
      model: MODEL,
    };
    await this.#frames
      .pipeline()
      .hset(frameKeys.frame(cameraId), { jpeg, capturedAt, widthPx: 640, heightPx: 360, seq })
      .pexpire(frameKeys.frame(cameraId), FRAME_LIFE_MS)
      .set(frameKeys.heatmap(cameraId), Buffer.from(heatmap), 'PX', FRAME_LIFE_MS)
      .exec();
    await publishReading(this.#state, reading);
  }

  async #say(what: Pick<CameraState, 'phase' | 'attempt'> & Partial<CameraState>): Promise<void> {
    this.#says = { cameraId: this.#camera.id, since: Date.now(), node: 'simulated', ...what };
    await this.#tell();
  }

  async #tell(): Promise<void> {
    if (!this.#says) return;
    const body = JSON.stringify(this.#says);
    await this.#state
      .pipeline()
      .hset(stateKeys.cameraStates, this.#camera.id, body)
      .xadd(stateKeys.events, 'MAXLEN', '~', EVENTS_KEPT, '*', 'kind', 'camera-state', 'body', body)
      .exec()
      .catch(() => undefined);
  }
}

/** Two pictures for every second of the demo clip, as a camera's JPEGs. */
async function clipPictures(): Promise<Buffer[]> {
  const args = [
    '-v',
    'error',
    '-t',
    '20',
    '-i',
    CLIP,
    '-vf',
    'fps=2,scale=640:-2',
    '-q:v',
    '4',
    '-f',
    'image2pipe',
    '-c:v',
    'mjpeg',
    '-',
  ];
  const ffmpeg = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const pictures: Buffer[] = [];
  const splitter = new JpegSplitter();
  for await (const chunk of ffmpeg.stdout) pictures.push(...splitter.push(chunk as Buffer));
  if (pictures.length === 0) throw new Error('ffmpeg gave no picture of the demo clip');
  return pictures;
}
