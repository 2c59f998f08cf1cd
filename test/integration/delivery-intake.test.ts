/** Deliveries on their way into their queues: thousands at once, and a Redis that does not take them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { createAlertMetrics } from '../../services/alerts/alert-metrics.ts';
import { DeliveryDesk } from '../../services/alerts/deliveries/delivery-desk.ts';
import { DeliveryStore, insertDelivery, type NewDelivery } from '../../services/alerts/deliveries/delivery-store.ts';
import { testBody } from '../../services/alerts/deliveries/message.ts';
import { startAlerts } from '../../services/alerts/service.ts';
import { AlertStore } from '../../services/alerts/store/alert-store.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { type Feed, fastConfig, startFeed } from '../helpers/alert-feed.ts';
import { resolveEndpoints } from '../helpers/endpoints.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';
import { startListener, type WebhookListener } from '../helpers/webhook-listener.ts';

/** A queue takes some thousands a second, and Redis is given one second for each command. */
const LEFT_BEHIND = 12_000;
const SECRET = `whsec_${createHash('sha256').update('intake').digest('base64')}`;

describe('intake of deliveries', () => {
  let redis: TestRedis;
  let dir: string;
  let feed: Feed;
  let listener: WebhookListener;
  const open: { close(): Promise<unknown> }[] = [];
  const logs: string[] = [];
  const logger = createLogger('alerts', 'debug', { write: (line) => logs.push(line) });

  before(async () => {
    process.env.HOOK_INTAKE = SECRET;
    redis = await startRedis();
    feed = await startFeed(redis.client());
    listener = await startListener(SECRET);
    dir = await mkdtemp(join(tmpdir(), 'hr-intake-'));
  });
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });
  after(async () => {
    await feed.close();
    await listener.close();
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const configOf = (...ids: string[]) => {
    const common = { secrets: ['${HOOK_INTAKE}'], allowHttp: true, allow: ['127.0.0.1'], minLevel: 'attention' };
    // Nobody listens on port 1.
    const url = (id: string) => (id === 'good' ? listener.url : 'http://127.0.0.1:1/');
    const endpoints = ids.map((id) => ({ id, url: url(id), ...common }));
    const timeouts = { fastTimeoutMs: 400, timeoutMs: 400 };
    return fastConfig({ deliveries: { endpoints, fastDelaysMs: [0, 50], delaysMs: [0, 50], ...timeouts } });
  };
  const message = (index: number, endpoint: string): NewDelivery => {
    const messageId = `left~${index}`;
    const body = testBody(messageId, '/site/test', Date.now());
    return { deliveryId: `${messageId}@${endpoint}`, endpoint, messageId, offset: index, fast: true, body };
  };

  it('a receiver that was down for days keeps nobody from judging, and its messages are kept', async () => {
    const file = join(dir, 'headroom.db');
    const store = await AlertStore.open(file);
    await store.db.transaction().execute(async (tx) => {
      for (let index = 0; index < LEFT_BEHIND; index++) await insertDelivery(tx, message(index, 'down'), Date.now());
    });
    await store.close();
    const redisUrls = { state: redis.url, frames: redis.framesUrl };
    open.push(await startAlerts({ config: configOf('good', 'down'), redisUrls, logger, dataDir: dir }));
    feed.people = 120;
    await until('the other receiver hears of the crowd', () =>
      listener.received.some(({ message }) => message.type === 'alert.firing'),
    );
    assert.ok(!logs.some((line) => line.includes('not leading')), 'one term from the start');
    await until('the others are tried, too', () => logs.some((line) => line.includes('@down')));
  });

  it('what Redis did not take goes out as soon as it does', async () => {
    const store = await AlertStore.open(join(dir, 'second.db'));
    open.push(store);
    const queues = await startRedis();
    open.push({ close: () => queues.stop() });
    const config = configOf('good');
    const parts = { store, metrics: createAlertMetrics(createRegistry('alerts', 'a')), logger };
    const desk = new DeliveryDesk({ redisUrl: queues.url, ...parts }, config, resolveEndpoints(config));
    open.push(desk);
    await desk.resume();
    const enqueue = async (delivery: NewDelivery): Promise<void> => {
      await insertDelivery(store.db, delivery, Date.now());
      desk.enqueue([delivery]);
    };
    const early = message(0, 'good');
    await enqueue(early);
    await until('the queue is connected', () => listener.received.some(({ id }) => id === early.messageId));
    await queues.kill9();
    // What is under way when the connection breaks is sent anew by it; what comes before it is back is refused.
    let count = 0;
    await until('Redis does not take them', async () => {
      await enqueue(message(++count, 'good'));
      return logs.some((line) => line.includes('not queued yet') && line.includes('writeable'));
    });
    await queues.restart();
    const log = new DeliveryStore(store.db);
    await until('all are sent', async () => (await log.backlog()).length === 0);
    for (let index = 1; index <= count; index++) {
      const { messageId } = message(index, 'good');
      assert.equal(listener.received.filter(({ id }) => id === messageId).length, 1, 'each once');
    }
  });
});
