/** History over REST: a gateway and an alerts service that meet in a real Redis, on a real database. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { addHistory } from '../../services/alerts/history/history-store.ts';
import { startAlerts } from '../../services/alerts/service.ts';
import { AlertStore } from '../../services/alerts/store/alert-store.ts';
import { type Gateway, startGateway } from '../../services/gateway/service.ts';
import { parseConfig } from '../../shared/config/load.ts';
import type { AlertEvent } from '../../shared/contracts/alert.ts';
import type { HistoryPoint } from '../../shared/contracts/history.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { fastConfig, startFeed } from '../helpers/alert-feed.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const MINUTE = 60_000;
/** Longer than one answer holds. */
const MINUTES = 6000;
const BEGIN = Math.floor(Date.now() / MINUTE) * MINUTE - (MINUTES + 10) * MINUTE;
/** Nobody was counted in this minute: it must be missing everywhere. */
const BLIND = 17;

const logger = createLogger('test', 'silent');
let redis: TestRedis;
let dir: string;
let alerts: Service;
let gateway: Gateway;

before(async () => {
  redis = await startRedis();
  dir = await mkdtemp(join(tmpdir(), 'hr-history-rest-'));
  const store = await AlertStore.open(join(dir, 'headroom.db'));
  const density = { densitySamples: 100, densitySum: 150, densityPeak: 3 };
  const tallies = Array.from({ length: MINUTES }, (_, i) => ({
    ...{ cameraId: 'gate', zoneId: 'stage', at: BEGIN + i * MINUTE, samples: 120, countSum: 120 * (i % 50) },
    ...{ countMin: i % 50, countMax: (i % 50) + 1, countLowSum: 0, countHighSum: 120 * 60, ...density },
  }));
  await store.db.transaction().execute((tx) => addHistory(tx, tallies.toSpliced(BLIND, 1)));
  await store.close();
  const redisUrls = { state: redis.url, frames: redis.framesUrl };
  const config = fastConfig();
  alerts = await startAlerts({ config, redisUrls, logger, dataDir: dir });
  gateway = await startGateway({
    config: { ...config, gateway: parseConfig('gateway: {port: 0}').gateway },
    redisUrls,
    logger,
  });
});
after(async () => {
  await gateway?.close();
  await alerts?.close();
  await redis?.stop();
  await rm(dir, { recursive: true, force: true });
});

const ask = (path: string, query: Record<string, string | number>) =>
  fetch(`${gateway.url}/api/${path}?${new URLSearchParams(Object.entries(query).map(([k, v]) => [k, String(v)]))}`);
const zone = { cameraId: 'gate', zoneId: 'stage' };
const answered = (path: string, query: Record<string, string | number>) =>
  until('an answer', async () => {
    const response = await ask(path, query);
    return response.status === 503 ? undefined : response;
  });

test('spans of any step come as JSON; a blind one is missing, not zero', async () => {
  const to = BEGIN + 60 * MINUTE;
  const minutes = (await (await answered('history', { ...zone, from: BEGIN, to })).json()) as HistoryPoint[];
  assert.equal(minutes.length, 59);
  assert.ok(!minutes.some(({ at }) => at === BEGIN + BLIND * MINUTE));
  const { at, countMean, countLow, countHigh, densityMean, densityPeak } = minutes[3] as HistoryPoint;
  assert.deepEqual(
    [at - BEGIN, countMean, countLow, countHigh, densityMean, densityPeak],
    [3 * MINUTE, 3, 0, 60, 1.5, 3],
  );
  const steps = (await (await ask('history', { ...zone, from: BEGIN, to, stepMs: 600_000 })).json()) as HistoryPoint[];
  assert.equal(
    steps.reduce((sum, point) => sum + point.samples, 0),
    59 * 120,
  );
});

test('questions that cannot be answered say what is wrong', async () => {
  for (const query of [
    { ...zone, from: 2, to: 1 },
    { ...zone, from: 0, to: 60_000, stepMs: 15_000 },
    { cameraId: 'a/b', from: 0, to: 1 },
    { ...zone, from: BEGIN, to: BEGIN + MINUTES * MINUTE },
  ]) {
    const response = await ask('history', query);
    assert.equal(response.status, 400);
    assert.match(((await response.json()) as { detail: string }).detail, /\w/);
  }
});

test('CSV has every span once, however many answers it takes', async () => {
  const response = await answered('history.csv', { ...zone, from: BEGIN, to: Date.now() });
  assert.match(
    response.headers.get('content-disposition') ?? '',
    /^attachment; filename="headroom_gate_stage_[\d-]+\.csv"$/,
  );
  const [header, ...rows] = (await response.text()).trimEnd().split('\r\n');
  assert.match(header ?? '', /^at,cameraId,zoneId,stepMs,samples,countMean/);
  assert.equal(rows.length, MINUTES - 1);
  assert.equal(new Set(rows).size, rows.length);
  assert.ok(
    rows.every((row, i) => i === 0 || row > (rows[i - 1] as string)),
    'oldest first',
  );
});

test('the log of alerts can be asked for a zone and a time', async () => {
  const feed = await startFeed(redis.client());
  try {
    feed.people = 120;
    const query = { ...zone, from: Date.now() - MINUTE, to: Date.now() + 10 * MINUTE };
    const events = await until('the alert', async () => {
      const response = await ask('alerts/events', query);
      const found = response.ok ? ((await response.json()) as AlertEvent[]) : [];
      return found.length > 0 ? found : undefined;
    });
    assert.ok(events.every((event) => event.zoneId === 'stage'));
    assert.deepEqual(await (await ask('alerts/events', { ...query, zoneId: 'other' })).json(), []);
    assert.deepEqual(await (await ask('alerts/events', { ...query, from: 0, to: BEGIN })).json(), []);
  } finally {
    await feed.close();
  }
});
