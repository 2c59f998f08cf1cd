/** The alerts service on a real Redis, on each of the databases. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startAlerts } from '../../services/alerts/service.ts';
import { AlertStore } from '../../services/alerts/store/alert-store.ts';
import { ActiveAlert, AlertsHealth, alertKeys } from '../../shared/contracts/alert.ts';
import type { HistoryPoint } from '../../shared/contracts/history.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { announced, announcement, ask, type Feed, fastConfig, startFeed } from '../helpers/alert-feed.ts';
import { DATABASES, type TestDatabase } from '../helpers/databases.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const logger = createLogger('test', 'silent');

for (const { name, create } of DATABASES)
  describe(`alerts service on ${name}`, () => {
    let redis: TestRedis;
    let dir: string;
    let database: TestDatabase;
    let feed: Feed;
    const services: Service[] = [];
    const twoLevels = fastConfig({ zone: { limits: { occupancy: { alert: 1, severe: 1.1 } } } });
    const start = async (instance: string, config = twoLevels): Promise<Service> => {
      const redisUrls = { state: redis.url, frames: redis.framesUrl };
      const service = await startAlerts({
        config,
        redisUrls,
        logger,
        dataDir: dir,
        databaseUrl: database.where,
        instance,
      });
      services.push(service);
      return service;
    };

    before(async () => {
      redis = await startRedis();
      dir = await mkdtemp(join(tmpdir(), 'hr-alerts-'));
      database = await create();
      feed = await startFeed(redis.client());
      await start('a');
      await start('b');
    });
    after(async () => {
      await Promise.all(services.map((service) => service.close()));
      await feed.close();
      await redis.stop();
      await database.remove();
      await rm(dir, { recursive: true, force: true });
    });

    it('raises, lists, takes orders, resolves and forgets an alert', async () => {
      const client = redis.client();
      feed.people = 120;
      const firing = await announcement(client, 'severe', (e) => e.type === 'alert.firing' && e.to.level === 'severe');
      assert.equal(firing.zoneId, 'stage');
      assert.equal(firing.value, 1.2);
      assert.equal(firing.threshold, 1.1);
      assert.equal(firing.model, 'm@1');
      assert.equal(firing.mode, 'actual');
      assert.ok(firing.capturedAt !== undefined && firing.at - firing.capturedAt < 1000);

      const listed = ActiveAlert.parse(JSON.parse((await client.hget(alertKeys.active, firing.alertId)) ?? ''));
      assert.equal(listed.shownLevel, 'severe');
      assert.deepEqual([listed.threshold, listed.unit], [1.1, firing.unit], 'the line crossed, with its unit');

      const reply = await ask(client, { type: 'acknowledge', alertId: firing.alertId, note: 'seen' }, 'acknowledge-1');
      assert.ok(reply.ok);
      const again = await ask(client, { type: 'acknowledge', alertId: firing.alertId, note: 'seen' }, 'acknowledge-1');
      assert.deepEqual(again, reply, 'a repeated command is carried out once');
      const acknowledged = (await announced(client)).filter((e) => e.type === 'alert.acknowledged');
      assert.equal(acknowledged.length, 1);
      assert.equal(acknowledged[0]?.actor, 'kim');
      assert.equal(acknowledged[0]?.threshold, 1.1);
      const health = await until('the leader’s word', () => client.get(alertKeys.health));
      const { backlog, failing } = AlertsHealth.parse(JSON.parse(health));
      assert.deepEqual({ backlog, failing }, { backlog: 0, failing: [] });

      feed.people = 0;
      await announcement(client, 'end', (e) => e.type === 'alert.resolved' && e.alertId === firing.alertId);
      await until('the list is empty', async () => (await client.hlen(alertKeys.active)) === 0);
      const events = await ask(client, { type: 'list-events', afterOffset: 0, limit: 100, alertId: firing.alertId });
      assert.ok(events.ok);
      assert.deepEqual(
        events.body,
        (await announced(client)).filter((e) => e.alertId === firing.alertId),
      );
    });

    it('refuses what it does not know or understand, and says so', async () => {
      const client = redis.client();
      const unknown = await ask(client, { type: 'acknowledge', alertId: 'no-such-alert' });
      assert.deepEqual([unknown.ok, !unknown.ok && unknown.code], [false, 'unknown-alert']);
      const bad = await ask(client, { type: 'silence', upToLevel: 'severe', reason: '', durationMs: 5 });
      assert.deepEqual([bad.ok, !bad.ok && bad.code], [false, 'invalid']);
      await client.xadd(alertKeys.commands, '*', 'body', 'no json');
      await client.xadd(alertKeys.commands, '*', 'body', '7');
      assert.ok((await ask(client, { type: 'list-silences' })).ok, 'and goes on');
    });

    it('a second process takes over within the lease and repeats nothing', async () => {
      const client = redis.client();
      feed.people = 105;
      const firing = await announcement(client, 'alert', (e) => e.type === 'alert.firing' && e.to.level === 'alert');
      const leader = (await client.get(alertKeys.lease)) === 'a' ? 0 : 1;
      await services[leader]?.close();
      await until('the other leads', async () => ['a', 'b'][1 - leader] === (await client.get(alertKeys.lease)));
      feed.people = 120;
      const risen = await announcement(client, 'rise', (e) => e.alertId === firing.alertId && e.to.level === 'severe');
      assert.equal(risen.sequence, firing.sequence + 1);
      services.push(await start('c'));
    });

    it('a lost camera latches the alert and raises its own', async () => {
      const client = redis.client();
      await feed.state('no-signal', 'timeout');
      const [alertId = ''] = await client.hkeys(alertKeys.active);
      await until('latched', async () => {
        const alert = ActiveAlert.parse(JSON.parse((await client.hget(alertKeys.active, alertId)) ?? ''));
        return alert.condition === 'no-data' && alert.shownLevel === 'severe';
      });
      await feed.state('live');
      await until('back', async () => {
        const alert = ActiveAlert.parse(JSON.parse((await client.hget(alertKeys.active, alertId)) ?? ''));
        return alert.condition === 'firing';
      });
    });

    it('survives a restart of Redis with its events, once each', async () => {
      const client = redis.client();
      const before = await announced(client);
      await redis.restart(500);
      feed.people = 0;
      await announcement(client, 'end', (e) => e.type === 'alert.resolved' && e.offset > (before.at(-1)?.offset ?? 0));
      const events = await announced(client);
      assert.deepEqual(
        events.map((e) => e.offset),
        events.map((_, index) => index + 1),
      );
    });

    it('survives a Redis that stands still: nothing twice, nothing lost', async () => {
      const client = redis.client();
      const before = (await announced(client)).at(-1)?.offset ?? 0;
      feed.people = 120;
      redis.pause();
      await delay(2500);
      redis.resume();
      const firing = await announcement(client, 'severe', (e) => e.offset > before && e.to.level === 'severe');
      feed.people = 0;
      await announcement(client, 'end', (e) => e.type === 'alert.resolved' && e.alertId === firing.alertId);
      const events = await announced(client);
      assert.deepEqual(
        events.map((e) => e.offset),
        events.map((_, index) => index + 1),
      );
    });

    it('survives the loss of all that Redis held', async () => {
      const client = redis.client();
      const last = (await announced(client)).at(-1)?.offset ?? 0;
      await client.flushall();
      await client.script('FLUSH');
      await feed.state('live');
      feed.people = 120;
      const event = await announcement(client, 'severe', (e) => e.to.level === 'severe');
      assert.ok(event.offset > last);
    });

    it('keeps history and gives it back', async () => {
      const client = redis.client();
      const all = { type: 'list-history' as const, cameraId: 'gate', from: 0, to: Date.now() + 60_000, stepMs: 10_000 };
      const points = await until('history', async () => {
        const reply = await ask(client, all);
        assert.ok(reply.ok);
        const found = reply.body as HistoryPoint[];
        return found.some((point) => point.zoneId === 'stage' && point.countMax === 120) ? found : undefined;
      });
      assert.ok(points.some((point) => point.zoneId === undefined));
    });

    it('everything announced stands in the database, with its thresholds', async () => {
      const store = await AlertStore.open(database.where);
      const events = await store.events({
        type: 'list-events',
        commandId: 'x',
        actor: 'x',
        afterOffset: 0,
        limit: 1000,
      });
      const stream = await announced(redis.client());
      for (const event of stream) assert.deepEqual(events[event.offset - 1], event);
      const versions = await store.db.selectFrom('config_versions').select('version').execute();
      assert.ok(versions.some(({ version }) => version === events[0]?.configVersion));
      await store.close();
    });
  });
