/**
 * The database is away for a while, comes late, or will not have us: alerts are judged all the same, every transition is
 * stored and told once, in order, as of its own time; and no password is ever seen.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startAlerts } from '../../services/alerts/service.ts';
import { AlertStore } from '../../services/alerts/store/alert-store.ts';
import { AlertsHealth, alertKeys } from '../../shared/contracts/alert.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { announced, announcement, ask, type Feed, fastConfig, startFeed } from '../helpers/alert-feed.ts';
import { DATABASES, type TestDatabase } from '../helpers/databases.ts';
import { startPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';
import { startListener, type WebhookListener } from '../helpers/webhook-listener.ts';

const SECRET = `whsec_${createHash('sha256').update('database').digest('base64')}`;
const MAIN = new URL('../../services/alerts/main.ts', import.meta.url).pathname;

for (const { name, create } of DATABASES) {
  describe(`${name} goes away under running alerts`, () => {
    let redis: TestRedis;
    let dir: string;
    let database: TestDatabase;
    let feed: Feed;
    let listener: WebhookListener;
    const services: Service[] = [];
    const logs: string[] = [];

    before(async () => {
      process.env.HOOK_DATABASE = SECRET;
      redis = await startRedis();
      dir = await mkdtemp(join(tmpdir(), 'hr-away-'));
      database = await create();
      listener = await startListener(SECRET);
      feed = await startFeed(redis.client());
      const endpoint = { id: 'control-room', url: listener.url, secrets: ['${HOOK_DATABASE}'], minLevel: 'attention' };
      const config = fastConfig({
        deliveries: { endpoints: [{ ...endpoint, allowHttp: true, allow: ['127.0.0.1'], heartbeatMs: 1000 }] },
      });
      for (const instance of ['a', 'b']) {
        services.push(
          await startAlerts({
            config,
            redisUrls: { state: redis.url, frames: redis.framesUrl },
            logger: createLogger('alerts', 'debug', { write: (line) => logs.push(line) }),
            dataDir: dir,
            databaseUrl: database.where,
            instance,
          }),
        );
      }
    });
    after(async () => {
      await Promise.all(services.map((service) => service.close()));
      await feed.close();
      await listener.close();
      await redis.stop();
      await database.remove();
      await rm(dir, { recursive: true, force: true });
    });

    const health = async (): Promise<AlertsHealth | undefined> => {
      const text = await redis.client().get(alertKeys.health);
      return text ? AlertsHealth.parse(JSON.parse(text)) : undefined;
    };

    it('judges on, refuses orders, and stores, tells and sends all of it afterwards, once and as of its time', async () => {
      const client = redis.client();
      feed.people = 85;
      await announcement(client, 'the first level', (e) => e.type === 'alert.firing');
      const before = (await announced(client)).length;

      const mend = await database.breakDown();
      feed.people = 120;
      await until('the leader says so', async () => (await health())?.database === 'away', 30_000);
      const refused = await ask(client, { type: 'comment', alertId: 'any', note: 'hello' });
      assert.deepEqual([refused.ok, !refused.ok && refused.code], [false, 'unavailable']);
      const beats = listener.received.filter((r) => r.message.type === 'system.heartbeat').length;
      // A rise and a fall that are over before the database is back.
      await delay(2500);
      feed.people = 20;
      await delay(4000);
      assert.equal((await announced(client)).length, before, 'nothing is told before it is stored');
      const beatsLater = listener.received.filter((r) => r.message.type === 'system.heartbeat').length;
      assert.ok(beatsLater - beats <= 1, 'no sign of life from where nothing can be told');
      const mendedAt = Date.now();
      await mend();

      const severe = await announcement(client, 'the rise', (e) => e.offset > before && e.to.level === 'severe');
      assert.ok(severe.at < mendedAt, `decided ${mendedAt - severe.at} ms before the database was back`);
      assert.equal(severe.value, 1.2);
      await announcement(client, 'the end', (e) => e.type === 'alert.resolved');
      await until('the leader is well', async () => (await health())?.database === 'up', 30_000);
      const events = await announced(client);
      assert.deepEqual(
        events.map((event) => event.offset),
        events.map((_, index) => index + 1),
      );
      await until(
        'all delivered',
        () => events.every((event) => listener.received.some((r) => r.id === event.eventId)),
        60_000,
      );
      const store = await AlertStore.open(database.where);
      const list = { type: 'list-events', commandId: 'x', actor: 'x', afterOffset: 0, limit: 1000 } as const;
      assert.deepEqual(await store.events(list), events);
      await store.close();
      assert.ok((await ask(client, { type: 'list-events', afterOffset: 0, limit: 10 })).ok);
    });

    it('goes on when it happens again and again', async () => {
      const client = redis.client();
      for (let round = 0; round < 3; round++) {
        feed.people = 120;
        const mend = await database.breakDown();
        await delay(400 + 900 * Math.random());
        await mend();
        const risen = await announcement(
          client,
          'the rise',
          (e) => e.to.level === 'severe' && e.at >= feed.changedAt - 50,
        );
        feed.people = 0;
        await announcement(client, 'the end', (e) => e.type === 'alert.resolved' && e.offset > risen.offset);
      }
      const events = await announced(client);
      const store = await AlertStore.open(database.where);
      const list = { type: 'list-events', commandId: 'x', actor: 'x', afterOffset: 0, limit: 1000 } as const;
      assert.deepEqual(await store.events(list), events);
      await store.close();
    });

    it('a server that stands still is no reason to stand still', async (context) => {
      const { server } = database;
      if (!server) return context.skip('a file has no server');
      const client = redis.client();
      const before = (await announced(client)).at(-1)?.offset ?? 0;
      await server.pause();
      feed.people = 120;
      await until('the leader says so', async () => (await health())?.database === 'away', 30_000);
      await server.resume();
      const risen = await announcement(client, 'the rise', (e) => e.offset > before && e.to.level === 'severe');
      assert.equal(risen.value, 1.2);
      feed.people = 0;
      await announcement(client, 'the end', (e) => e.type === 'alert.resolved' && e.offset > risen.offset);
      const offsets = (await announced(client)).map((event) => event.offset);
      assert.deepEqual(
        offsets,
        offsets.map((_, index) => index + 1),
      );
    });

    it('says it in the log, without any password', () => {
      const text = logs.join('\n');
      assert.match(text, /"msg":"database is away"/);
      assert.match(text, /"msg":"database is back"/);
      if (database.server) assertNoPassword(text, database.server.password);
    });
  });
}

describe('PostgreSQL at the start', () => {
  let redis: TestRedis;
  let dir: string;
  let server: TestPostgres;
  let where: string;

  before(async () => {
    redis = await startRedis();
    dir = await mkdtemp(join(tmpdir(), 'hr-start-'));
    server = await startPostgres();
    where = await server.database();
    await writeFile(join(dir, 'headroom.yaml'), 'cameras: []\n');
  });
  after(async () => {
    await server.stop();
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  /** Starts the service as people do, with an address; its output, its exit code, and what `ps` would show. */
  const launch = (url: string, config = 'headroom.yaml') => {
    const child = spawn(process.execPath, [MAIN, '--config', join(dir, config)], {
      env: {
        ...process.env,
        REDIS_URL: redis.url,
        HEADROOM_DATA_DIR: dir,
        DATABASE_URL: url,
        PG_SECRET: server.password,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    const ended = new Promise<number | null>((done) => child.once('exit', done));
    return { child, ended, output: () => output };
  };
  const refused = async (url: string): Promise<string> => {
    const { ended, output } = launch(url);
    assert.equal(await ended, 2, output());
    assertNoPassword(output(), server.password);
    return output();
  };

  it('a wrong password, user or database is refused with what to do', async () => {
    const at = `127.0.0.1:${server.port}`;
    assert.match(await refused(`postgres://headroom:wr0ngpass@${at}/headroom_1`), /refuses the log-in.*DATABASE_URL/);
    assert.match(await refused(`postgres://headroom@${at}/headroom_1`), /refuses the log-in/);
    assert.match(await refused(where.replace(/\/[^/]*$/, '/nowhere')), /no such database.*createdb/);
    assert.match(await refused(`${where}?sslmode=verify-full`), /speaks no TLS/);
    assert.match(await refused('mysql://headroom@localhost/x'), /DATABASE_URL must start with postgres:/);
    assert.match(await refused(`postgres://headroom:${server.password}@${at}:x/y`), /is no URL/);
  });

  it('a database in another encoding, or in which no tables may be made, is refused', async () => {
    await server.query(where, "create database latin encoding 'LATIN1' locale 'C' template template0");
    assert.match(await refused(where.replace(/\/[^/]*$/, '/latin')), /encoding is LATIN1/);
    await server.query(where, "create role guest login password 'guest-pass'");
    const guest = `postgres://guest:guest-pass@127.0.0.1:${server.port}/${where.split('/').at(-1)}`;
    assert.match(await refused(guest), /may not make tables/);
  });

  it('one that starts later is waited for', async () => {
    await server.kill9();
    const { child, ended, output } = launch(where);
    await until('it waits', () => output().includes('waiting for the database'), 60_000);
    await server.start();
    await until('it leads', () => output().includes('"msg":"leading"'), 60_000);
    const line = await readFile(`/proc/${child.pid}/cmdline`, 'utf8');
    assertNoPassword(`${line}${output()}`, server.password);
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
  });

  it('the address may stand in the configuration, its password only as a variable', async () => {
    const at = `127.0.0.1:${server.port}/${where.split('/').at(-1)}`;
    await writeFile(join(dir, 'url.yaml'), `database: { url: "postgres://headroom:\${PG_SECRET}@${at}" }\n`);
    const { child, ended, output } = launch('', 'url.yaml');
    await until('it leads', () => output().includes('"msg":"leading"'), 60_000);
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
    await writeFile(join(dir, 'plain.yaml'), `database: { url: "postgres://headroom:plainpass@${at}" }\n`);
    const plain = launch('', 'plain.yaml');
    assert.equal(await plain.ended, 2);
    assert.match(plain.output(), /database\.url: write the password as/);
    assert.ok(!plain.output().includes('plainpass'));
  });

  it('one that never answers ends the start with its address', async () => {
    // Takes connections and says nothing.
    const mute = createServer(() => undefined);
    await new Promise<void>((done) => mute.listen(0, '127.0.0.1', done));
    const address = mute.address();
    assert.ok(address && typeof address === 'object');
    const url = `postgres://headroom:m00tpassword@127.0.0.1:${address.port}/x`;
    await assert.rejects(AlertStore.open(url, { waitMs: 1000 }), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'DATABASE_UNREACHABLE');
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${address.port}/x does not answer`));
      assert.ok(!error.message.includes('m00tpassword'));
      return true;
    });
    mute.close();
  });
});

function assertNoPassword(text: string, password: string): void {
  for (const form of [password, encodeURIComponent(password), 'wr0ngpass']) {
    assert.ok(!text.includes(form), 'a password is shown');
  }
}
