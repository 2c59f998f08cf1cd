/** What the dashboard asks of the gateway about alerts, with ids as long as they may be and cameras that have neighbours. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startAlerts } from '../../services/alerts/service.ts';
import { type Gateway, startGateway } from '../../services/gateway/service.ts';
import { parseConfig } from '../../shared/config/load.ts';
import type { AlertEvent } from '../../shared/contracts/alert.ts';
import { ThresholdTrial } from '../../shared/contracts/config-api.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import { publishReading } from '../../shared/readings/reading-publisher.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { announcement } from '../helpers/alert-feed.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

/** The longest there are; two UUIDs, as camera systems give, are already too much for a hundred characters. */
const CAMERA = 'c'.repeat(63);
const ZONE = 'z'.repeat(63);
const PAGER = 'p'.repeat(63);
const config = parseConfig(`
gateway: { port: 0 }
alerts: { dwellMs: { attention: 200, caution: 200, alert: 200, severe: 200 }, smoothMs: 0 }
cameras:
  - id: ${CAMERA}
    url: rtsp://192.0.2.1/a
    neighbours: [side]
    zones: [{ id: ${ZONE}, polygon: [[0, 0], [1, 0], [1, 1]], capacity: 10 }]
  - { id: side, url: "rtsp://192.0.2.1/b" }
`);
const logger = createLogger('test', 'silent');
let redis: TestRedis;
let dir: string;
let gateway: Gateway;
let alerts: Service;
let feeding: NodeJS.Timeout;

before(async () => {
  redis = await startRedis();
  dir = await mkdtemp(join(tmpdir(), 'hr-gateway-orders-'));
  const client = redis.client();
  const state = JSON.stringify({ cameraId: CAMERA, phase: 'live', since: Date.now(), attempt: 0, node: 'n' });
  await client.hset(stateKeys.cameraStates, CAMERA, state);
  await client.xadd(stateKeys.events, '*', 'kind', 'camera-state', 'body', state);
  let seq = 0;
  const feed = async (): Promise<void> => {
    const now = Date.now();
    for (const service of ['ingest', 'worker']) {
      const alive = JSON.stringify({ service, instance: 't', startedAt: 1, at: now });
      await client.set(stateKeys.presence(service, 't'), alive, 'PX', 2500);
    }
    const people = { count: 20, interval: [20, 20] as [number, number] };
    await publishReading(client, {
      ...{ cameraId: CAMERA, seq: ++seq, capturedAt: now, publishedAt: now, status: 'ok', heads: 1, ...people },
      zones: [{ zoneId: ZONE, name: 'Stairs', calibrated: false, occupancy: 2, ...people }],
      model: { name: 'm', version: '1', steps: 1, warmStart: false },
    });
  };
  await feed();
  feeding = setInterval(() => void feed().catch(() => undefined), 100);
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

const post = (path: string, body: object) =>
  fetch(gateway.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

test('an alert is acknowledged, looked into and delivered again however long its camera and zone are named', async () => {
  const { alertId, eventId }: AlertEvent = await announcement(
    redis.client(),
    'severe',
    ({ rule, to }) => rule === 'zone-occupancy' && to.level === 'severe',
  );
  const seen = await post(`/api/alerts/${encodeURIComponent(alertId)}/acknowledge`, { actor: 'Post 3' });
  assert.equal(seen.status, 200, await seen.text());
  assert.equal((await fetch(`${gateway.url}/api/alerts/${encodeURIComponent(alertId)}/evidence`)).status, 200);
  // What is not there is told by the alerts service, which was asked.
  const picture = await fetch(`${gateway.url}/api/evidence/${encodeURIComponent(eventId)}/picture.jpg`);
  assert.match(await picture.text(), /unknown-evidence/);
  const deliveryId = encodeURIComponent(`${eventId}@${PAGER}`);
  const replayed = await post(`/api/deliveries/${deliveryId}/replay`, { actor: 'Post 3' });
  assert.match(await replayed.text(), /unknown-delivery/);
});

test('thresholds of a camera with neighbours can be tried out', async () => {
  const [camera] = config.cameras;
  const answer = await post(`/api/config/cameras/${CAMERA}/trial`, { camera, zoneId: ZONE });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  assert.ok(ThresholdTrial.parse(JSON.parse(text)).rules.includes('zone-occupancy'));
});
