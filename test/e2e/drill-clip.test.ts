/**
 * A drill with a clip over the whole real path: ffmpeg plays it beside a real RTSP camera, the model counts it with that
 * camera's zone, and everything it brings about is marked. Nothing of it is left when it is over, however that came.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { z } from 'zod';
import type { AlertEvent } from '../../shared/contracts/alert.ts';
import { DRILL_KEY, Drill, DrillClip } from '../../shared/contracts/drill.ts';
import { Evidence } from '../../shared/contracts/evidence.ts';
import { frameKeys, stateKeys } from '../../shared/contracts/keys.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import { replayKey } from '../../shared/contracts/replay.ts';
import { CameraInfo } from '../../shared/contracts/socket.ts';
import { processNumberOf } from '../../shared/runtime/presence.ts';
import { makeCrowdClip } from '../helpers/crowd-clip.ts';
import { type GstRtspServer, startGstRtspServer } from '../helpers/gst-rtsp-server.ts';
import { connectLive, type LiveClient } from '../helpers/live-client.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { startSystem, type TestSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';
import { startListener, type WebhookListener } from '../helpers/webhook-listener.ts';
import { WHOLE_PICTURE } from '../helpers/whole-picture.ts';

const SECRET = `whsec_${createHash('sha256').update('drill clip').digest('base64')}`;
const DRILLED = 'drill--plaza';
/** Some 14 people stand before the real camera, 70 and more on the clip. */
const LIMIT = 45;
const CLIP_SECONDS = 6;
/** The machine may be busy with much else. */
const PATIENCE_MS = 90_000;

let dir: string;
let redis: TestRedis;
let listener: WebhookListener;
let server: GstRtspServer;
let system: TestSystem;
let live: LiveClient;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-drill-clip-'));
  const clipsDir = join(dir, "the site's clips");
  await mkdir(clipsDir);
  await makeCrowdClip(join(clipsDir, 'full.mp4'), [[28, 28 + CLIP_SECONDS]], 10);
  await writeFile(join(clipsDir, 'torn.mp4'), 'no video');
  await writeFile(join(clipsDir, 'not a clip.txt'), 'nothing');
  const quiet = await makeCrowdClip(join(dir, 'quiet.mp4'), [[2, 11]], 10);
  redis = await startRedis();
  listener = await startListener(SECRET);
  server = await startGstRtspServer({ streams: [{ path: '/plaza', file: quiet.file }] });
  system = await startSystem({
    cameras: [
      {
        id: 'plaza',
        name: 'Plaza',
        url: server.urls[0] as string,
        zones: [
          {
            id: 'all',
            polygon: WHOLE_PICTURE,
            limits: { count: { severe: LIMIT } },
          },
        ],
      },
    ],
    config: {
      ingest: { clipsDir },
      alerts: {
        dwellMs: { attention: 500, caution: 500, alert: 500, severe: 500 },
        clearMs: 1000,
        smoothMs: 0,
        escalationSteps: 0,
        evidence: { mode: 'picture', minFreeMb: 0 },
      },
      deliveries: {
        endpoints: [
          {
            id: 'desk',
            url: listener.url,
            secrets: ['${CLIP_HOOK}'],
            allowHttp: true,
            allow: ['127.0.0.1'],
            minLevel: 'attention',
          },
        ],
      },
    },
    env: { CLIP_HOOK: SECRET, REDIS_URL: redis.url, FRAMES_REDIS_URL: redis.framesUrl },
  });
  live = await connectLive(system.wsUrl);
  await until('the real camera is counted', () => counted('plaza').length > 0, PATIENCE_MS);
});
after(async () => {
  live?.close();
  await system?.stop();
  await server?.stop();
  await listener?.close();
  await redis?.stop();
  await rm(dir, { recursive: true, force: true });
});

type Counted = Extract<PublicReading, { status: 'ok' }>;
const counted = (cameraId: string): Counted[] =>
  live.readings(cameraId).flatMap(({ message }) => (message.status === 'ok' ? [message] : []));
const call = (method: string, path: string, body?: object): Promise<Response> =>
  fetch(`${system.url}${path}`, {
    method,
    ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  });
const start = (clip: string): Promise<Response> =>
  call('POST', '/api/drills', {
    actor: 'Kim',
    scenario: { title: 'Full square', durationSeconds: 900, cameras: [{ like: 'plaza', clip }] },
  });
const begin = async (clip: string): Promise<Drill> => {
  const answer = await start(clip);
  assert.equal(answer.status, 201, await answer.clone().text());
  return Drill.parse(await answer.json());
};
const ffmpegs = async (): Promise<number> => (await system.processes(/ffmpeg.* -f image2pipe/)).length;

/** Everything a drill could leave behind, looked for until it is gone. */
async function assertNothingLeft(): Promise<void> {
  const client = redis.client();
  const frames = redis.client();
  await frames.select(1);
  await until('its key is gone', async () => (await client.exists(DRILL_KEY)) === 0, PATIENCE_MS);
  await until('its video is over', async () => (await ffmpegs()) === 1, PATIENCE_MS);
  await until(
    'its camera is gone',
    async () => CameraInfo.array().parse(await (await call('GET', '/api/cameras')).json()).length === 1,
    PATIENCE_MS,
  );
  await until(
    'Redis is tidy',
    async () => {
      const hashes = [
        stateKeys.readings,
        stateKeys.readingFence,
        stateKeys.cameraStates,
        stateKeys.views,
        stateKeys.lines,
      ];
      const fields = (await Promise.all(hashes.map((key) => client.hkeys(key)))).flat();
      const keys = [frameKeys.frame(DRILLED), frameKeys.heatmap(DRILLED), replayKey(DRILLED)];
      const left = (await frames.exists(...keys)) + (await client.exists(stateKeys.cameraLease(DRILLED)));
      return !fields.includes(DRILLED) && left === 0;
    },
    PATIENCE_MS,
  );
  // A picture that was being counted meanwhile is not published any more.
  const seq = counted('plaza').length;
  await until('the real camera goes on', () => counted('plaza').length > seq + 4, PATIENCE_MS);
  assert.equal(await client.hexists(stateKeys.readings, DRILLED), 0);
  await until(
    'its alerts are gone',
    async () => {
      const on = (await (await call('GET', '/api/alerts')).json()) as { alerts: { cameraId?: string }[] };
      return !JSON.stringify(on).includes(DRILLED);
    },
    PATIENCE_MS,
  );
  const history = await call('GET', `/api/history?cameraId=${DRILLED}&from=0&to=${Date.now()}&stepMs=3600000`);
  assert.doesNotMatch(await history.text(), /countMean/, 'no history is kept of it');
}

test('clips that can be played are listed by name; others are refused with what to do', async () => {
  const List = z.object({ clips: z.array(DrillClip) });
  const clips = await until(
    'all were looked at',
    async () => {
      const { clips: found } = List.parse(await (await call('GET', '/api/drills')).json());
      return found.length === 3 ? found : undefined;
    },
    PATIENCE_MS,
  );
  assert.deepEqual(
    clips.map(({ name, fault }) => [name, fault === undefined]),
    [
      ['crowd.mp4', true],
      ['full.mp4', true],
      ['torn.mp4', false],
    ],
  );
  const why = async (answer: Response): Promise<string> => {
    assert.equal(answer.status, 400);
    return ((await answer.json()) as { detail: string }).detail;
  };
  assert.match(await why(await start('torn.mp4')), /cameras\[0\]\.clip: torn\.mp4 cannot be played \(.+\)/);
  assert.match(await why(await start('none.mp4')), /no clip none\.mp4; known are crowd\.mp4, full\.mp4\. .*clipsDir/);
  assert.match(await why(await start('../../headroom.yaml')), /clip/);
  assert.equal(await redis.client().exists(DRILL_KEY), 0);
});

test('ffmpeg plays the clip, the model counts it, and all that follows is marked', async () => {
  const drill = await begin('full.mp4');
  const first = await until('a count of the clip', () => counted(DRILLED)[0], PATIENCE_MS);
  assert.equal(first.exercise, true);
  assert.equal(first.model.name, 'standard');
  assert.deepEqual(
    first.zones.map(({ zoneId }) => zoneId),
    ['all'],
  );

  const told = await until(
    'the webhook',
    () => listener.received.find(({ message }) => (message.data as AlertEvent).to?.level === 'severe'),
    PATIENCE_MS,
  );
  const event = told.message.data as AlertEvent;
  assert.deepEqual(
    [event.cameraId, event.zoneId, event.mode, event.exercise, event.model?.split('@')[0]],
    [DRILLED, 'all', 'exercise', true, 'standard'],
  );
  const cameras = CameraInfo.array().parse(await (await call('GET', '/api/cameras')).json());
  assert.deepEqual(
    cameras.map(({ id, exercise }) => [id, exercise]),
    [
      ['plaza', undefined],
      [DRILLED, true],
    ],
  );

  // Four times through: the jump back to its beginning is no move, and the clip no still picture.
  const from = first.capturedAt;
  await until(
    'the clip went round',
    () => (counted(DRILLED).at(-1)?.capturedAt ?? 0) > from + 4 * CLIP_SECONDS * 1000,
    PATIENCE_MS,
  );
  const since = live.readings(DRILLED).slice(live.readings(DRILLED).findIndex(({ message }) => message === first));
  assert.deepEqual(
    since.flatMap(({ message }) => (message.status === 'degraded' || message.status === 'no-signal' ? [message] : [])),
    [],
  );
  assert.ok(counted(DRILLED).every(({ exercise, count }) => exercise && count > LIMIT));
  // The two are counted side by side and never mixed.
  assert.ok(counted('plaza').every(({ exercise, count }) => exercise === undefined && count < LIMIT));

  const shown = await call('GET', `/api/cameras/${DRILLED}/frame.jpg`);
  assert.equal(shown.headers.get('content-type'), 'image/jpeg');
  await assertMarked(Buffer.from(await shown.arrayBuffer()));
  const kept = await until(
    'evidence',
    async () => {
      const found = Evidence.array().parse(await (await call('GET', event.evidence ?? '')).json());
      return found.find(({ state }) => state !== 'pending');
    },
    PATIENCE_MS,
  );
  assert.deepEqual([kept.state, kept.mode, kept.cameraId], ['kept', 'exercise', DRILLED]);
  const running = z.object({ running: Drill.optional() }).parse(await (await call('GET', '/api/drills')).json());
  assert.equal(running.running?.drillId, drill.drillId);

  assert.equal((await call('DELETE', '/api/drills/current?actor=Kim')).status, 200);
  await assertNothingLeft();
  assert.ok(
    listener.received.every(({ message }) => (message.data as AlertEvent).exercise === true),
    'nothing real was told',
  );
});

test('it goes on when ingest dies, and does not outlive the process that leads it', async () => {
  await begin('crowd.mp4');
  const more = () => {
    const from = counted(DRILLED).length;
    return until('a count of the clip', () => counted(DRILLED).length > from, PATIENCE_MS);
  };
  await more();
  const client = redis.client();
  const lease = () => client.get(stateKeys.cameraLease(DRILLED));
  const player = await lease();
  process.kill(processNumberOf(player ?? ''), 'SIGKILL');
  await until(
    'another process plays it',
    async () => {
      const now = await lease();
      return now !== null && now !== player;
    },
    PATIENCE_MS,
  );
  await more();
  for (const pid of await system.processes(/alerts\/main\.ts/)) process.kill(pid, 'SIGKILL');
  await assertNothingLeft();
});

/** The band of the mark: yellow, along the upper edge. */
async function assertMarked(jpeg: Buffer): Promise<void> {
  const edge = await sharp(jpeg).extract({ left: 0, top: 0, width: 100, height: 20 }).png().toBuffer();
  const { dominant } = await sharp(edge).stats();
  assert.ok(dominant.r > 230 && dominant.g > 200 && dominant.b < 180, JSON.stringify(dominant));
}
