/** The report on the system: real services that meet in a real Redis, asked over REST. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startAlerts } from '../../services/alerts/service.ts';
import { type Gateway, startGateway } from '../../services/gateway/service.ts';
import { createWorkerMetrics } from '../../services/worker/worker-metrics.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { SystemReport } from '../../shared/contracts/system.ts';
import { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { announcePresence } from '../../shared/runtime/presence.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const config = parseConfig(`
gateway: { port: 0 }
cameras: [{ id: gate, name: North gate, url: "rtsp://u:CANARY_SYSTEM@192.0.2.1/s", sampleFps: 2 }]
`);
const logger = createLogger('test', 'silent');
const lifecycle = new Lifecycle(logger);
let redis: TestRedis;
let dir: string;
let gateway: Gateway;

before(async () => {
  redis = await startRedis();
  dir = await mkdtemp(join(tmpdir(), 'hr-system-report-'));
  const redisUrls = { state: redis.url, frames: redis.framesUrl };
  lifecycle.add('alerts', await startAlerts({ config, redisUrls, logger, dataDir: dir, instance: 'a-1' }), (s) =>
    s.close(),
  );
  gateway = await startGateway({ config, redisUrls, logger });
  lifecycle.add('gateway', gateway, (s) => s.close());
});
after(async () => {
  await lifecycle.close();
  await redis?.stop();
  await rm(dir, { recursive: true, force: true });
});

const report = async (): Promise<SystemReport> => {
  const response = await fetch(`${gateway.url}/api/system`);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  assert.doesNotMatch(text, /CANARY/, 'no address of a camera');
  return SystemReport.parse(JSON.parse(text));
};

test('services, memory, disk, database and the versions in force are told', async () => {
  const said = await until('the alerts service tells its disk', async () => {
    const told = await report();
    return told.disk && told.database && told.configVersion ? told : undefined;
  });
  assert.deepEqual([...new Set(said.services.map(({ service }) => service))], ['alerts', 'gateway']);
  assert.ok(said.services.every(({ seenAgoMs }) => seenAgoMs < 5000));
  assert.equal(said.database?.kind, 'sqlite');
  assert.ok((said.database?.bytes ?? 0) > 1000 && (said.disk?.totalBytes ?? 0) > (said.disk?.freeBytes ?? 0));
  assert.match(said.configVersion ?? '', /^[0-9a-f]{12}$/);
  assert.match(said.version, /^\d+\.\d+\.\d+/);
  assert.ok((said.redis?.state.usedBytes ?? 0) > 0);
  assert.equal(said.redis?.sameServer, true);
  assert.deepEqual(said.queue, { waiting: 0, active: 0 });
  assert.equal(said.cameras[0]?.status, 'no-signal');
  assert.equal(said.cameras[0]?.name, 'North gate');
});

test('a worker that appears is there with its speed and drops; one that stops is gone', async () => {
  const life = new Lifecycle(logger);
  const registry = createRegistry('worker', 'w-1');
  const metrics = createWorkerMetrics(registry);
  metrics.camera('gate');
  announcePresence({ service: 'worker', instance: 'w-1', redis: redis.client(), registry, lifecycle: life });
  const working = setInterval(() => {
    metrics.counted.inc({ camera: 'gate' });
    metrics.dropped.inc({ camera: 'gate', reason: 'too-old' });
    metrics.inference.observe(0.03);
    metrics.age.observe(0.06);
  }, 50);
  try {
    const said = await until(
      'its work shows',
      async () => {
        const told = await report();
        return (told.workers[0]?.countedPerSecond ?? 0) > 0 && told.latency.captureToReading ? told : undefined;
      },
      40_000,
    );
    assert.equal(said.workers[0]?.instance, 'w-1');
    const { p50Ms = 0, p99Ms = 0 } = said.workers[0]?.inference ?? {};
    assert.ok(p50Ms > 25 && p99Ms <= 50, `${p50Ms} and ${p99Ms} ms of 30`);
    assert.ok(said.drops.some(({ reason, recent }) => reason === 'too-old' && recent > 0));
    assert.ok(
      said.drops.some(({ reason, total }) => reason === 'fenced' && total === 0),
      'never is told as never',
    );
    assert.ok((said.cameras[0]?.countedFps ?? 0) > 0);
  } finally {
    clearInterval(working);
    await life.close();
  }
  await until('the worker is gone', async () => (await report()).workers.length === 0);
});

test('a model has its card; a name that is no model has none, wherever it points', async () => {
  const card = await fetch(`${gateway.url}/api/models/standard/card`);
  assert.match(card.headers.get('content-type') ?? '', /^text\/markdown/);
  assert.match(await card.text(), /^# Standard model/);
  for (const name of ['nobody', '..%2F..%2Fdocs', 'evaluation']) {
    const { status } = await fetch(`${gateway.url}/api/models/${name}/card`);
    assert.ok(status === 404 || status === 400, `${name}: ${status}`);
  }
});
