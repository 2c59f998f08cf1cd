/** Deliveries to real receivers that are well, down, slow, wrong, gone and hostile (faults 45 and 46). */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CloudEvent, HTTP } from 'cloudevents';
import { addressGuard } from '../../services/alerts/deliveries/address-guard.ts';
import type { DeliveryRecord } from '../../services/alerts/deliveries/delivery-store.ts';
import { WebhookReceiver } from '../../services/alerts/deliveries/webhook/webhook-receiver.ts';
import { startAlerts } from '../../services/alerts/service.ts';
import { Config } from '../../shared/config/schema.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { readMetrics } from '../../shared/runtime/presence.ts';
import { announced, ask, type Feed, fastConfig, startFeed } from '../helpers/alert-feed.ts';
import { resolveEndpoints } from '../helpers/endpoints.ts';
import { freePort } from '../helpers/free-port.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';
import { type Behaviour, startListener, type WebhookListener } from '../helpers/webhook-listener.ts';

const key = (name: string): string => `whsec_${createHash('sha256').update(name).digest('base64')}`;
const NEW = key('CANARY_new');
const OLD = key('CANARY_old');
/** Longest time of a try: only a receiver that never answers is to reach it, on a slow machine, too. */
const TIMEOUT_MS = 3000;

describe('deliveries', () => {
  let redis: TestRedis;
  let dir: string;
  let feed: Feed;
  let service: Service;
  let good: WebhookListener;
  let bad: WebhookListener;
  let closedPort: number;
  const logs: string[] = [];

  before(async () => {
    process.env.HOOK_NEW = NEW;
    process.env.HOOK_OLD = OLD;
    redis = await startRedis();
    dir = await mkdtemp(join(tmpdir(), 'hr-deliveries-'));
    // One receiver has the new key already, the other still the old one.
    good = await startListener(NEW);
    bad = await startListener(OLD);
    closedPort = await freePort();
    const endpoint = (id: string, url: string, more = {}) => ({
      id,
      url,
      secrets: ['${HOOK_NEW}', '${HOOK_OLD}'],
      allowHttp: true,
      allow: ['127.0.0.1'],
      minLevel: 'attention',
      ...more,
    });
    const config = fastConfig({
      zone: { limits: { occupancy: { severe: 1.1 } } },
      deliveries: {
        source: '/site/test',
        endpoints: [
          endpoint('good', good.url, { heartbeatMs: 1000 }),
          endpoint('bad', bad.url),
          endpoint('down', `http://127.0.0.1:${closedPort}/`),
          endpoint('inside', bad.url, { allow: [] }),
        ],
        fastDelaysMs: [0, 1000, 2000, 3000],
        delaysMs: [0, 50],
        fastTimeoutMs: TIMEOUT_MS,
        timeoutMs: TIMEOUT_MS,
      },
    });
    feed = await startFeed(redis.client());
    service = await startAlerts({
      config,
      redisUrls: { state: redis.url, frames: redis.framesUrl },
      logger: createLogger('alerts', 'debug', { write: (line) => logs.push(line) }),
      dataDir: dir,
      instance: 'a',
    });
  });
  after(async () => {
    await service.close();
    await feed.close();
    await good.close();
    await bad.close();
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });
  beforeEach(async (context) => {
    if (!('name' in context) || context.name.includes('(no crowd)')) return;
    feed.people = 0;
    await until('calm', async () => {
      const told = await events();
      const count = (type: string) => told.filter((e) => e.type === type).length;
      return count('alert.firing') === count('alert.resolved');
    });
    await until('all sent', async () => !(await records('bad')).some((r) => r.status === 'pending'));
    bad.behave({ kind: 'status', status: 204 });
    good.received.length = 0;
    bad.received.length = 0;
  });

  const events = () => announced(redis.client());
  const records = async (endpoint: string): Promise<DeliveryRecord[]> => {
    const reply = await ask(redis.client(), { type: 'list-deliveries', endpoint });
    assert.ok(reply.ok);
    return reply.body as DeliveryRecord[];
  };
  /** Fills the square and waits until both receivers have the news. */
  const crowd = async (): Promise<string> => {
    feed.people = 120;
    const firing = await until('good has it', () => good.received.find((r) => r.message.type === 'alert.firing'));
    return firing.id;
  };
  const recordOf = (endpoint: string, id: string, status: string): Promise<DeliveryRecord> =>
    until(`${id} ${status} at ${endpoint}`, async () =>
      (await records(endpoint)).find((r) => r.messageId === id && r.status === status),
    );

  it('reaches a receiver signed, in order, each once', async () => {
    const id = await crowd();
    const first = good.received.find((r) => r.message.type !== 'system.heartbeat');
    assert.ok(first);
    assert.equal(first.id, id);
    assert.equal(first.message.id, id, 'CloudEvents id and webhook-id are one');
    assert.equal(first.message.source, '/site/test');
    assert.equal(first.headers['content-type'], 'application/cloudevents+json; charset=utf-8');
    const read = HTTP.toEvent({ headers: first.headers as Record<string, string>, body: first.body });
    assert.ok(read instanceof CloudEvent && read.validate(), 'the CloudEvents library takes what came over the wire');
    assert.equal(read.id, id);
    await until('the other key fits, too', () => bad.received.some((r) => r.id === id));
    feed.people = 0;
    await until('the end', () => good.received.some((r) => r.message.type === 'alert.resolved'));
    const sequences = good.received.flatMap((r) => r.message.data.sequence ?? []);
    assert.deepEqual(sequences, [...sequences].sort(), 'in order');
    assert.equal(new Set(good.received.map((r) => r.id)).size, good.received.length, 'each once');
    assert.deepEqual([good.forged, bad.forged], [[], []]);
  });

  const status = (code: number, headers?: Record<string, string>): Behaviour => ({
    kind: 'status',
    status: code,
    ...(headers ? { headers } : {}),
  });
  const misbehaviours: [string, Behaviour[], string[]][] = [
    [
      'broken, then redirecting inwards',
      [status(500), status(302, { location: 'http://169.254.169.254/' })],
      ['http-500', 'http-302'],
    ],
    ['asking for time', [status(429, { 'retry-after': '4' })], ['http-429']],
    ['slow', [{ kind: 'slow', ms: 30_000 }], ['timeout']],
    [
      'resetting, also in the middle of its answer',
      [{ kind: 'reset' }, { kind: 'reset-mid-body' }],
      ['reset', 'reset'],
    ],
  ];
  for (const [name, behaviours, outcomes] of misbehaviours) {
    it(`a receiver that is ${name} gets it later, and holds up nobody`, async () => {
      // The last one stays until the other receiver has it.
      bad.behave(...behaviours);
      const id = await crowd();
      const here = (await records('bad')).find((r) => r.messageId === id);
      assert.equal(here?.status, 'pending', 'the other has it while this one has not');
      if (outcomes[0] === 'timeout') assert.deepEqual(here.tries, [], 'before the first try has ended');
      const tries = () => bad.received.filter((r) => r.id === id);
      await until('all of it happened', () => tries().length >= outcomes.length);
      bad.behave(status(204));
      const record = await recordOf('bad', id, 'delivered');
      const made = record.tries.map((t) => t.outcome);
      const again = made.slice(outcomes.length, -1).map(() => outcomes.at(-1));
      assert.deepEqual(made, [...outcomes, ...again, 'delivered']);
      assert.equal(tries().length, made.length, 'the same id each time');
      if (outcomes[0] === 'http-429')
        assert.ok((tries()[1]?.at ?? 0) - (tries()[0]?.at ?? 0) >= 4000, 'not before it asked');
      assert.equal(good.received.filter((r) => r.id === id).length, 1, 'no double for the other');
    });
  }

  it('metrics tell what waits for whom, and who is not reached (no crowd)', async () => {
    const gauges = async (name: string): Promise<Record<string, number>> => {
      const metrics = (await readMetrics(redis.client(), 'nobody')).flat() as {
        name: string;
        values: { labels: { endpoint?: string }; value: number }[];
      }[];
      const values = metrics.find((metric) => metric.name === name)?.values ?? [];
      return Object.fromEntries(values.map(({ labels, value }) => [labels.endpoint, value]));
    };
    assert.ok((await ask(redis.client(), { type: 'test-endpoint', endpoint: 'down' })).ok);
    await until(
      'the closed port counts as failing',
      async () => (await gauges('headroom_receiver_failing')).down === 1,
    );
    assert.equal((await gauges('headroom_receiver_failing')).good, 0);
    assert.equal((await gauges('headroom_deliveries_dead_total')).good, 0, 'before any is given up');
    await until('nothing waits for the one that is well', async () => {
      const [waiting, oldest] = [
        await gauges('headroom_delivery_backlog'),
        await gauges('headroom_delivery_oldest_unsent_seconds'),
      ];
      return waiting.good === 0 && oldest.good === 0 && 'down' in waiting && 'inside' in waiting;
    });
    bad.behave({ kind: 'status', status: 503, headers: { 'retry-after': '8' } }, { kind: 'status', status: 204 });
    assert.ok((await ask(redis.client(), { type: 'test-endpoint', endpoint: 'bad' })).ok);
    await until('the 503 counts as failing', async () => (await gauges('headroom_receiver_failing')).bad === 1);
    await until('what waits is told, and for how long', async () => {
      const { bad: oldest = 0 } = await gauges('headroom_delivery_oldest_unsent_seconds');
      return (await gauges('headroom_delivery_backlog')).bad === 1 && oldest > 1;
    });
    await until('and is well again', async () => (await gauges('headroom_receiver_failing')).bad === 0);
  });

  it('an endless answer is not read to its end', async () => {
    bad.behave({ kind: 'huge' });
    const id = await crowd();
    const record = await recordOf('bad', id, 'delivered');
    assert.deepEqual(
      record.tries.map((t) => t.outcome),
      ['delivered'],
    );
    assert.ok((record.tries[0]?.durationMs ?? TIMEOUT_MS) < TIMEOUT_MS);
  });

  it('a receiver that takes a message and never ends its answer gets it once', async () => {
    bad.behave({ kind: 'never-ending', status: 503 }, { kind: 'never-ending', status: 200 });
    const id = await crowd();
    const record = await recordOf('bad', id, 'delivered');
    assert.deepEqual(
      record.tries.map((t) => t.outcome),
      ['http-503', 'delivered'],
    );
  });

  it('what is given up is kept, and can be sent again with the same id', async () => {
    bad.behave({ kind: 'status', status: 503 });
    const id = await crowd();
    const dead = await recordOf('bad', id, 'dead');
    assert.deepEqual(
      dead.tries.map((t) => t.outcome),
      ['http-503', 'http-503', 'http-503', 'http-503'],
    );
    bad.behave({ kind: 'status', status: 200 });
    const reply = await ask(redis.client(), { type: 'replay-delivery', deliveryId: dead.deliveryId });
    assert.ok(reply.ok);
    const record = await recordOf('bad', id, 'delivered');
    assert.equal(record.attempts, 5);
    const refused = await ask(redis.client(), { type: 'replay-delivery', deliveryId: 'none' });
    assert.equal(!refused.ok && refused.code, 'unknown-delivery');
  });

  it('nothing goes to a private address that is not allowed, and the log says so', async () => {
    const id = await crowd();
    const record = await recordOf('inside', id, 'dead');
    assert.deepEqual([...new Set(record.tries.map((t) => t.outcome))], ['address-blocked']);
    const down = await recordOf('down', id, 'dead');
    assert.deepEqual([...new Set(down.tries.map((t) => t.outcome))], ['refused']);
  });

  it('a test message reaches an endpoint by command (no crowd)', async () => {
    const reply = await ask(redis.client(), { type: 'test-endpoint', endpoint: 'good' });
    assert.ok(reply.ok);
    const test = await until('test', () => good.received.find((r) => r.message.type === 'system.test'));
    assert.equal(test.message.data.mode, 'test');
  });

  it('a name that turns inwards while connecting reaches nothing (DNS rebinding) (no crowd)', async () => {
    let asked = 0;
    const guard = addressGuard([], (_host, _options, done) => {
      asked += 1;
      done(null, [{ address: asked > 1 ? '8.8.8.8' : '127.0.0.1', family: 4 }]);
    });
    const parsed = Config.parse({
      deliveries: {
        endpoints: [{ id: 'x', url: `http://hook.example:${bad.port}/`, secrets: ['${HOOK_NEW}'], allowHttp: true }],
      },
    });
    const [endpoint] = resolveEndpoints(parsed);
    assert.ok(endpoint?.kind === 'webhook');
    const outcome = await new WebhookReceiver(endpoint, guard).deliver({ id: 'msg_1', body: '{}' }, 1000);
    assert.equal(outcome.outcome, 'address-blocked');
    assert.ok(![...bad.received].some((r) => r.id === 'msg_1') && bad.forged.length === 0, 'not a byte arrived');
  });

  it('a heartbeat tells that readings are judged, and stops when they are not (no crowd)', async () => {
    const beats = () => good.received.filter((r) => r.message.type === 'system.heartbeat');
    const beat = await until('a heartbeat', () => beats()[0]);
    assert.deepEqual(beat.message.data, {
      mode: 'actual',
      cameras: 1,
      camerasCounted: 1,
      alertsOn: beat.message.data.alertsOn,
    });
    redis.pause();
    try {
      await delay(1500);
      const before = beats().length;
      await delay(1500);
      assert.equal(beats().length, before);
    } finally {
      redis.resume();
    }
    const before = beats().length;
    await until('it beats again', () => beats().length > before);
  });

  it('410 takes an endpoint out until it is enabled again', async () => {
    bad.behave({ kind: 'status', status: 410 });
    const id = await crowd();
    await recordOf('bad', id, 'dead');
    bad.behave({ kind: 'status', status: 204 });
    feed.people = 0;
    const end = await until('the end', () => good.received.find((r) => r.message.type === 'alert.resolved'));
    assert.ok(!(await records('bad')).some((r) => r.messageId === end.id));
    assert.ok((await ask(redis.client(), { type: 'enable-endpoint', endpoint: 'bad' })).ok);
    feed.people = 120;
    await until('hears again', () => bad.received.find((r) => r.message.type === 'alert.firing' && r.id !== id));
  });

  it('no secret stands in logs, Redis or the database (no crowd)', async () => {
    const client = redis.client();
    const dump: string[] = [];
    for (const name of await client.keys('*')) {
      const type = await client.type(name);
      if (type === 'string') dump.push((await client.get(name)) ?? '');
      if (type === 'hash') dump.push(JSON.stringify(await client.hgetall(name)));
      if (type === 'stream') dump.push(JSON.stringify(await client.xrange(name, '-', '+')));
    }
    const files = await Promise.all(
      ['headroom.db', 'headroom.db-wal'].map((name) => readFile(join(dir, name), 'latin1').catch(() => '')),
    );
    const everything = [...logs, ...dump, ...files].join('\n');
    assert.ok(everything.length > 10_000);
    for (const secret of [NEW, OLD]) assert.ok(!everything.includes(secret.slice(6)), 'found a key');
  });
});
