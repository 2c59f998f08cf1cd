/** The delivery desk by itself: what receivers get, and how often, when the database, the configuration or they fail. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type AlertMetrics, createAlertMetrics } from '../../services/alerts/alert-metrics.ts';
import { DeliveryDesk } from '../../services/alerts/deliveries/delivery-desk.ts';
import { DeliveryStore, insertDelivery, type NewDelivery } from '../../services/alerts/deliveries/delivery-store.ts';
import { testBody } from '../../services/alerts/deliveries/message.ts';
import { AlertStore } from '../../services/alerts/store/alert-store.ts';
import type { Config } from '../../shared/config/schema.ts';
import type { AlertEvent } from '../../shared/contracts/alert.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { fastConfig } from '../helpers/alert-feed.ts';
import { resolveEndpoints } from '../helpers/endpoints.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { run, withCapacity } from '../helpers/timeline.ts';
import { until } from '../helpers/until.ts';
import { startListener, type WebhookListener } from '../helpers/webhook-listener.ts';

const SECRET = `whsec_${createHash('sha256').update('desk').digest('base64')}`;
const HOUR_MS = 3_600_000;

describe('delivery desk', () => {
  let redis: TestRedis;
  let dir: string;
  let file: string;
  let store: AlertStore;
  let log: DeliveryStore;
  let listener: WebhookListener;
  const desks: DeliveryDesk[] = [];
  /** Those of the desk that was opened last. */
  let metrics: AlertMetrics;
  const logger = createLogger('alerts', 'silent');

  before(async () => {
    process.env.HOOK_DESK = SECRET;
    redis = await startRedis();
    listener = await startListener(SECRET);
    dir = await mkdtemp(join(tmpdir(), 'hr-desk-'));
    file = join(dir, 'headroom.db');
    store = await AlertStore.open(file);
    log = new DeliveryStore(store.db);
  });
  afterEach(async () => {
    for (const desk of desks.splice(0)) await desk.close();
    listener.behave({ kind: 'status', status: 204 });
  });
  after(async () => {
    await store.close();
    await listener.close();
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const configOf = (ids: string[], more: object = {}, each: object = {}): Config => {
    const common = { url: listener.url, secrets: ['${HOOK_DESK}'], allowHttp: true, allow: ['127.0.0.1'], ...each };
    const endpoints = ids.map((id) => ({ id, ...common }));
    return fastConfig({ deliveries: { endpoints, fastDelaysMs: [0], delaysMs: [0], ...more } });
  };
  const open = async (config: Config): Promise<DeliveryDesk> => {
    metrics = createAlertMetrics(createRegistry('alerts', 'a'));
    const desk = new DeliveryDesk({ redisUrl: redis.url, store, metrics, logger }, config, resolveEndpoints(config));
    desks.push(desk);
    await desk.resume();
    return desk;
  };
  let messages = 0;
  const stored = async (endpoint: string): Promise<NewDelivery> => {
    const messageId = `message~${messages++}`;
    const deliveryId = `${messageId}@${endpoint}`;
    const body = testBody(messageId, '/site/test', Date.now());
    const delivery = { deliveryId, endpoint, messageId, offset: messages, fast: true, body };
    await insertDelivery(store.db, delivery, Date.now());
    return delivery;
  };
  const send = async (desk: DeliveryDesk, endpoint: string): Promise<NewDelivery> => {
    const delivery = await stored(endpoint);
    desk.enqueue([delivery]);
    return delivery;
  };
  const statusOf = async ({ deliveryId }: NewDelivery) => (await log.find(deliveryId))?.status;
  const got = ({ messageId }: NewDelivery) => listener.received.filter(({ id }) => id === messageId).length;
  let orders = 0;
  const replay = async (desk: DeliveryDesk, { deliveryId }: NewDelivery): Promise<void> => {
    const order = { type: 'replay-delivery' as const, commandId: `replay-${orders++}`, actor: 'kim', deliveryId };
    assert.ok((await desk.carryOut(order, Date.now())).ok);
  };

  it('a message that arrived is not sent again while the database cannot write that down', async () => {
    const desk = await open(configOf(['pager']));
    const first = await send(desk, 'pager');
    await until('the way is open', async () => (await statusOf(first)) === 'delivered');
    const locked = await stored('pager');
    // Another process holds the lock. As with a full disk and a standby, what is stored can still be read.
    const other = new DatabaseSync(file, { timeout: 10_000 });
    other.exec('BEGIN IMMEDIATE');
    try {
      desk.enqueue([locked]);
      await until('it arrives', () => got(locked) > 0);
      // Several of the desk's pauses for a database that is away.
      await delay(4000);
    } finally {
      other.exec('ROLLBACK');
      other.close();
    }
    await until('written down', async () => (await statusOf(locked)) === 'delivered');
    assert.equal(got(locked), 1, 'once');
    assert.deepEqual(
      (await log.list({ eventId: locked.messageId }))[0]?.tries.map(({ outcome }) => outcome),
      ['delivered'],
    );
  });

  it('what was given up with its endpoint is replayed at once when that is back', async () => {
    const patient = { fastDelaysMs: [0, HOUR_MS], delaysMs: [0, HOUR_MS] };
    const config = configOf(['pager'], patient);
    const desk = await open(config);
    listener.behave({ kind: 'status', status: 503 });
    const delivery = await send(desk, 'pager');
    await until('tried once', async () => ((await log.find(delivery.deliveryId))?.attempts ?? 0) === 1);
    const without = configOf([], patient);
    await desk.configure(without, resolveEndpoints(without));
    await until('given up', async () => (await statusOf(delivery)) === 'dead');
    await desk.configure(config, resolveEndpoints(config));
    listener.behave({ kind: 'status', status: 204 });
    await replay(desk, delivery);
    await until('sent again', async () => (await statusOf(delivery)) === 'delivered', 10_000);
  });

  it('what was stored late for an endpoint that is gone by then is given up, and waits for nobody', async () => {
    const desk = await open(configOf([]));
    const delivery = await send(desk, 'planned-before');
    await until('given up', async () => (await statusOf(delivery)) === 'dead', 10_000);
    assert.equal((await desk.health(Date.now())).backlog, 0);
  });

  it('a schedule made shorter gives up what is beyond it: nothing waits for a try that never comes', async () => {
    const desk = await open(configOf(['pager'], { fastDelaysMs: [0, 1000, 1000, 1000, 1000] }));
    listener.behave({ kind: 'status', status: 503 });
    const delivery = await send(desk, 'pager');
    await until('tried once', async () => ((await log.find(delivery.deliveryId))?.attempts ?? 0) === 1);
    const shorter = configOf(['pager'], { fastDelaysMs: [0, 1000] });
    await desk.configure(shorter, resolveEndpoints(shorter));
    await until('given up', async () => (await statusOf(delivery)) === 'dead', 15_000);
    await replay(desk, delivery);
  });

  it('a try that ends late takes nothing back that another leader has delivered meanwhile', async () => {
    const delivery = await stored('pager');
    const tried = { gone: false, durationMs: 1 };
    await log.noteTry(delivery, 1, { ...tried, outcome: 'delivered', delivered: true }, 'delivered', Date.now());
    await log.noteTry(delivery, 1, { ...tried, outcome: 'timeout', delivered: false }, 'pending', Date.now());
    assert.equal(await statusOf(delivery), 'delivered');
    const tries = (await log.list({ eventId: delivery.messageId }))[0]?.tries ?? [];
    assert.deepEqual(tries.map(({ outcome }) => outcome).sort(), ['delivered', 'timeout'], 'both stand in the log');
  });

  it('a clock set back puts off no next try', async (t) => {
    const desk = await open(configOf(['pager'], { fastDelaysMs: [0, 2000] }));
    listener.behave({ kind: 'status', status: 500 });
    const delivery = await send(desk, 'pager');
    await until('a try has failed', async () => (await log.find(delivery.deliveryId))?.attempts === 1);
    listener.behave({ kind: 'status', status: 204 });
    const real = Date.now;
    t.mock.method(Date, 'now', () => real() - HOUR_MS);
    await until('it arrives', async () => {
      await desk.health(Date.now());
      return (await statusOf(delivery)) === 'delivered';
    });
  });

  it('an alert that rises while a receiver is replaced is planned for the new one, though the old one still hangs', async () => {
    const desk = await open(configOf(['pager-a']));
    listener.behave({ kind: 'slow', ms: 5000 });
    const hanging = await send(desk, 'pager-a');
    await until('a try is under way', () => got(hanging) > 0);
    const replaced = configOf(['pager-b']);
    const changing = desk.configure(replaced, resolveEndpoints(replaced));
    const firing = { level: 'severe', condition: 'firing' } as const;
    const event = { epoch: 'e', offset: 9, eventId: 'gate~z~9~1', alertId: 'gate~z~9', sequence: 1, cameraId: 'gate' };
    const rise = { ...event, at: Date.now(), type: 'alert.firing', peakLevel: 'severe', from: firing, to: firing };
    const planned = desk.plan([{ ...rise, escalation: 0, silenced: false } as unknown as AlertEvent]);
    assert.deepEqual(
      planned.map(({ endpoint }) => endpoint),
      ['pager-b'],
    );
    await changing;
  });

  it('the end of an alert goes to a receiver that was told of it, though it was narrowed while nobody led', async () => {
    const heard = await stored('pager');
    const event = { epoch: 'e', offset: 1, alertId: 'gate~z~1', sequence: 1, cameraId: 'gate', at: Date.now() };
    const told = { offset: 1, event_id: heard.messageId, alert_id: 'gate~z~1', camera_id: 'gate', zone_id: null };
    const row = { ...told, sequence: 1, type: 'alert.firing', at: event.at, announced: 1, body: '{}' };
    await store.db.insertInto('alert_events').values(row).execute();
    await store.db.insertInto('alerts').values({ id: 'gate~z~1', body: '{}' }).execute();
    const desk = await open(configOf(['pager', 'late'], {}, { minLevel: 'severe' }));
    const over = { level: 'normal', condition: 'normal' } as const;
    const end = { ...event, eventId: 'gate~z~1~2', type: 'alert.resolved', peakLevel: 'alert', from: over, to: over };
    const planned = desk.plan([{ ...end, escalation: 0, silenced: false } as unknown as AlertEvent]);
    await store.db.deleteFrom('alerts').execute();
    assert.deepEqual(
      planned.map(({ endpoint }) => endpoint),
      ['pager'],
    );
  });

  it('what its queue has lost, as when a Redis takes over that had not heard of all, is sent all the same', async () => {
    const desk = await open(configOf(['pager']));
    const lost = await stored('pager');
    // As the loop that judges readings asks, with the time.
    await desk.health(Date.now() + 20_000);
    await delay(1000);
    assert.equal(got(lost), 0, 'what may still be on its way is left alone');
    await desk.health(Date.now() + 60_000);
    await until('it arrives', async () => (await statusOf(lost)) === 'delivered', 5000);
    assert.equal(got(lost), 1);
  });

  it('a receiver that is taken out counts as failing, whatever it says to heartbeats, and after a restart', async () => {
    const config = configOf(['pager'], {}, { heartbeatMs: 1000 });
    let desk = await open(config);
    const pulse = () => ({ mode: 'actual' as const, cameras: 1, camerasCounted: 1, alertsOn: 0 });
    const beats = () => listener.received.filter(({ message }) => message.type === 'system.heartbeat').length;
    /** Sends a heartbeat, and waits until the receiver has it and the desk knows that it was taken. */
    const beat = async (): Promise<void> => {
      const before = beats();
      desk.beat(pulse);
      await until('a heartbeat arrives', () => beats() > before, 10_000);
      const taken = async () =>
        (await metrics.deliveries.get()).values.some(
          ({ labels, value }) => labels.outcome === 'delivered' && value === 1,
        );
      await until('its answer, too', taken, 10_000);
    };
    listener.behave({ kind: 'status', status: 410 });
    const delivery = await send(desk, 'pager');
    await until('taken out', async () => (await statusOf(delivery)) === 'dead');
    listener.behave({ kind: 'status', status: 204 });
    await beat();
    const isFailing = async () => (await desk.health(Date.now())).failing.map(({ endpoint }) => endpoint);
    assert.deepEqual(await isFailing(), ['pager']);
    await desks.pop()?.close();
    desk = await open(config);
    await beat();
    assert.deepEqual(await isFailing(), ['pager']);
    const order = { type: 'enable-endpoint' as const, commandId: 'enable-it', actor: 'kim', endpoint: 'pager' };
    assert.ok((await desk.carryOut(order, Date.now())).ok);
    assert.deepEqual(await isFailing(), []);
  });

  describe('an alert that stands', () => {
    /** Raised for nobody: there was no receiver then. @returns its end, which is not stored yet */
    const raised = async (): Promise<AlertEvent> => {
      const full = { from: 0, to: 30, kind: 'count', value: 105 } as const;
      const upTo = (untilS: number) => run({ config: withCapacity(), untilS, steps: [full] });
      const { events, engine } = upTo(29);
      for (const event of events) await put(event);
      for (const [id, alert] of engine.snapshot().alerts) {
        await store.db
          .insertInto('alerts')
          .values({ id, body: JSON.stringify(alert) })
          .execute();
      }
      const end = upTo(600).events.findLast(({ type }) => type === 'alert.resolved');
      assert.ok(end && events.length > 0);
      return end;
    };
    const put = (event: AlertEvent) =>
      store.db
        .insertInto('alert_events')
        .values({
          ...{ offset: event.offset, event_id: event.eventId, alert_id: event.alertId, sequence: event.sequence },
          ...{ camera_id: 'gate', zone_id: 'stage', type: event.type, at: event.at, announced: 1 },
          body: JSON.stringify(event),
        })
        .execute();
    const heard = async (endpoint: string): Promise<string[]> =>
      (await log.list({ endpoint })).map(({ deliveryId, status }) => `${deliveryId.split('~').at(-1)} ${status}`);
    const isHeard = (desk: DeliveryDesk, endpoint: string, what: string[]) =>
      until(`${endpoint} hears ${what}`, async () => {
        await desk.health(Date.now());
        return (await heard(endpoint)).join() === what.map((one) => `${one}@${endpoint} delivered`).join();
      });
    const clear = async () => {
      for (const table of ['alerts', 'alert_events', 'deliveries', 'endpoints'] as const) {
        await store.db.deleteFrom(table).execute();
      }
    };
    beforeEach(clear);
    after(clear);

    it('is told to a receiver that is new, once, and so is its end', async () => {
      const end = await raised();
      const desk = await open(configOf([]));
      const config = configOf(['pager', 'severe-only']);
      const [pager, other] = config.deliveries.endpoints;
      assert.ok(pager && other);
      other.minLevel = 'severe';
      await desk.configure(config, resolveEndpoints(config));
      const [newest] = (
        await store.events({ type: 'list-events', commandId: 'c', actor: 'a', afterOffset: 0, limit: 99 })
      )
        .toReversed()
        .map(({ sequence }) => `${sequence}`);
      assert.ok(newest);
      await isHeard(desk, 'pager', [newest]);
      assert.deepEqual(await heard('severe-only'), []);
      await desks.pop()?.close();
      const successor = await open(config);
      await successor.health(Date.now());
      assert.equal((await heard('pager')).length, 1, 'not again by the next leader');
      assert.deepEqual(
        successor.plan([end]).map(({ endpoint }) => endpoint),
        ['pager'],
      );
      other.minLevel = 'attention';
      await successor.configure(config, resolveEndpoints(config));
      await isHeard(successor, 'severe-only', [newest]);
    });

    it('is told to one that is enabled again', async () => {
      await raised();
      await log.disable('pager', 'gone', Date.now());
      const desk = await open(configOf(['pager']));
      await desk.health(Date.now());
      assert.deepEqual(await heard('pager'), []);
      const order = { type: 'enable-endpoint' as const, commandId: 'enable-again', actor: 'kim', endpoint: 'pager' };
      assert.ok((await desk.carryOut(order, Date.now())).ok);
      await until('it is told', async () => {
        await desk.health(Date.now());
        return (await heard('pager')).length === 1;
      });
    });

    it('and ends before that is stored, is told with its end', async () => {
      const end = await raised();
      await put(end);
      const desk = await open(configOf(['pager']));
      await until('both are told', async () => {
        await desk.health(Date.now());
        return (await heard('pager')).length === 2;
      });
      assert.ok((await heard('pager')).some((one) => one.startsWith(`${end.sequence}@`)));
    });
  });
});
