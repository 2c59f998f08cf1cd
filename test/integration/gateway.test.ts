/** The gateway between a real Redis and real sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { type Gateway, startGateway } from '../../services/gateway/service.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { alertKeys } from '../../shared/contracts/alert.ts';
import type { CameraState } from '../../shared/contracts/camera.ts';
import { encodeHeatmap } from '../../shared/contracts/heatmap.ts';
import { frameKeys, stateKeys } from '../../shared/contracts/keys.ts';
import type { WorkerReading } from '../../shared/contracts/reading.ts';
import { MAX_HEATMAPS, type SystemState } from '../../shared/contracts/socket.ts';
import { publishReading } from '../../shared/readings/reading-publisher.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { connectLive } from '../helpers/live-client.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const config = parseConfig(`
gateway: { port: 0, allowedOrigins: ["https://control.example"] }
cameras:
  - { id: gate, name: North gate, url: rtsp://u:CANARY_GATEWAY@h/s, zones: [{ id: z, name: Stairs, polygon: [[0,0],[1,0],[1,1]], capacity: 9 }] }
`);
let redis: TestRedis;
let gateway: Gateway;
let wsUrl: string;
let alive: NodeJS.Timeout;

before(async () => {
  redis = await startRedis();
  const presence = redis.client();
  const beat = () =>
    Promise.all(
      ['ingest', 'worker'].map((service) =>
        presence.set(
          stateKeys.presence(service, 'test'),
          JSON.stringify({ service, instance: 'test', startedAt: 1, at: 1 }),
          'PX',
          2500,
        ),
      ),
    ).catch(() => undefined);
  await beat();
  alive = setInterval(() => void beat(), 500);
  gateway = await startGateway({
    config,
    redisUrls: { state: redis.url, frames: redis.framesUrl },
    logger: createLogger('test', 'silent'),
  });
  wsUrl = `${gateway.url.replace('http', 'ws')}/ws`;
});
after(async () => {
  clearInterval(alive);
  await gateway.close();
  await gateway.close();
  await redis.stop();
});

let seq = 0;
async function sayState(change: Partial<CameraState>): Promise<void> {
  const state: CameraState = {
    cameraId: 'gate',
    phase: 'live',
    since: Date.now() - 500,
    attempt: 0,
    node: 'n',
    ...change,
  };
  const body = JSON.stringify(state);
  await redis
    .client()
    .pipeline()
    .hset(stateKeys.cameraStates, 'gate', body)
    .xadd(stateKeys.events, '*', 'kind', 'camera-state', 'body', body)
    .exec();
}
async function sayCount(count: number, ageMs = 100): Promise<void> {
  const now = Date.now();
  const reading: WorkerReading = {
    cameraId: 'gate',
    seq: ++seq,
    capturedAt: now - ageMs,
    publishedAt: now,
    status: 'ok',
    count,
    interval: [count - 1, count + 1],
    heads: 3,
    zones: [{ zoneId: 'z', name: 'Stairs', count: 1, interval: [0, 2], calibrated: false }],
    model: { name: 'm', version: '1', steps: 1, warmStart: false },
  };
  assert.equal(await publishReading(redis.client(), reading), true);
}

test('on connect a snapshot, then readings as they come, and a heartbeat at least every two seconds', async () => {
  const live = await connectLive(wsUrl);
  try {
    await until('the snapshot', () => live.messages.length > 0);
    const first = live.messages[0]?.message;
    assert.equal(first?.type, 'snapshot');
    assert.deepEqual(first.type === 'snapshot' && first.cameras.map(({ id, name }) => [id, name]), [
      ['gate', 'North gate'],
    ]);

    await sayState({});
    const heard = live.nextReading('gate', (r) => r.status === 'ok' && r.count === 41.6);
    await sayCount(41.6);
    const { message } = await heard;
    assert.ok(message.status === 'ok');
    assert.deepEqual(message.interval, [40.6, 42.6]);
    assert.equal(message.zones[0]?.name, 'Stairs');

    await until('three heartbeats', () => live.messages.filter(({ message: m }) => m.type === 'heartbeat').length >= 3);
    const beats = live.messages.filter(({ message: m }) => m.type === 'heartbeat').map(({ at }) => at);
    for (let i = 1; i < beats.length; i++) assert.ok((beats[i] as number) - (beats[i - 1] as number) < 2000);
  } finally {
    live.close();
  }
});

test('a count turns stale by itself, and a lost camera is told with its reason, both without a count', async () => {
  const live = await connectLive(wsUrl);
  try {
    await sayState({});
    const stale = live.nextReading('gate', (r) => r.status === 'stale', 6000);
    await sayCount(7, 2000);
    assert.ok(!('count' in (await stale).message));

    const lost = live.nextReading('gate', (r) => r.status === 'no-signal');
    await sayState({ phase: 'no-signal', reason: 'stalled', detail: 'no pictures' });
    const { message } = await lost;
    assert.ok(message.status === 'no-signal' && message.reason === 'stalled' && !('count' in message));
    const [rest] = (await (await fetch(`${gateway.url}/api/readings`)).json()) as { status: string }[];
    assert.equal(rest?.status, 'no-signal');
  } finally {
    live.close();
  }
});

test('of a camera that stays silent the newest words are told, over the socket as over REST', async () => {
  const live = await connectLive(wsUrl);
  try {
    const outage = { phase: 'no-signal', reason: 'ffmpeg-failed', since: Date.now() - 1000 } as const;
    const isTold = (words: string) =>
      live.nextReading('gate', (r) => r.status === 'no-signal' && r.detail === words, 5000);
    const first = isTold('ffmpeg: connection reset');
    await sayState({ ...outage, detail: 'ffmpeg: connection reset' });
    await first;
    const second = isTold('ffmpeg: no such stream');
    await sayState({ ...outage, detail: 'ffmpeg: no such stream' });
    await second;
  } finally {
    live.close();
  }
});

test('who leads the alerts, and how deliveries are doing, stands in every heartbeat and at /readyz', async () => {
  const system = async () => ((await (await fetch(`${gateway.url}/readyz`)).json()) as { system: SystemState }).system;
  assert.deepEqual((await system()).alerts, { leader: 'down' });
  const health = {
    database: 'away',
    backlog: 2,
    oldestUnsentMs: 1500,
    failing: [{ endpoint: 'pager', since: Date.now(), outcome: 'refused' }],
  };
  await redis.client().set(alertKeys.health, JSON.stringify(health), 'PX', 60_000);
  await until('a leader is seen', async () => (await system()).alerts.leader === 'up');
  assert.deepEqual((await system()).alerts, { leader: 'up', ...health });
  const live = await connectLive(wsUrl);
  try {
    const told = await until(
      'a heartbeat',
      () => live.messages.flatMap(({ message: m }) => (m.type === 'heartbeat' ? [m.system] : []))[0],
    );
    assert.deepEqual(told.alerts, { leader: 'up', ...health });
  } finally {
    live.close();
    await redis.client().del(alertKeys.health);
  }
  await until('the leader is missed', async () => (await system()).alerts.leader === 'down');
});

test('a word in Redis that is no JSON takes nothing from the others', async () => {
  const client = redis.client();
  const system = async () => ((await (await fetch(`${gateway.url}/readyz`)).json()) as { system: SystemState }).system;
  await client.set(alertKeys.health, JSON.stringify({ database: 'up', backlog: 0, failing: [] }), 'PX', 60_000);
  await until('a leader is seen', async () => (await system()).alerts.leader === 'up');
  const live = await connectLive(wsUrl);
  try {
    await client.set(alertKeys.health, '{"backlog":', 'PX', 60_000);
    await until('the leader is missed', async () => (await system()).alerts.leader === 'down');
    assert.equal((await system()).redis, 'up');

    // Before the camera's own word, which is in the hash only: told by the next look at all cameras.
    await client.del(stateKeys.cameraStates);
    await client.hset(stateKeys.cameraStates, 'broken', '{"cameraId":');
    const outage = { cameraId: 'gate', phase: 'no-signal', reason: 'refused', detail: 'in the hash', node: 'n' };
    const told = live.nextReading('gate', (r) => r.status === 'no-signal' && r.detail === 'in the hash', 15_000);
    const state = { ...outage, since: Date.now() - 500, attempt: 0 };
    await client.hset(stateKeys.cameraStates, 'gate', JSON.stringify(state));
    await told;
  } finally {
    live.close();
    await client.del(alertKeys.health);
    await client.hdel(stateKeys.cameraStates, 'broken');
  }
});

test('pictures and heat maps: fresh ones are served, absent ones are not found', async () => {
  const frames = redis.client();
  await frames.select(1);
  await frames.del(frameKeys.frame('gate'), frameKeys.heatmap('gate'));
  const get = (path: string) => fetch(`${gateway.url}${path}`);
  assert.equal((await get('/api/cameras/gate/frame.jpg')).status, 404);
  assert.equal((await get('/api/cameras/nobody/frame.jpg')).status, 404);
  assert.equal((await get('/api/cameras/..%2f..%2fetc/frame.jpg')).status, 400);

  await frames.hset(frameKeys.frame('gate'), {
    jpeg: Buffer.from([0xff, 0xd8, 0xff, 0xd9]),
    seq: 5,
    capturedAt: 77,
    widthPx: 1,
    heightPx: 1,
  });
  const picture = await get('/api/cameras/gate/frame.jpg');
  assert.equal(picture.status, 200);
  assert.equal(picture.headers.get('content-type'), 'image/jpeg');
  assert.deepEqual([picture.headers.get('x-seq'), picture.headers.get('x-captured-at')], ['5', '77']);
  assert.equal((await picture.arrayBuffer()).byteLength, 4);

  const heat = {
    cameraId: 'gate',
    seq: 5,
    capturedAt: 77,
    width: 2,
    height: 1,
    peoplePerUnit: 0.1,
    values: Uint8Array.of(1, 2),
    heads: [],
  };
  await frames.set(frameKeys.heatmap('gate'), Buffer.from(encodeHeatmap(heat)));
  const live = await connectLive(wsUrl);
  try {
    // A wall of as many cameras as may be, of the longest names: the list still fits into a message.
    const others = Array.from({ length: MAX_HEATMAPS - 1 }, (_, index) => `${index}`.padStart(63, 'a'));
    live.send({ type: 'heatmaps', cameraIds: [...others, 'gate'] });
    await until('the heat map', () => live.heatmaps.length > 0);
    assert.deepEqual([...(live.heatmaps[0]?.message.values ?? [])], [1, 2]);
  } finally {
    live.close();
  }
});

test('whoever asks wrongly is told what is wrong, as a problem of RFC 9457', async () => {
  const told = async (path: string) => {
    const answer = await fetch(`${gateway.url}${path}`);
    assert.equal(answer.status, 400);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8');
    const { type, detail } = (await answer.json()) as Record<string, unknown>;
    assert.equal(type, 'about:blank');
    return detail;
  };
  assert.equal(await told('/api/cameras/gate/replay?form=5'), 'query: form is not known; known are from, to, limit');
  assert.match(String(await told('/api/cameras/%E0%A4%A/reading')), /not a valid url/);
});

test('strangers are refused before the upgrade', async () => {
  const status = (url: string, protocols: string[], origin?: string) =>
    new Promise<number | 'open'>((resolve) => {
      const socket = new WebSocket(url, protocols, origin ? { origin } : {});
      socket.once('open', () => {
        socket.terminate();
        resolve('open');
      });
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      socket.once('error', () => undefined);
    });
  assert.equal(await status(wsUrl, ['headroom.v1']), 'open');
  assert.equal(await status(wsUrl, ['headroom.v1'], 'https://control.example'), 'open');
  assert.equal(await status(wsUrl, ['headroom.v1'], new URL(gateway.url).origin), 'open');
  assert.equal(await status(wsUrl, ['headroom.v1'], 'https://evil.example'), 403);
  assert.equal(await status(wsUrl, ['headroom.v2']), 400);
  assert.equal(await status(wsUrl.replace('/ws', '/other'), ['headroom.v1']), 404);
});

test('a page that points its own name at this machine gets nothing', async () => {
  const { hostname, port } = new URL(gateway.url);
  const status = (host: string, upgrade: boolean) =>
    new Promise<number>((resolve, reject) => {
      const headers = upgrade
        ? {
            host,
            connection: 'Upgrade',
            upgrade: 'websocket',
            'sec-websocket-version': '13',
            'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
            'sec-websocket-protocol': 'headroom.v1',
          }
        : { host };
      const request = httpRequest({ hostname, port, path: upgrade ? '/ws' : '/api/readings', headers });
      request.once('response', (response) => resolve(response.statusCode ?? 0));
      request.once('upgrade', (_response, socket) => {
        socket.destroy();
        resolve(101);
      });
      request.once('error', reject);
      request.end();
    });
  for (const upgrade of [false, true]) {
    assert.equal(await status(`evil.example:${port}`, upgrade), 421);
    assert.equal(await status(`localhost:${port}`, upgrade), upgrade ? 101 : 200);
    assert.equal(await status('control.example', upgrade), upgrade ? 101 : 200);
  }
});

// Where Node.js lets a server choose among upgrades: from 24.9 on.
const chooses = 'shouldUpgradeCallback' in createServer();
test('an upgrade to anything but a live socket is passed over', { skip: !chooses }, async () => {
  const { hostname, port } = new URL(gateway.url);
  const headers = {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAMAAABkAAQAoAAAAAIAAAAA',
  };
  const request = httpRequest({ hostname, port, path: '/api/cameras', headers });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  assert.equal(response.statusCode, 200);
});

test('nonsense from a client costs that client only', async () => {
  const live = await connectLive(wsUrl);
  const bystander = await connectLive(wsUrl);
  for (const text of ['no json', '{"type":"unknown"}', '{"__proto__":{"x":1}}', '[]']) live.socket.send(text);
  await until('an error message', () => live.messages.some(({ message }) => message.type === 'error'));
  const closed = new Promise<number>((resolve) => live.socket.once('close', resolve));
  live.socket.send('x'.repeat(20_000));
  assert.equal(await closed, 1009);

  const flooder = await connectLive(wsUrl);
  const cut = new Promise<number>((resolve) => flooder.socket.once('close', resolve));
  for (let i = 0; i < 100; i++) flooder.socket.send('{"type":"heatmaps","cameraIds":[]}');
  assert.equal(await cut, 4429);
  assert.equal(bystander.socket.readyState, WebSocket.OPEN);
  bystander.close();
});

test('others are not held up by a client that does not read, and it has the newest count once it reads again', async () => {
  await sayState({});
  const slow = await connectLive(wsUrl);
  const quick = await connectLive(wsUrl);
  slow.socket.pause();
  for (let i = 0; i < 400; i++) await sayCount(i);
  await until('the quick client has the newest', () =>
    quick.readings('gate').some(({ message }) => message.status === 'ok' && message.count === 399),
  );
  slow.socket.resume();
  await until('the slow client has the newest, too', () =>
    slow.readings('gate').some(({ message }) => message.status === 'ok' && message.count === 399),
  );
  slow.close();
  quick.close();
});

test('health, readiness, metrics of every service, and nothing secret anywhere', async () => {
  const text = async (path: string) => (await fetch(`${gateway.url}${path}`)).text();
  assert.match(await text('/healthz'), /ok/);
  assert.equal((await fetch(`${gateway.url}/readyz`)).status, 200);
  assert.match(await text('/metrics'), /headroom_capture_to_push_seconds_count\{[^}]*service="gateway"/);
  assert.match(await text('/metrics'), /headroom_process_start_time_seconds\{[^}]*service="gateway"/);
  const all = await Promise.all(
    ['/api/cameras', '/api/readings', '/metrics', '/readyz', '/api/openapi.json'].map(text),
  );
  assert.ok(!all.join('').includes('CANARY_GATEWAY'));
});

test('when Redis goes, the gateway says so and shows no number as live; when it returns, so do the numbers', async () => {
  const live = await connectLive(wsUrl);
  try {
    await sayState({});
    await sayCount(12);
    const silent = live.nextReading('gate', (r) => r.status !== 'ok', 8000);
    await redis.kill9();
    assert.ok(!('count' in (await silent).message));
    await until('readiness turns red', async () => (await fetch(`${gateway.url}/readyz`)).status === 503);
    await redis.restart();
    await until('readiness turns green', async () => (await fetch(`${gateway.url}/readyz`)).status === 200);
    await sayState({});
    const back = live.nextReading('gate', (r) => r.status === 'ok', 5000);
    await sayCount(13);
    assert.equal((await back).message.status, 'ok');
  } finally {
    live.close();
  }
});
