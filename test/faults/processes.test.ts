/** Processes that die: each is brought back, no camera stays blind, nothing is left behind. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import { type GstRtspServer, startGstRtspServer } from '../helpers/gst-rtsp-server.ts';
import { connectLive, type LiveClient } from '../helpers/live-client.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { anyProcess, startSystem, type TestSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';

const IDS = ['a', 'b', 'c'];
/** What a loaded test machine may add to the time an issue allows, ms. */
const MACHINE_SLACK_MS = 3000;

let server: GstRtspServer;
let redis: TestRedis;
let system: TestSystem;
let live: LiveClient;

before(async () => {
  server = await startGstRtspServer({ streams: IDS.map((id) => ({ path: `/${id}`, file: 'infra/demo/crowd.mp4' })) });
  redis = await startRedis();
  system = await startSystem({
    cameras: IDS.map((id, i) => ({ id, url: server.urls[i] as string })),
    env: { REDIS_URL: redis.url, FRAMES_REDIS_URL: redis.framesUrl },
  });
  live = await connectLive(system.wsUrl);
  await until('all cameras are counted', () => IDS.every((id) => live.readings(id).some(isOk)), 30_000);
});
after(async () => {
  live?.close();
  await system?.stop();
  await redis?.stop();
  await server?.stop();
});

const isOk = ({ message }: { message: PublicReading }) => message.status === 'ok';

/** Milliseconds from `since` until every camera has been counted on a picture taken after it. */
async function allFreshAfter(since: number, withinMs: number): Promise<number> {
  await until(
    'every camera is fresh again',
    () =>
      IDS.every((id) => live.readings(id).some(({ message }) => message.status === 'ok' && message.capturedAt > since)),
    withinMs,
  );
  return Date.now() - since;
}

test('kill -9 of a worker mid-picture: every camera is fresh again within three seconds', async (t) => {
  const [worker] = await system.processes(/services\/worker\/main\.ts/);
  const since = Date.now();
  process.kill(worker as number, 'SIGKILL');
  const tookMs = await allFreshAfter(since, 3000 + MACHINE_SLACK_MS);
  t.diagnostic(`fresh after ${tookMs} ms`);
});

test('kill -9 of an inference process: its picture is lost, the camera is not', async (t) => {
  const [child] = await system.processes(/inference-process\.ts/);
  const since = Date.now();
  process.kill(child as number, 'SIGKILL');
  t.diagnostic(`fresh after ${await allFreshAfter(since, 3000 + MACHINE_SLACK_MS)} ms`);
});

test('kill -9 of ingest: no ffmpeg is left behind, cameras are fresh again within five seconds', async (t) => {
  const [ingest] = await system.processes(/services\/ingest\/main\.ts/);
  const before = await system.processes(/ffmpeg .*pipe:0/);
  assert.equal(before.length, IDS.length);
  const since = Date.now();
  process.kill(ingest as number, 'SIGKILL');
  await until(
    'the old ffmpegs are gone',
    async () => {
      const now = await anyProcess(/ffmpeg .*pipe:0/);
      return before.every((pid) => !now.includes(pid));
    },
    3000,
  );
  t.diagnostic(`fresh after ${await allFreshAfter(since, 5000 + MACHINE_SLACK_MS)} ms`);
});

test('Redis restarts: counts stop being live while it is away, and are fresh within five seconds of its return', async (t) => {
  await redis.kill9();
  await until(
    'no count is live',
    async () => {
      const readings = (await (await fetch(`${system.url}/api/readings`)).json()) as PublicReading[];
      return readings.every(({ status }) => status !== 'ok');
    },
    8000,
  );
  await redis.restart();
  const since = Date.now();
  t.diagnostic(`fresh after ${await allFreshAfter(since, 5000 + MACHINE_SLACK_MS)} ms`);
});

test('Redis loses everything: cameras go on, numbers still rise', async () => {
  const highest = Math.max(...live.readings('a').map(({ message }) => message.seq ?? 0));
  await redis.client().flushall();
  const numbers = () =>
    live
      .readings('a')
      .filter(isOk)
      .map(({ message }) => message.seq as number);
  // Waited for: seen once that, with every camera fresh, a's last reading was not yet a later one.
  await allFreshAfter(Date.now(), 15_000);
  await until('a is counted on a later picture', () => (numbers().at(-1) as number) > highest, 15_000);
  const counted = numbers();
  for (let i = 1; i < counted.length; i++)
    assert.ok((counted[i] as number) >= (counted[i - 1] as number), 'never an older picture');
});

test('Redis hangs for four seconds: marked, not shown as live, and back by itself', async () => {
  redis.pause();
  const from = live.messages.length;
  await until(
    'a camera is marked',
    () => live.messages.slice(from).some(({ message }) => message.type === 'reading' && message.status !== 'ok'),
    8000,
  );
  redis.resume();
  await allFreshAfter(Date.now(), 10_000);
});

test('the camera server is paused and goes on: no-signal, then live, on its own', async () => {
  const lost = live.nextReading('b', (r) => r.status === 'no-signal', 8000);
  server.pause();
  await lost;
  server.resume();
  await allFreshAfter(Date.now(), 20_000);
});

test('the camera server dies and comes back: no-signal within three seconds, counted within three of its return', async (t) => {
  const { port } = server;
  let since = Date.now();
  await server.stop('SIGKILL');
  await until(
    'every camera is without signal',
    async () => {
      const readings = (await (await fetch(`${system.url}/api/readings`)).json()) as PublicReading[];
      return readings.every(({ status }) => status === 'no-signal');
    },
    3000 + MACHINE_SLACK_MS,
  );
  t.diagnostic(`no-signal after ${Date.now() - since} ms`);
  // Long enough for the backoff to have grown past the time allowed.
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  server = await startGstRtspServer({
    port,
    streams: IDS.map((id) => ({ path: `/${id}`, file: 'infra/demo/crowd.mp4' })),
  });
  since = Date.now();
  t.diagnostic(`fresh ${await allFreshAfter(since, 3000 + MACHINE_SLACK_MS)} ms after its return`);
});

test('kill -9 of the gateway: it serves again at once', async () => {
  const [gateway] = await system.processes(/services\/gateway\/main\.ts/);
  process.kill(gateway as number, 'SIGKILL');
  const closed = new Promise((resolve) => live.socket.once('close', resolve));
  await closed;
  // Port 0 was asked for, so the new gateway may be anywhere: its log tells.
  await until('the new gateway', async () => {
    const pids = await system.processes(/services\/gateway\/main\.ts/);
    return pids.length === 1 && pids[0] !== gateway;
  });
});

test('SIGTERM: exit code 0 within ten seconds, and nothing is left', async () => {
  const mine = await system.processes(/./);
  assert.ok(mine.length >= 8);
  const from = Date.now();
  assert.equal(await system.stop(), 0);
  assert.ok(Date.now() - from < 10_000);
  await until(
    'every process is gone',
    async () => {
      const now = await anyProcess(/./);
      return mine.every((pid) => !now.includes(pid));
    },
    5000,
  );
});
