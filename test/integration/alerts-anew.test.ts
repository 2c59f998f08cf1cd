/** An alerts service that begins on other ground than its predecessor left: a database put back, orders of long ago. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Announcer } from '../../services/alerts/announcer.ts';
import { startAlerts } from '../../services/alerts/service.ts';
import { AlertStore } from '../../services/alerts/store/alert-store.ts';
import { ActiveAlert, type AlertEvent, alertKeys, type Silence } from '../../shared/contracts/alert.ts';
import type { AlertReply } from '../../shared/contracts/alert-command.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { announced, announcement, ask, type Feed, fastConfig, startFeed } from '../helpers/alert-feed.ts';
import { assertOneContentAnId } from '../helpers/alert-proof.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';
import { startListener, type WebhookListener } from '../helpers/webhook-listener.ts';

const SECRET = `whsec_${createHash('sha256').update('anew').digest('base64')}`;

describe('alerts service on other ground', () => {
  let redis: TestRedis;
  let dir: string;
  let file: string;
  let feed: Feed;
  let listener: WebhookListener;
  let service: Service | undefined;

  beforeEach(async () => {
    process.env.HOOK_ANEW = SECRET;
    redis = await startRedis();
    dir = await mkdtemp(join(tmpdir(), 'hr-anew-'));
    file = join(dir, 'headroom.db');
    listener = await startListener(SECRET);
    feed = await startFeed(redis.client());
  });
  afterEach(async () => {
    await service?.close();
    service = undefined;
    await feed.close();
    await listener.close();
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const start = async (): Promise<void> => {
    const common = { secrets: ['${HOOK_ANEW}'], allowHttp: true, allow: ['127.0.0.1'], minLevel: 'attention' };
    const endpoints = [{ id: 'control-room', url: listener.url, ...common }];
    service = await startAlerts({
      config: fastConfig({ zone: { limits: { occupancy: { alert: 1, severe: 1.5 } } }, deliveries: { endpoints } }),
      redisUrls: { state: redis.url, frames: redis.framesUrl },
      logger: createLogger('alerts', 'silent'),
      dataDir: dir,
    });
    assert.ok((await ask(redis.client(), { type: 'list-silences' })).ok, 'leads');
  };
  const stop = async (): Promise<void> => {
    await service?.close();
    service = undefined;
  };
  const backUp = (): void => {
    const copy = new DatabaseSync(file);
    copy.exec(`VACUUM INTO '${file}.backup'`);
    copy.close();
  };
  const putBack = async (): Promise<void> => {
    await stop();
    for (const end of ['-wal', '-shm']) await rm(file + end, { force: true });
    await copyFile(`${file}.backup`, file);
  };

  it('after a database was put back, new alerts are told, under ids that nobody has heard', async () => {
    await start();
    backUp();
    feed.people = 120;
    const first = await announcement(redis.client(), 'an alert', (e) => e.type === 'alert.firing');
    feed.people = 0;
    await announcement(redis.client(), 'its end', (e) => e.type === 'alert.resolved');
    await putBack();
    await start();
    feed.people = 120;
    const next = (e: AlertEvent) => e.type === 'alert.firing' && e.at >= feed.changedAt;
    const second = await announcement(redis.client(), 'the next alert', next);
    assert.notEqual(second.alertId, first.alertId);
    const raised = (await announced(redis.client())).filter((e) => e.type === 'alert.firing');
    assert.deepEqual(
      raised.map(({ alertId }) => alertId),
      [first.alertId, second.alertId],
      'what was told before is not told again',
    );
    await until('and sent', () => listener.received.some(({ id }) => id === second.eventId));
    assertOneContentAnId(listener);
  });

  it('an alert that was on when the copy was made goes on under ids that nobody has heard', async () => {
    await start();
    feed.people = 120;
    const { alertId } = await announcement(redis.client(), 'an alert', (e) => e.type === 'alert.firing');
    backUp();
    assert.ok((await ask(redis.client(), { type: 'comment', alertId, note: 'gate C opened' })).ok);
    await until('all sent', () => listener.received.some(({ message }) => message.type === 'alert.commented'));
    await putBack();
    await start();
    feed.people = 160;
    const risen = await announcement(redis.client(), 'severe', (e) => e.to.level === 'severe');
    assert.equal(risen.alertId, alertId);
    await until('sent', () =>
      listener.received.some(({ id, message }) => id === risen.eventId && message.type === risen.type),
    );
    assertOneContentAnId(listener);
  });

  it('an order of long ago is refused: whoever gave it was told that nobody answered', async () => {
    const client = redis.client();
    const order = { commandId: 'order-of-old', actor: 'kim', type: 'silence', upToLevel: 'severe' };
    const body = JSON.stringify({ ...order, reason: 'sound check', durationMs: 86_400_000 });
    await client.xadd(alertKeys.commands, `${Date.now() - 600_000}-0`, 'body', body);
    await start();
    const silences = await ask(client, { type: 'list-silences' });
    assert.ok(silences.ok);
    assert.deepEqual(silences.body as Silence[], [], 'a silence for a day, of which nobody knows');
    const reply = await until('the answer', () => client.lpop(alertKeys.reply('order-of-old')));
    assert.equal((JSON.parse(reply) as AlertReply & { ok: false }).code, 'unavailable');
  });

  it('an answer is given also where the database cannot note that it was', async () => {
    const store = await AlertStore.open(file);
    const { fence } = await store.claim();
    const announcer = new Announcer(redis.client(), store, fence);
    const other = new DatabaseSync(file, { timeout: 10_000 });
    other.exec('BEGIN IMMEDIATE');
    try {
      const given: AlertReply = { commandId: 'an-order-1', ok: true, body: {} };
      await announcer.reply(given, true);
      const reply = await redis.client().lpop(alertKeys.reply('an-order-1'));
      assert.deepEqual(JSON.parse(reply ?? 'null'), given);
    } finally {
      other.exec('ROLLBACK');
      other.close();
      await store.close();
    }
  });

  it('an alert that rose above what was acknowledged stays listed until that was acknowledged, too', async () => {
    const client = redis.client();
    const listed = async (): Promise<ActiveAlert[]> =>
      Object.values(await client.hgetall(alertKeys.active)).map((body) => ActiveAlert.parse(JSON.parse(body)));
    await start();
    feed.people = 120;
    const { alertId } = await announcement(client, 'an alert', (e) => e.type === 'alert.firing');
    assert.ok((await ask(client, { type: 'acknowledge', alertId })).ok);
    feed.people = 160;
    await announcement(client, 'severe', (e) => e.to.level === 'severe');
    feed.people = 0;
    await announcement(client, 'the end', (e) => e.type === 'alert.resolved');
    await until('listed as over', async () => (await listed()).some((one) => one.resolvedAt !== undefined), 5000);
    assert.ok((await ask(client, { type: 'acknowledge', alertId })).ok);
    await until('it leaves the list', async () => (await listed()).length === 0);
  });
});
