/** The MQTT receiver at a real mosquitto: Home Assistant's devices, states that are never stale, events in order. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { pinnedNode } from '../../infra/scripts/setup.mjs';
import type { DeliveryRecord } from '../../services/alerts/deliveries/delivery-store.ts';
import type { Discovery } from '../../services/alerts/deliveries/mqtt/discovery.ts';
import { startAlerts } from '../../services/alerts/service.ts';
import type { AlertEvent } from '../../shared/contracts/alert.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { ask, type Feed, fastConfig, startFeed } from '../helpers/alert-feed.ts';
import { type Heard, type Mosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const PATIENCE_MS = 40_000;
const endpointAt = (broker: Mosquitto, more: Record<string, unknown> = {}) => ({
  id: 'home',
  kind: 'mqtt',
  url: broker.url,
  username: 'headroom',
  password: '${MQTT_PASSWORD}',
  allowPlain: true,
  allow: ['127.0.0.1'],
  minLevel: 'attention',
  countEveryMs: 300,
  ...more,
});
const deliveries = (broker: Mosquitto, more: Record<string, unknown> = {}) => ({
  source: '/site/test',
  endpoints: [endpointAt(broker, more)],
  fastDelaysMs: [0, 200, 1000],
  delaysMs: [0, 200, 3_600_000],
  fastTimeoutMs: 3000,
  timeoutMs: 3000,
});
/** One threshold, so that a crowd raises one alert. */
const zone = { limits: { occupancy: { severe: 1.1 } } };
const LEVEL = 'headroom/camera/gate/zone/stage/level';
const DEVICE = 'homeassistant/device/headroom_gate/config';

const eventsOf = (heard: Heard[]): AlertEvent[] =>
  heard
    .filter(({ topic }) => topic === 'headroom/events')
    .map(({ payload }) => (JSON.parse(payload) as { data: AlertEvent }).data);

describe('mqtt receiver', { timeout: 300_000 }, () => {
  let redis: TestRedis;
  let broker: Mosquitto;
  let feed: Feed;
  let dir: string;
  const open: Service[] = [];
  const logs: string[] = [];

  before(async () => {
    redis = await startRedis();
    broker = await startMosquitto();
    process.env.MQTT_PASSWORD = broker.password;
    dir = await mkdtemp(join(tmpdir(), 'hr-mqtt-'));
    feed = await startFeed(redis.client());
  });
  afterEach(async () => {
    feed.people = 0;
    await Promise.all(open.splice(0).map((service) => service.close()));
  });
  after(async () => {
    await feed.close();
    await broker.close();
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const start = async (config: Record<string, unknown>, instance = 'a'): Promise<Service> => {
    const service = await startAlerts({
      config: fastConfig({ zone, ...config }),
      redisUrls: { state: redis.url, frames: redis.framesUrl },
      logger: createLogger('alerts', 'debug', { write: (line) => logs.push(line) }),
      dataDir: dir,
      instance,
    });
    open.push(service);
    return service;
  };
  const standing = async (topic: string): Promise<string | undefined> => (await broker.retained(topic)).get(topic);
  const stands = (topic: string, payload: string): Promise<boolean> =>
    until(`${topic} is ${payload}`, async () => (await standing(topic)) === payload, PATIENCE_MS);

  it('announces a device for each camera, with counts, level and problem, and takes them back', async () => {
    await start({ deliveries: deliveries(broker) });
    await stands('headroom/status', 'online');
    const device = JSON.parse((await standing(DEVICE)) ?? '') as Discovery;
    assert.deepEqual(device.dev.ids, ['headroom_gate']);
    assert.deepEqual(Object.keys(device.cmps), ['count', 'problem', 'stage_count', 'stage_level']);
    const level = device.cmps.stage_level;
    assert.deepEqual(level?.options, ['normal', 'attention', 'caution', 'alert', 'severe', 'unknown']);
    assert.equal(level?.state_topic, LEVEL);
    const ids = Object.values(device.cmps).map((component) => component.unique_id);
    assert.equal(new Set(ids).size, ids.length, 'no name twice');

    const heard = await broker.listen('headroom/#');
    feed.people = 41;
    const count = await until('the count', () =>
      heard
        .filter(({ topic }) => topic === 'headroom/camera/gate/state')
        .find(({ payload }) => JSON.parse(payload).count === 41),
    );
    assert.ok(!count.retained, 'a number that stays would be an old one');
    assert.equal(JSON.parse(count.payload).zones.stage.count, 41);
    assert.ok(Date.now() - Date.parse(JSON.parse(count.payload).capturedAt) < 60_000);
    const counts = () => heard.filter(({ topic }) => topic === 'headroom/camera/gate/state');
    await until('more counts', () => counts().length >= 8, PATIENCE_MS);
    const [first, last] = [counts()[1] as Heard, counts().at(-1) as Heard];
    const perCount = (last.at - first.at) / (counts().length - 2);
    assert.ok(perCount > 200, `20 pictures a second, but a count only every ${perCount} ms`);

    await stands(LEVEL, 'normal');
    await stands('headroom/camera/gate/problem', 'OFF');
    feed.people = 120;
    await stands(LEVEL, 'severe');
    const firing = await until('the event', () => eventsOf(heard).find((e) => e.type === 'alert.firing'));
    assert.equal(firing.to.level, 'severe');
    feed.people = 0;
    await stands(LEVEL, 'normal');
    await until('the end', () => eventsOf(heard).find((e) => e.type === 'alert.resolved'));
    const own = eventsOf(heard)
      .filter((e) => e.alertId === firing.alertId)
      .map((e) => e.sequence);
    assert.deepEqual(
      own,
      [...own].sort((a, b) => a - b),
    );

    // Another life, with another camera: the old one's device and states leave the broker.
    await Promise.all(open.splice(0).map((service) => service.close()));
    assert.equal(await standing('headroom/status'), 'offline', 'an orderly end says so');
    await broker.publish('homeassistant/device/other/config', '{"o":{"name":"other"}}', true);
    const [camera] = fastConfig({ zone }).cameras;
    const [stage] = camera?.zones ?? [];
    await start({
      deliveries: deliveries(broker),
      cameras: [{ ...camera, id: 'plaza', zones: [{ ...stage, id: 'north' }] }],
    });
    await stands('headroom/status', 'online');
    await until('the old device is gone', async () => (await standing(DEVICE)) === undefined, PATIENCE_MS);
    await until('its level, too', async () => (await standing(LEVEL)) === undefined, PATIENCE_MS);
    assert.equal(
      await standing('homeassistant/device/other/config'),
      '{"o":{"name":"other"}}',
      'what is not ours stays',
    );
    assert.ok(await standing('homeassistant/device/headroom_plaza/config'));
  });

  it('a blind camera has no number, a standing alert stays in sight', async () => {
    await start({ deliveries: deliveries(broker), alerts: { silentMs: 1000, noDataNoticeMs: 500 } });
    const heard = await broker.listen('headroom/#');
    await stands(LEVEL, 'normal');
    await feed.state('no-signal', 'stalled');
    await stands('headroom/camera/gate/availability', 'offline');
    await stands('headroom/camera/gate/problem', 'ON');
    await stands(LEVEL, 'unknown');
    const blind = await until('no number', () =>
      heard
        .filter(({ topic }) => topic === 'headroom/camera/gate/state')
        .find(({ payload }) => JSON.parse(payload).count === null),
    );
    assert.equal(JSON.parse(blind.payload).zones.stage.count, null);
    assert.equal(JSON.parse(blind.payload).reason, 'stalled');
    await feed.state('live');
    await stands(LEVEL, 'normal');
    feed.people = 120;
    await stands(LEVEL, 'severe');
    await feed.state('no-signal', 'stalled');
    await stands('headroom/camera/gate/problem', 'ON');
    await until('the alert says so', () => eventsOf(heard).some((e) => e.type === 'alert.no_data'), PATIENCE_MS);
    assert.equal(await standing(LEVEL), 'severe');
    await feed.state('live');
    await stands('headroom/camera/gate/availability', 'online');
  });

  it('loses nothing while the broker is killed, and puts right what stands there', async () => {
    await start({ deliveries: deliveries(broker) });
    await stands(LEVEL, 'normal');
    const heard = await broker.listen('headroom/events');
    await broker.stop('SIGKILL');
    feed.people = 120;
    const waiting = await until(
      'deliveries wait',
      async () => {
        const reply = await ask(redis.client(), { type: 'list-deliveries', endpoint: 'home' });
        assert.ok(reply.ok);
        const found = (reply.body as DeliveryRecord[]).filter((r) => r.status === 'pending' && r.tries.length >= 2);
        return found.length > 0 ? found : undefined;
      },
      PATIENCE_MS,
    );
    const outcomes = new Set(waiting.flatMap((r) => r.tries.map((t) => t.outcome)));
    feed.people = 0;
    await broker.start();
    assert.ok(outcomes.has('refused') && !outcomes.has('delivered'), [...outcomes].join());
    // The next try by the schedule would come in an hour.
    await until('the end has come', () => eventsOf(heard).some((e) => e.type === 'alert.resolved'), PATIENCE_MS);
    const sequences = eventsOf(heard).map((e) => e.sequence);
    assert.deepEqual(
      sequences,
      [...sequences].sort((a, b) => a - b),
      'in order',
    );
    assert.equal(eventsOf(heard)[0]?.type, 'alert.firing');
    await stands(LEVEL, 'normal');
    await stands('headroom/status', 'online');
    assert.ok(await standing(DEVICE), 'the broker had forgotten it');
  });

  it('what another process says late is put right', async () => {
    await start({ deliveries: deliveries(broker) });
    await stands('headroom/status', 'online');
    await stands(LEVEL, 'normal');
    // As the last will of a leader whose machine lost its network, seconds after its successor came.
    await broker.publish('headroom/status', 'offline', true);
    await stands('headroom/status', 'online');
    await broker.publish(LEVEL, 'severe', true);
    await stands(LEVEL, 'normal');
  });

  it('a wrong password, an unknown certificate, a private address: said, never printed', async () => {
    const secure = await startMosquitto({ tls: true });
    process.env.MQTT_WRONG = 'CANARY_wrong_pw';
    try {
      const endpoints = [
        endpointAt(broker, { id: 'wrong', password: '${MQTT_WRONG}', topicPrefix: 'wrong' }),
        endpointAt(broker, { id: 'inside', allow: [], topicPrefix: 'inside' }),
        endpointAt(secure, { id: 'untrusted', topicPrefix: 'untrusted' }),
        endpointAt(secure, { id: 'secure', topicPrefix: 'secure', caFile: secure.caFile }),
      ];
      await start({ deliveries: { ...deliveries(broker), endpoints } });
      await until(
        'TLS works',
        async () => (await secure.retained('secure/status')).get('secure/status') === 'online',
        PATIENCE_MS,
      );
      const outcomeOf = async (endpoint: string): Promise<string | undefined> => {
        const reply = await ask(redis.client(), { type: 'test-endpoint', endpoint });
        assert.ok(reply.ok);
        const { deliveryId } = reply.body as { deliveryId: string };
        return until(
          `${endpoint} was tried`,
          async () => {
            const list = await ask(redis.client(), { type: 'list-deliveries', endpoint });
            assert.ok(list.ok);
            return (list.body as DeliveryRecord[]).find((r) => r.deliveryId === deliveryId)?.tries[0]?.outcome;
          },
          PATIENCE_MS,
        );
      };
      assert.equal(await outcomeOf('wrong'), 'not-allowed');
      assert.equal(await outcomeOf('inside'), 'address-blocked');
      assert.equal(await outcomeOf('untrusted'), 'tls');
      assert.equal(await outcomeOf('secure'), 'delivered');
      for (const canary of ['CANARY_wrong_pw', broker.password]) assert.ok(!logs.join('').includes(canary));
    } finally {
      await Promise.all(open.splice(0).map((service) => service.close()));
      await secure.close();
    }
  });

  it('kill -9: the last will says so at once, and a successor takes it back', async () => {
    const file = join(dir, 'headroom.yaml');
    const { cameras } = fastConfig({ zone });
    await writeFile(file, stringify({ cameras, deliveries: deliveries(broker, { heartbeatMs: 1000 }), dataDir: dir }));
    const child: ChildProcess = spawn(pinnedNode(), [resolve('services/cli/main.ts'), 'alerts', '--config', file], {
      env: { ...process.env, NODE_ENV: 'test', REDIS_URL: redis.url },
      stdio: 'ignore',
    });
    try {
      await stands('headroom/status', 'online');
      const heard = await broker.listen('headroom/status');
      const beats = await broker.listen('headroom/heartbeat');
      await until('heartbeats', () => beats.length >= 2, PATIENCE_MS);
      child.kill('SIGKILL');
      await until('the last will', () => heard.some(({ payload }) => payload === 'offline'), PATIENCE_MS);
      const last = beats.length;
      await delay(3000);
      assert.equal(beats.length, last, 'a dead leader has no heart');
      await start({ deliveries: deliveries(broker) }, 'b');
      await until('the successor', () => heard.at(-1)?.payload === 'online', PATIENCE_MS);
      assert.equal(await standing('headroom/status'), 'online');
    } finally {
      child.kill('SIGKILL');
    }
  });
});
