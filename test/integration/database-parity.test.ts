/** The same scenario stored on each database: whatever is asked over REST, all answer the same, to the byte. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { DeliveryStore } from '../../services/alerts/deliveries/delivery-store.ts';
import { HistoryTally } from '../../services/alerts/history/history-tally.ts';
import type { LineTotals } from '../../services/alerts/history/line-tally.ts';
import { startAlerts } from '../../services/alerts/service.ts';
import { AlertStore } from '../../services/alerts/store/alert-store.ts';
import { eventsCsv } from '../../services/gateway/routes/csv.ts';
import { type Gateway, startGateway } from '../../services/gateway/service.ts';
import { parseConfig } from '../../shared/config/load.ts';
import type { AlertEvent } from '../../shared/contracts/alert.ts';
import { alertKeys } from '../../shared/contracts/alert.ts';
import type { HistoryPoint } from '../../shared/contracts/history.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { ask as order } from '../helpers/alert-feed.ts';
import { DATABASES, type TestDatabase } from '../helpers/databases.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { calibrated, run } from '../helpers/timeline.ts';
import { until } from '../helpers/until.ts';

const YEARS_MS = 100_000_000_000;
const BEGIN = 1_790_000_000_000;
const SPANS = 5400;
const BEGIN_MINUTE = Math.floor(BEGIN / 60_000) * 60_000;
const CAMERAS = ['gate', 'gate-2', 'gate2'];
const ZONES = ['a-b', 'ab', 'a1'];

/** A real episode many times over, on several cameras: more than two pages of an export. */
const events: AlertEvent[] = (() => {
  const { events: episode } = run({
    config: calibrated(),
    untilS: 10,
    steps: [
      { kind: 'density', from: 0, to: 10, value: 6 },
      { kind: 'command', at: 6, command: { type: 'comment', note: '=뒤쪽 "문", 열림\n\u0000' } },
    ],
  });
  return Array.from({ length: 2300 }, (_, index) => {
    const event = episode[index % episode.length] as AlertEvent;
    const cameraId = CAMERAS[index % 3] as string;
    const alertId = `e~${cameraId}~${index % 7}`;
    const [offset, at] = [index + 1, BEGIN + index * 997];
    return {
      ...event,
      offset,
      at,
      cameraId,
      zoneId: ZONES[index % 2] as string,
      alertId,
      eventId: `${alertId}~${index}`,
    };
  });
})();

function history(): HistoryTally {
  const tally = new HistoryTally();
  for (let span = 0; span < SPANS; span++) {
    if (span % 11 === 0) continue;
    for (const cameraId of span % 5 === 0 ? CAMERAS : ['gate']) {
      const count = 40 + 30 * Math.sin(span / 50) + span / 7;
      const interval: [number, number] = [count * 0.8, count * 1.3];
      const zones = ZONES.map((zoneId, at) => ({
        ...{ zoneId, name: zoneId, count: count / (at + 2), interval, calibrated: at > 0 },
        ...(at > 0 ? { peoplePerSqm: count / 31, peakPeoplePerSqm: count / 17 } : {}),
      }));
      const model = { name: 'm', version: '1', steps: 1, warmStart: false };
      const at = BEGIN + span * 10_000;
      const reading = { type: 'reading', cameraId, seq: span + 1, capturedAt: at, publishedAt: at, status: 'ok' };
      tally.add({ ...reading, count, interval, heads: 0, zones, model } as PublicReading);
    }
  }
  return tally;
}

/** Totals of a line that is now and then not seen, and begins anew every 700 minutes. */
function lines(): LineTotals[] {
  return Array.from({ length: SPANS / 3 }, (_, minute) => ({
    ...{ cameraId: 'gate', lineId: 'door', at: BEGIN_MINUTE + minute * 60_000 },
    lastAt: BEGIN_MINUTE + minute * 60_000 + 59_000 - (minute % 7) * 100,
    since: BEGIN_MINUTE + Math.floor(minute / 700) * 700 * 60_000,
    ...{ in: (minute % 700) * 3, out: Math.floor((minute % 700) / 2), blindMs: (minute % 700) * 40 },
    doubtful: minute % 13 === 0,
  })).filter(({ at }) => (at / 60_000) % 17 > 2);
}

async function fill(where: string): Promise<void> {
  const store = await AlertStore.open(where);
  const { fence } = await store.claim();
  const deliveries = events.slice(0, 240).map((event) => ({
    deliveryId: `${event.eventId}@control-room`,
    endpoint: 'control-room',
    messageId: event.eventId,
    // Several of one offset: the order among them must not be chance.
    offset: Math.ceil(event.offset / 3),
    fast: event.offset % 2 === 0,
    body: JSON.stringify({ data: event }),
  }));
  const change = { events, machines: new Set<string>(), alerts: new Map(), silences: new Map() };
  const commit = { fence, number: 1, at: BEGIN, change, machineOf: () => undefined, positions: {}, configs: [] };
  await store.commit({ ...commit, deliveries, history: history().take(), lineHistory: lines() });
  await store.markAnnounced(events.length);
  const log = new DeliveryStore(store.db);
  for (const delivery of deliveries) {
    const stored = await log.find(delivery.deliveryId);
    assert.ok(stored);
    const outcome = { outcome: 'http-503', delivered: false, gone: false, statusCode: 503, durationMs: 12 };
    await log.noteTry(stored, 1, outcome, 'dead', BEGIN + 5);
  }
  await store.close();
}

describe('REST over each database', () => {
  const sides: { name: string; redis: TestRedis; database: TestDatabase; alerts: Service; gateway: Gateway }[] = [];
  let dir: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hr-parity-'));
    const keep = `keepFineMs: ${YEARS_MS}, keepMinutesMs: ${YEARS_MS}`;
    const config = parseConfig(
      `{ gateway: { port: 0 }, database: { ${keep} }, deliveries: { keepMs: ${YEARS_MS} }, cameras: [] }`,
    );
    const logger = createLogger('test', 'silent');
    for (const { name, create } of DATABASES) {
      const database = await create();
      await fill(database.where);
      const redis = await startRedis();
      const redisUrls = { state: redis.url, frames: redis.framesUrl };
      const dataDir = join(dir, name);
      const alerts = await startAlerts({
        config,
        redisUrls,
        logger,
        dataDir,
        databaseUrl: database.where,
        instance: 'a',
      });
      const gateway = await startGateway({ config, redisUrls, logger });
      sides.push({ name, redis, database, alerts, gateway });
      await until(`one leads on ${name}`, () => redis.client().get(alertKeys.health), 30_000);
    }
  });
  after(async () => {
    for (const { redis, database, alerts, gateway } of sides) {
      await gateway.close();
      await alerts.close();
      await redis.stop();
      await database.remove();
    }
    await rm(dir, { recursive: true, force: true });
  });

  /** The answer of all, after it was seen to be one. */
  const ask = async (path: string): Promise<{ status: number; text: string }> => {
    const answers = await Promise.all(
      sides.map(async ({ gateway }) => {
        const response = await fetch(`${gateway.url}${path}`);
        return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
      }),
    );
    const [first, ...others] = answers;
    assert.ok(first && others.length === DATABASES.length - 1);
    for (const other of others) assert.deepEqual(other, first, path);
    return first;
  };

  it('exports the whole alert log, page after page, as JSON and CSV', async () => {
    const json = await ask('/api/alerts/events.json');
    assert.deepEqual(JSON.parse(json.text), events);
    const csv = await ask('/api/alerts/events.csv');
    assert.equal(csv.text, eventsCsv(events));
    const some = JSON.parse((await ask('/api/alerts/events.json?cameraId=gate2&afterOffset=100')).text) as AlertEvent[];
    assert.deepEqual(
      some,
      events.filter((event) => event.cameraId === 'gate2' && event.offset > 100),
    );
    assert.equal((await ask('/api/alerts/events.json?alertId=nothing')).text, '[]\n');
  });

  it('exports readings of any length, as JSON and CSV', async () => {
    const query = `cameraId=gate&zoneId=ab&from=${BEGIN}&to=${BEGIN + SPANS * 10_000}&stepMs=10000`;
    const points = JSON.parse((await ask(`/api/history.json?${query}`)).text) as HistoryPoint[];
    assert.equal(points.length, SPANS - Math.ceil(SPANS / 11));
    const { text } = await ask(`/api/history.csv?${query}`);
    assert.equal(text.trim().split('\r\n').length, points.length + 1);
    assert.equal((await ask(`/api/history.json?${query.replace('cameraId=gate', 'cameraId=none')}`)).text, '[]\n');
  });

  it('lists deliveries and silences', async () => {
    const { text } = await ask('/api/deliveries?endpoint=control-room');
    assert.equal((JSON.parse(text) as unknown[]).length, 200);
    assert.equal((await ask('/api/silences')).text, '[]');
  });

  it('refuses what is too long or wrong and names the field', async () => {
    const range = (to: number, step: number) => `/api/history?cameraId=gate&from=0&to=${to}&stepMs=${step}`;
    const cases: [path: string, field: RegExp][] = [
      [range(BEGIN, 10_000), /stepMs/],
      [range(100_000, 15_000), /stepMs/],
      [range(9e15, 60_000), /to/],
      ['/api/history?cameraId=gate&from=5&to=4', /to must be later than from|to: |\/to/],
      ['/api/history?from=0&to=5', /cameraId/],
      ['/api/history.csv?cameraId=gate&from=0&to=8000000000000000', /from and to|stepMs/],
      ['/api/alerts/events?limit=1001', /limit/],
    ];
    for (const [path, field] of cases) {
      const { status, text } = await ask(path);
      assert.equal(status, 400, path);
      assert.match(text, field, path);
    }
  });

  it('answers any question about events and history alike', async () => {
    const camera = fc.constantFrom(...CAMERAS, 'none');
    const zone = fc.constantFrom('', ...ZONES, 'none');
    const instant = fc.integer({ min: BEGIN - 100_000, max: BEGIN + SPANS * 10_000 });
    const historyOf = fc
      .record({
        camera,
        zone,
        from: instant,
        lengthMs: fc.integer({ min: 1, max: 40_000_000 }),
        tens: fc.integer({ min: 1, max: 400 }),
      })
      .map(
        ({ camera, zone, from, lengthMs, tens }) =>
          `/api/history?cameraId=${camera}&zoneId=${zone}&from=${from}&to=${from + lengthMs}&stepMs=${tens * 10_000}`,
      );
    const linesOf = fc
      .record({
        from: instant,
        lengthMs: fc.integer({ min: 1, max: 40_000_000 }),
        minutes: fc.integer({ min: 1, max: 90 }),
      })
      .map(
        ({ from, lengthMs, minutes }) =>
          `/api/history/lines?cameraId=gate&lineId=door&from=${from}&to=${from + lengthMs}&stepMs=${minutes * 60_000}`,
      );
    const eventsOf = fc
      .record({
        camera,
        zone: fc.constantFrom(...ZONES),
        after: fc.integer({ min: 0, max: 2400 }),
        limit: fc.integer({ min: 1, max: 1000 }),
        from: instant,
        lengthMs: fc.nat(40_000_000),
      })
      .map(
        ({ camera, zone, after, limit, from, lengthMs }) =>
          `/api/alerts/events?cameraId=${camera}&zoneId=${zone}&afterOffset=${after}&limit=${limit}&from=${from}&to=${from + lengthMs}`,
      );
    await fc.assert(
      fc.asyncProperty(fc.oneof(historyOf, linesOf, eventsOf), async (path) => {
        assert.equal((await ask(path)).status, 200);
      }),
      { numRuns: 60 },
    );
  });

  it('takes no order that one of them could never store, and goes on judging', async () => {
    for (const { redis, name } of sides) {
      const silence = { type: 'silence', upToLevel: 'severe', durationMs: 60_000 } as const;
      const refused = await order(redis.client(), { ...silence, reason: 'works\0' });
      assert.deepEqual([refused.ok, !refused.ok && refused.code], [false, 'invalid'], name);
      assert.match((!refused.ok && refused.message) || '', /U\+0000/);
      assert.ok((await order(redis.client(), { ...silence, reason: 'works \\u0000' })).ok, name);
    }
  });
});
