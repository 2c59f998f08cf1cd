/** Alerts from the alerts service to people: a real rise, over Redis, the socket and REST, with every part running. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startAlerts } from '../../services/alerts/service.ts';
import { type Gateway, startGateway } from '../../services/gateway/service.ts';
import { parseConfig } from '../../shared/config/load.ts';
import type { ActiveAlert, AlertEvent } from '../../shared/contracts/alert.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import { publishReading } from '../../shared/readings/reading-publisher.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { connectLive, type LiveClient } from '../helpers/live-client.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const config = parseConfig(`
gateway: { port: 0 }
alerts: { dwellMs: { attention: 1000, caution: 1000, alert: 1000, severe: 500 }, smoothMs: 500, clearMs: 1000 }
cameras:
  - { id: gate, url: rtsp://h/s, zones: [{ id: z, name: Stairs, polygon: [[0,0],[1,0],[1,1]], capacity: 10 }] }
`);
const logger = createLogger('test', 'silent');
let redis: TestRedis;
let dir: string;
let gateway: Gateway;
let alerts: Service;
let people = 2;
let feeding: NodeJS.Timeout;

before(async () => {
  redis = await startRedis();
  dir = await mkdtemp(join(tmpdir(), 'hr-alert-socket-'));
  const client = redis.client();
  const since = Date.now();
  let seq = 0;
  const feed = async () => {
    const now = Date.now();
    for (const service of ['ingest', 'worker']) {
      await client.set(
        stateKeys.presence(service, 't'),
        JSON.stringify({ service, instance: 't', startedAt: 1, at: now }),
        'PX',
        2500,
      );
    }
    if (seq === 0) {
      const state = JSON.stringify({ cameraId: 'gate', phase: 'live', since, attempt: 0, node: 'n' });
      await client.hset(stateKeys.cameraStates, 'gate', state);
      await client.xadd(stateKeys.events, '*', 'kind', 'camera-state', 'body', state);
    }
    seq += 1;
    const zone = {
      zoneId: 'z',
      name: 'Stairs',
      count: people,
      interval: [people, people] as [number, number],
      calibrated: false,
      occupancy: people / 10,
    };
    await publishReading(client, {
      cameraId: 'gate',
      seq,
      capturedAt: now,
      publishedAt: now,
      status: 'ok',
      count: people,
      interval: [people, people],
      heads: 1,
      zones: [zone],
      model: { name: 'm', version: '1', steps: 1, warmStart: false },
    });
  };
  await feed();
  feeding = setInterval(() => void feed().catch(() => undefined), 200);
  const redisUrls = { state: redis.url, frames: redis.framesUrl };
  alerts = await startAlerts({ config, redisUrls, logger, dataDir: dir });
  gateway = await startGateway({ config, redisUrls, logger });
});
after(async () => {
  clearInterval(feeding);
  await gateway?.close();
  await alerts?.close();
  await redis?.stop();
  await rm(dir, { recursive: true, force: true });
});

const connect = () => connectLive(`${gateway.url.replace('http', 'ws')}/ws`);
const eventsOf = (live: LiveClient): AlertEvent[] =>
  live.messages.flatMap(({ message }) => (message.type === 'alert' ? [message.event] : []));
const get = async <T>(path: string) => (await (await fetch(gateway.url + path)).json()) as T;
const post = (path: string, body: object) =>
  fetch(gateway.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

test('a rise is told once and in order; a client that was away hears what it missed; operators act', async () => {
  const live = await connect();
  await until('the list of running alerts', () => live.messages.some(({ message }) => message.type === 'alerts'));
  people = 12;
  const fired = await until(
    'the alert',
    () => eventsOf(live).find(({ rule, to }) => rule === 'zone-occupancy' && to.level === 'severe'),
    20_000,
  );
  const offsets = eventsOf(live).map(({ offset }) => offset);
  assert.deepEqual(
    offsets,
    [...offsets].sort((a, b) => a - b),
  );
  assert.equal(new Set(offsets).size, offsets.length);
  assert.equal(fired.zoneId, 'z');

  const running = await get<ActiveAlert[]>('/api/alerts');
  assert.equal(running.find(({ alertId }) => alertId === fired.alertId)?.level, 'severe');
  live.close();

  const acknowledged = await post(`/api/alerts/${fired.alertId}/acknowledge`, {
    actor: 'Post 3',
    note: 'closing gate',
  });
  assert.equal(acknowledged.status, 200, await acknowledged.clone().text());
  const back = await connect();
  const list = await until('the list anew', () =>
    back.messages.map(({ message }) => message).find(({ type }) => type === 'alerts'),
  );
  assert.ok(list.type === 'alerts');
  // Heard before the client asks for what it missed: not missed, and not told again.
  const comment = await post(`/api/alerts/${fired.alertId}/comment`, { actor: 'Post 3', note: 'gate closed' });
  assert.equal(comment.status, 200, await comment.clone().text());
  const heard = await until('the comment', () => eventsOf(back).find(({ type }) => type === 'alert.commented'));
  back.send({ type: 'resume', epoch: fired.epoch, offset: fired.offset });
  const resumed = await until('the answer', () =>
    back.messages.map(({ message }) => message).find(({ type }) => type === 'resumed'),
  );
  assert.ok(resumed.type === 'resumed' && resumed.recovered);
  assert.equal(resumed.offset, list.offset, 'up to where it was told; from there on it has heard everything');
  assert.ok(resumed.offset < heard.offset);
  assert.ok(
    eventsOf(back).some(
      ({ type, alertId, actor }) => type === 'alert.acknowledged' && alertId === fired.alertId && actor === 'Post 3',
    ),
  );
  const places = eventsOf(back).map(({ offset }) => offset);
  const newest = Math.max(...places);
  const all = Array.from({ length: newest - fired.offset }, (_, index) => fired.offset + 1 + index);
  assert.deepEqual(
    places.sort((a, b) => a - b),
    all,
    'each event since then once',
  );
  assert.equal(
    (await get<ActiveAlert[]>('/api/alerts')).find(({ alertId }) => alertId === fired.alertId)?.level,
    'severe',
    'an acknowledgement clears nothing',
  );

  back.send({ type: 'resume', epoch: 'another-life', offset: 1 });
  await until('no recovery from another life', () =>
    back.messages.some(({ message }) => message.type === 'resumed' && !message.recovered),
  );

  people = 1;
  await until(
    'it is resolved',
    () => eventsOf(back).find(({ type, alertId }) => type === 'alert.resolved' && alertId === fired.alertId),
    30_000,
  );
  back.close();
});

test('the log over REST, as JSON and CSV; unknown alerts and bad bodies are refused in plain words', async () => {
  const events = await get<AlertEvent[]>('/api/alerts/events?limit=5');
  assert.ok(events.length > 0 && events.length <= 5);
  const csv = await (await fetch(`${gateway.url}/api/alerts/events.csv`)).text();
  assert.match(csv, /^offset,at,capturedAt,type,/);
  assert.ok(csv.trim().split('\r\n').length > events.length);
  const unknown = await post('/api/alerts/nothing/acknowledge', { actor: 'x' });
  assert.equal(unknown.status, 404);
  assert.match(unknown.headers.get('content-type') ?? '', /problem\+json/);
  assert.equal((await post('/api/alerts/nothing/acknowledge', {})).status, 400);
  assert.equal(
    (
      await fetch(`${gateway.url}/api/silences`, {
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'text/plain' },
      })
    ).status,
    415,
  );
  const silence = await post('/api/silences', {
    actor: 'x',
    upToLevel: 'caution',
    reason: 'rehearsal',
    durationMs: 60_000,
  });
  assert.equal(silence.status, 201, await silence.clone().text());
  assert.equal((await get<unknown[]>('/api/silences')).length, 1);
});
