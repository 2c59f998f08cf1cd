/** History over REST: a gateway and an alerts service that meet in a real Redis, on a real database. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { addHistory } from '../../services/alerts/history/history-store.ts';
import { addLineHistory } from '../../services/alerts/history/line-history-store.ts';
import { startAlerts } from '../../services/alerts/service.ts';
import { AlertStore } from '../../services/alerts/store/alert-store.ts';
import { type Gateway, startGateway } from '../../services/gateway/service.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { Camera } from '../../shared/config/schema.ts';
import type { AlertEvent } from '../../shared/contracts/alert.ts';
import type { HistoryPoint, LineHistoryPoint } from '../../shared/contracts/history.ts';
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
  // Three in and two out a minute; the camera was unplugged once.
  const totals = Array.from({ length: MINUTES }, (_, i) => ({
    ...{ cameraId: 'gate', lineId: 'door', at: BEGIN + i * MINUTE, lastAt: BEGIN + i * MINUTE + 59_500 },
    ...{ since: BEGIN, in: 3 * (i + 1), out: 2 * (i + 1), blindMs: 0, doubtful: false },
  }));
  await store.db.transaction().execute((tx) => addLineHistory(tx, totals.toSpliced(BLIND, 1)));
  // Longer than a page, and many at once: a page ends in the middle of an instant.
  const order = { actor: 'kim', body: '{"type":"comment"}', reply: '{"ok":true}', replied: 1 };
  for (let page = 0; page < 5; page++) {
    const orders = Array.from({ length: 500 }, (_, i) => ({
      ...order,
      command_id: `order-${page}-${i}`,
      at: BEGIN + (i % 3),
    }));
    await store.db.insertInto('commands').values(orders).execute();
  }
  await store.close();
  const redisUrls = { state: redis.url, frames: redis.framesUrl };
  const config = fastConfig();
  const gap = {
    id: 'gap',
    name: 'Gap',
    points: [
      [0.2, 0.5],
      [0.8, 0.5],
    ],
    in: 'left',
  };
  config.cameras = config.cameras.map((camera) => Camera.parse({ ...camera, lines: [gap] }));
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

test('days are those of the time zone asked for, in whatever parts they come; a blind hour is told', async () => {
  const DAY = 1440 * MINUTE;
  // Half an hour before a whole one: neither days nor hours of it begin with those of UTC.
  const days = { ...zone, from: 0, to: Date.now(), stepMs: DAY, timeZone: 'Asia/Kolkata' };
  const points = (await (await ask('history.json', days)).json()) as HistoryPoint[];
  assert.ok(points.every(({ at, stepMs }) => (at + 5.5 * 60 * MINUTE) % DAY === 0 && stepMs === DAY));
  assert.equal(new Set(points.map(({ at }) => at)).size, points.length);
  const sum = (all: HistoryPoint[], of: 'samples' | 'countedMs') => all.reduce((total, point) => total + point[of], 0);
  assert.equal(sum(points, 'samples'), (MINUTES - 1) * 120);
  assert.equal(sum(points, 'countedMs'), (MINUTES - 1) * MINUTE);
  const few = (await (await ask('history', { ...days, from: BEGIN + DAY })).json()) as HistoryPoint[];
  assert.deepEqual(few, points.slice(1), 'begins with the whole day');
  const rows = (await (await ask('history.csv', days)).text()).trimEnd().split('\r\n');
  assert.equal(rows.length, points.length + 1);
  assert.match(rows[1] ?? '', /^\d{4}-\d\d-\d\dT00:00:00\.000\+05:30,gate,stage,86400000,/);
  const wrong = await ask('history', { ...days, from: BEGIN, timeZone: 'Asia/Nowhere' });
  assert.equal(wrong.status, 400);
  assert.match(((await wrong.json()) as { detail: string }).detail, /time zone/);
  assert.equal((await ask('history.csv', { ...days, timeZone: 'America/New_York', to: MINUTE })).status, 200, '1969');
});

test('the last instants that a date can tell have no days: asking for them is a mistake', async () => {
  const last = { ...zone, from: 8_639_999_999_999_999, to: 8_640_000_000_000_000, stepMs: 1440 * MINUTE };
  for (const path of ['history', 'history.csv', 'history.json']) {
    assert.equal((await ask(path, { ...last, timeZone: 'Asia/Seoul' })).status, 400, path);
  }
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

test('the audit log is exported whole, and a time that ends before it begins is refused', async () => {
  const [header, ...rows] = (await (await answered('audit.csv', {})).text()).trimEnd().split('\r\n');
  assert.equal(header, 'at,actor,what,ok,order,commandId');
  assert.equal(rows.length, 2500);
  assert.equal(new Set(rows).size, rows.length);
  assert.equal(((await (await ask('audit.json', { from: BEGIN + 1 })).json()) as unknown[]).length, 5 * (167 + 166));
  for (const path of ['audit', 'audit.csv', 'alerts/events', 'alerts/events.csv']) {
    assert.equal((await ask(path, { from: 2, to: 1 })).status, 400, path);
  }
});

test('people over a line by the minute and the hour, and as CSV', async () => {
  const door = { cameraId: 'gate', lineId: 'door' };
  const to = BEGIN + 60 * MINUTE;
  const minutes = (await (await answered('history/lines', { ...door, from: BEGIN, to })).json()) as LineHistoryPoint[];
  assert.equal(minutes.length, 59);
  const told = minutes.slice(BLIND - 1, BLIND + 1).map((p) => [(p.at - BEGIN) / MINUTE, p.in, p.out, p.coveredMs]);
  assert.deepEqual(told, [
    [BLIND - 1, 3, 2, MINUTE],
    [BLIND + 1, 6, 4, 2 * MINUTE],
  ]);
  const hours = { ...door, from: BEGIN, to: BEGIN + 6000 * MINUTE, stepMs: 60 * MINUTE };
  const byHour = (await (await ask('history/lines', hours)).json()) as LineHistoryPoint[];
  assert.equal(
    byHour.reduce((sum, point) => sum + point.in, 0),
    3 * MINUTES,
    'nothing is lost or counted twice between spans',
  );

  const csv = await answered('history/lines.csv', { ...door, from: BEGIN, to: Date.now() });
  assert.match(csv.headers.get('content-disposition') ?? '', /filename="headroom_gate_door_[\d-]+\.csv"$/);
  const [header, ...rows] = (await csv.text()).trimEnd().split('\r\n');
  assert.equal(header, 'at,cameraId,lineId,stepMs,in,out,coveredMs,blindMs,doubtful');
  assert.equal(rows.length, MINUTES - 1);
  const sum = rows.reduce((all, row) => all + Number(row.split(',')[4]), 0);
  assert.equal(sum, 3 * MINUTES, 'also where one answer ends and the next begins');
  const refused: Record<string, string | number>[] = [
    { ...door, from: 2, to: 1 },
    { ...door, from: 0, to: MINUTE, stepMs: 10_000 },
    { cameraId: 'gate' },
  ];
  for (const wrong of refused) {
    assert.equal((await ask('history/lines', wrong)).status, 400);
  }
});

test('what a worker counts at a line is kept', async () => {
  const since = Date.now();
  let passed = 0;
  const line = { lineId: 'gap', name: 'Gap', out: 0, blindMs: 0, from: 'start' } as const;
  const feed = await startFeed(redis.client(), { lines: () => [{ ...line, in: passed++, since }] });
  try {
    const query = { cameraId: 'gate', lineId: 'gap', from: since - MINUTE, to: since + 10 * MINUTE };
    const counted = await until('people over the line', async () => {
      const response = await ask('history/lines', query);
      const points = response.ok ? ((await response.json()) as LineHistoryPoint[]) : [];
      const sum = points.reduce((all, point) => all + point.in, 0);
      return sum > 20 ? sum : undefined;
    });
    assert.ok(counted <= passed, `${counted} of ${passed}`);
  } finally {
    await feed.close();
  }
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
