/** A whole system whose cameras show a square that is full for four seconds of every twelve: an alert and its end a round. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCrowdClip } from './crowd-clip.ts';
import { type GstRtspServer, startGstRtspServer } from './gst-rtsp-server.ts';
import { connectLive, type LiveClient } from './live-client.ts';
import { startSystem, type TestSystem } from './system.ts';
import { until } from './until.ts';
import { startListener, type WebhookListener } from './webhook-listener.ts';
import { WHOLE_PICTURE } from './whole-picture.ts';

const SECRET = `whsec_${createHash('sha256').update('surge').digest('base64')}`;
const ROUND_WITHIN_MS = 180_000;
/** Pictures of a round before the square is full, of its 60. */
export const QUIET_FRAMES = 40;
export const SURGE = { sampleFps: 5, dwellMs: 400, severeCount: 45 } as const;

export type Surge = {
  readonly ids: string[];
  readonly system: TestSystem;
  readonly live: LiveClient;
  readonly listener: WebhookListener;
  readonly server: GstRtspServer;
  /** The alerts' database. */
  readonly database: string;
  /** Waits until every camera was counted, alarmed and was calm again on pictures of after this call. */
  round(): Promise<void>;
  /** Process ids of the four services. */
  services(): Promise<number[]>;
  stop(): Promise<void>;
};

export type SurgeOptions = {
  cameras?: number;
  config?: Record<string, unknown>;
  env?: NodeJS.ProcessEnv;
  dataDir?: string;
  /** File descriptor for the log. */
  log?: number;
};

export async function startSurge({ cameras = 2, config, env, dataDir, log }: SurgeOptions = {}): Promise<Surge> {
  const dir = await mkdtemp(join(tmpdir(), 'hr-surge-'));
  const clip = await makeCrowdClip(
    join(dir, 'surge.mp4'),
    [
      [2, 6],
      [29, 31],
    ],
    5,
  );
  const ids = Array.from({ length: cameras }, (_, i) => `c${i}`);
  const listener = await startListener(SECRET);
  const server = await startGstRtspServer({
    streams: ids.map((id) => ({ path: `/${id}`, file: clip.file })),
    announce: true,
  });
  const endpoint = { url: listener.url, secrets: ['${SURGE_HOOK}'], allowHttp: true, allow: ['127.0.0.1'] };
  const stopCameras = async () => {
    await server.stop();
    await listener.close();
    await rm(dir, { recursive: true, force: true });
  };
  const system = await startSystem({
    cameras: ids.map((id, i) => ({
      id,
      url: server.urls[i] as string,
      sampleFps: SURGE.sampleFps,
      // A starved machine counts late, and late is not what is tested.
      staleAfterMs: 10_000,
      // The view jumps from one scene to the other.
      pictureGate: { moved: false },
      zones: [{ id: 'all', polygon: WHOLE_PICTURE, limits: { count: { severe: SURGE.severeCount } } }],
    })),
    config: {
      ...(dataDir ? { dataDir } : {}),
      worker: { processes: 1 },
      alerts: { dwellMs: { severe: SURGE.dwellMs }, clearMs: 1000, smoothMs: 0, escalationSteps: 0 },
      deliveries: { endpoints: [{ id: 'control-room', minLevel: 'attention', ...endpoint }] },
      ...config,
    },
    env: { SURGE_HOOK: SECRET, ...env },
    ...(log === undefined ? {} : { log }),
  }).catch(async (error) => {
    await stopCameras();
    throw error;
  });
  const live = await connectLive(system.wsUrl);
  return {
    ids,
    system,
    live,
    listener,
    server,
    database: join(dataDir ?? join(system.dir, 'data'), 'headroom.db'),
    async round() {
      const since = Date.now();
      const told = (cameraId: string, type: string): boolean =>
        listener.received.some(
          ({ message: { type: is, data } }) =>
            is === type && data.rule === 'zone-count' && data.cameraId === cameraId && Number(data.capturedAt) > since,
        );
      await until(
        'every camera alarms and is calm again',
        () => ids.every((id) => told(id, 'alert.firing') && told(id, 'alert.resolved')),
        ROUND_WITHIN_MS,
        100,
      );
    },
    services: () => system.processes(/services\/(ingest|worker|alerts|gateway)\/main\.ts/),
    async stop() {
      live.close();
      await system.stop();
      await stopCameras();
    },
  };
}
