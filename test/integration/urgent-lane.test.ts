/** What burns does not wait behind what does not, at a receiver that hangs: the delivery desk with real connections. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import mqttPacket from 'mqtt-packet';
import { createAlertMetrics } from '../../services/alerts/alert-metrics.ts';
import { DeliveryDesk } from '../../services/alerts/deliveries/delivery-desk.ts';
import { DeliveryStore, insertDelivery, type NewDelivery } from '../../services/alerts/deliveries/delivery-store.ts';
import { testBody } from '../../services/alerts/deliveries/message.ts';
import { AlertStore } from '../../services/alerts/store/alert-store.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { fastConfig } from '../helpers/alert-feed.ts';
import { resolveEndpoints } from '../helpers/endpoints.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';
import { startListener, type WebhookListener } from '../helpers/webhook-listener.ts';

const SECRET = `whsec_${createHash('sha256').update('urgent').digest('base64')}`;
/** Far below the 15 s that a slow try may take. */
const AT_ONCE_MS = 3000;

describe('the urgent lane', () => {
  let redis: TestRedis;
  let dir: string;
  let store: AlertStore;
  let log: DeliveryStore;
  let listener: WebhookListener;
  const desks: DeliveryDesk[] = [];
  const logger = createLogger('alerts', 'silent');

  before(async () => {
    process.env.HOOK_URGENT = SECRET;
    redis = await startRedis();
    listener = await startListener(SECRET);
    dir = await mkdtemp(join(tmpdir(), 'hr-urgent-'));
    store = await AlertStore.open(join(dir, 'headroom.db'));
    log = new DeliveryStore(store.db);
  });
  afterEach(async () => {
    for (const desk of desks.splice(0)) await desk.close();
  });
  after(async () => {
    await store.close();
    await listener.close();
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const open = async (endpoint: object, more: object = {}): Promise<DeliveryDesk> => {
    const endpoints = [{ allow: ['127.0.0.1'], ...endpoint }];
    const config = fastConfig({ deliveries: { endpoints, fastDelaysMs: [0], delaysMs: [0], ...more } });
    const metrics = createAlertMetrics(createRegistry('alerts', 'a'));
    const desk = new DeliveryDesk({ redisUrl: redis.url, store, metrics, logger }, config, resolveEndpoints(config));
    desks.push(desk);
    await desk.resume();
    return desk;
  };
  let messages = 0;
  const send = async (desk: DeliveryDesk, endpoint: string, fast: boolean): Promise<NewDelivery> => {
    const messageId = `urgent~${messages++}`;
    const body = testBody(messageId, '/site/test', Date.now());
    const delivery = { deliveryId: `${messageId}@${endpoint}`, endpoint, messageId, offset: messages, fast, body };
    await insertDelivery(store.db, delivery, Date.now());
    desk.enqueue([delivery]);
    return delivery;
  };
  const isDelivered = async ({ deliveryId }: NewDelivery) => (await log.find(deliveryId))?.status === 'delivered';
  const triesOf = async ({ messageId }: NewDelivery) => (await log.list({ eventId: messageId }))[0]?.tries ?? [];

  it('reaches a webhook all of whose hands hang with what is not urgent', async () => {
    const hang = { kind: 'slow', ms: 60_000 } as const;
    listener.behave(...Array(8).fill(hang), { kind: 'status', status: 204 });
    const hook = { id: 'hook', url: listener.url, secrets: ['${HOOK_URGENT}'], allowHttp: true };
    const desk = await open(hook);
    for (let i = 0; i < 8; i++) await send(desk, 'hook', false);
    await until('all hands hang', () => listener.received.length === 8);
    const urgent = await send(desk, 'hook', true);
    await until('the urgent one is there', () => isDelivered(urgent), AT_ONCE_MS);
    assert.equal(listener.received.length, 9, 'and nothing was sent twice for it');
  });

  /** An Alertmanager that keeps its first `hangs` posts open, and what it was asked. */
  const startManager = async (hangs: number, refuses = 0) => {
    let asked = 0;
    const server = createHttpServer((_, response: ServerResponse) => {
      asked += 1;
      if (asked <= refuses) response.writeHead(503).end();
      else if (asked > refuses + hangs) response.writeHead(200).end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    return {
      endpoint: { id: `ops-${port}`, kind: 'alertmanager', url: `http://127.0.0.1:${port}`, allowHttp: true },
      asked: () => asked,
      close: () => {
        server.closeAllConnections();
        server.close();
      },
    };
  };

  it('goes before a try that hangs where order counts; that one is made again, and has lost none of its tries', async () => {
    const manager = await startManager(1);
    try {
      const { id } = manager.endpoint;
      const desk = await open(manager.endpoint);
      const waiting = await send(desk, id, false);
      await until('it hangs', () => manager.asked() === 1);
      const urgent = await send(desk, id, true);
      await until('the urgent one is there', () => isDelivered(urgent), AT_ONCE_MS);
      await until('the other one follows', () => isDelivered(waiting), AT_ONCE_MS);
      assert.deepEqual(
        (await triesOf(waiting)).map(({ outcome }) => outcome),
        ['gave-way', 'delivered'],
      );
      assert.deepEqual((await desk.health(Date.now())).failing, [], 'to give way is no failure of the receiver');
    } finally {
      manager.close();
    }
  });

  it('makes its next try in time, though one that is not urgent has begun meanwhile and hangs', async () => {
    const manager = await startManager(1, 1);
    try {
      const { id } = manager.endpoint;
      const desk = await open(manager.endpoint, { fastDelaysMs: [0, 1000] });
      const urgent = await send(desk, id, true);
      await until('it was refused', () => manager.asked() === 1);
      await send(desk, id, false);
      await until('the other one hangs', () => manager.asked() === 2);
      await until('the urgent one is there', () => isDelivered(urgent), 1000 + AT_ONCE_MS);
    } finally {
      manager.close();
    }
  });

  it('keeps the order of an alert: what it has waiting from before goes first', async () => {
    const manager = await startManager(1);
    try {
      const { id } = manager.endpoint;
      const desk = await open(manager.endpoint);
      const alert = { alert_id: 'gate~stage~1', camera_id: 'gate', zone_id: null, announced: 1 };
      const row = (sequence: number) => ({
        ...alert,
        ...{ sequence, offset: messages + 1, event_id: `urgent~${messages}`, type: 'alert.firing', at: 0, body: '{}' },
      });
      await store.db.insertInto('alert_events').values(row(1)).execute();
      const first = await send(desk, id, false);
      await until('it hangs', () => manager.asked() === 1);
      await store.db.insertInto('alert_events').values(row(2)).execute();
      const urgent = await send(desk, id, true);
      await until('the urgent one is there', () => isDelivered(urgent), AT_ONCE_MS);
      assert.ok(await isDelivered(first), 'the first one was before it');
      assert.equal(manager.asked(), 3, 'hung, first, urgent; nothing again');
    } finally {
      manager.close();
    }
  });

  it('goes over a broker that owes the answer to something else', async () => {
    const topics: string[] = [];
    let isOwing = true;
    // A real broker cannot be told to take one message and answer only the next.
    const broker = createServer((socket) => {
      const parser = mqttPacket.parser();
      const say = (packet: mqttPacket.Packet) => socket.write(mqttPacket.generate(packet));
      parser.on('packet', (packet) => {
        const messageId = packet.messageId as number;
        if (packet.cmd === 'connect') say({ cmd: 'connack', returnCode: 0, sessionPresent: false });
        if (packet.cmd === 'subscribe') say({ cmd: 'suback', messageId, granted: packet.subscriptions.map(() => 1) });
        if (packet.cmd === 'pingreq') say({ cmd: 'pingresp' });
        if (packet.cmd !== 'publish' || packet.topic !== 'headroom/events') return;
        topics.push((JSON.parse(String(packet.payload)) as { id: string }).id);
        if (isOwing) isOwing = false;
        else say({ cmd: 'puback', messageId });
      });
      socket.on('data', (chunk) => parser.parse(chunk as Buffer));
      socket.on('error', () => undefined);
    });
    await new Promise<void>((done) => broker.listen(0, '127.0.0.1', done));
    try {
      const url = `mqtt://127.0.0.1:${(broker.address() as AddressInfo).port}`;
      const desk = await open({ id: 'home', kind: 'mqtt', url, allowPlain: true });
      const waiting = await send(desk, 'home', false);
      await until('it is owed an answer', () => topics.length === 1);
      const urgent = await send(desk, 'home', true);
      await until('the urgent one is there', () => isDelivered(urgent), AT_ONCE_MS);
      await until('the other one follows', () => isDelivered(waiting), AT_ONCE_MS);
      assert.deepEqual(
        topics,
        [waiting, urgent, waiting].map(({ messageId }) => messageId),
      );
    } finally {
      await desks.pop()?.close();
      broker.close();
    }
  });
});
