/**
 * Alerts processes stopped and killed with -9 at random moments of a rising and falling crowd (fault 48): the receiver has every
 * stored transition, under one id each. HEADROOM_KILLS sets how many kills.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { alertKeys } from '../../shared/contracts/alert.ts';
import { processNumberOf, readPresence } from '../../shared/runtime/presence.ts';
import { announced, type Feed, startFeed } from '../helpers/alert-feed.ts';
import { assertOneContentAnId, assertUnbroken, storedEvents } from '../helpers/alert-proof.ts';
import { DATABASES, type TestDatabase } from '../helpers/databases.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';
import { startListener, type WebhookListener } from '../helpers/webhook-listener.ts';

const KILLS = Number(process.env.HEADROOM_KILLS ?? 3);
const SECRET = `whsec_${createHash('sha256').update('kill').digest('base64')}`;
const MAIN = new URL('../../services/alerts/main.ts', import.meta.url).pathname;

for (const { name, create } of DATABASES)
  describe(`alerts processes killed with -9, on ${name}`, () => {
    let redis: TestRedis;
    let dir: string;
    let database: TestDatabase;
    let feed: Feed;
    let listener: WebhookListener;
    const processes: ChildProcess[] = [];

    const launch = (): ChildProcess => {
      const own = { REDIS_URL: redis.url, HOOK: SECRET, HEADROOM_DATA_DIR: dir, HEADROOM_LOG_LEVEL: 'silent' };
      const child = spawn(process.execPath, [MAIN, '--config', join(dir, 'headroom.yaml')], {
        env: { ...process.env, ...own, ...(database.server ? { DATABASE_URL: database.where } : {}) },
        stdio: 'ignore',
      });
      processes.push(child);
      return child;
    };

    before(async () => {
      redis = await startRedis();
      dir = await mkdtemp(join(tmpdir(), 'hr-kill-'));
      database = await create();
      listener = await startListener(SECRET);
      feed = await startFeed(redis.client());
      const config = {
        cameras: [
          {
            id: 'gate',
            url: 'rtsp://192.0.2.1/',
            sampleFps: 20,
            zones: [
              {
                id: 'stage',
                polygon: [
                  [0, 0],
                  [1, 0],
                  [1, 1],
                ],
                capacity: 100,
              },
            ],
          },
        ],
        alerts: {
          dwellMs: { attention: 150, caution: 150, alert: 150, severe: 150 },
          clearMs: 1000,
          smoothMs: 0,
          escalationSteps: 0,
        },
        ...(database.server ? {} : { database: { file: database.where } }),
        deliveries: {
          endpoints: [
            {
              id: 'control-room',
              url: listener.url,
              secrets: ['${HOOK}'],
              allowHttp: true,
              allow: ['127.0.0.1'],
              minLevel: 'attention',
            },
          ],
        },
      };
      await writeFile(join(dir, 'headroom.yaml'), stringify(config));
    });
    /** The leader stands still until its lease is over, and wakes up as a zombie: all it may do is step down. */
    const pauseLeader = async (): Promise<void> => {
      const client = redis.client();
      feed.people = 105;
      await until(
        'both processes run',
        async () => (await readPresence(client)).filter(({ service }) => service === 'alerts').length === 2,
      );
      for (let attempt = 1; ; attempt++) {
        const holder = await until('one leads', () => client.get(alertKeys.lease));
        const leader = processes.find((child) => child.pid === processNumberOf(holder));
        assert.ok(leader);
        await delay(Math.random() * 300);
        leader.kill('SIGSTOP');
        try {
          const another = async () => {
            const next = await client.get(alertKeys.lease);
            return next !== null && next !== holder;
          };
          await until('another leads', another, attempt < 5 ? 6000 : 15_000);
          feed.people = 120;
          await until('the rise is seen', async () => (await announced(client)).some((e) => e.to.level === 'severe'));
          return;
        } catch (error) {
          // Stopped within a write it holds the database's lock, and nobody else may write: then it is tried again.
          if (attempt === 5) throw error;
        } finally {
          leader.kill('SIGCONT');
        }
      }
    };

    after(async () => {
      for (const child of processes) child.kill('SIGKILL');
      await feed.close();
      await listener.close();
      await redis.stop();
      await database.remove();
      await rm(dir, { recursive: true, force: true });
    });

    it(`a zombie and ${KILLS} kills: every transition arrives, none under two ids`, {
      timeout: KILLS * 12_000 + 60_000,
    }, async () => {
      const client = redis.client();
      launch();
      launch();
      await until('one leads', () => client.get(alertKeys.lease), 60_000);
      await pauseLeader();
      let kills = 0;
      const steps = [85, 95, 105, 120, 20];
      for (let step = 0; kills < KILLS; step++) {
        feed.people = steps[step % steps.length] ?? 0;
        const holder = await until('one leads', () => client.get(alertKeys.lease), 60_000);
        // Anywhere in the dwell, the decision, the write, the announcement or the delivery.
        await delay(Math.random() * 400);
        const leader = processes.find((child) => child.pid === processNumberOf(holder));
        if (!leader || leader.exitCode !== null || leader.signalCode !== null) continue;
        leader.kill('SIGKILL');
        kills += 1;
        launch();
      }
      feed.people = 0;
      const events = await until(
        'the end of every alert',
        async () => {
          const all = await announced(client);
          const started = new Set(all.map((event) => event.alertId));
          const ended = new Set(all.filter((event) => event.type === 'alert.resolved').map((event) => event.alertId));
          return started.size > 0 && ended.size === started.size ? all : undefined;
        },
        60_000,
      );
      await until(
        'all delivered',
        () => events.every((event) => listener.received.some((r) => r.id === event.eventId)),
        60_000,
      );

      const stored = await storedEvents(database.where);
      assert.deepEqual(events, stored, 'announced: what is stored, in order, once each');
      assert.deepEqual(
        stored.map((event) => event.offset),
        stored.map((_, index) => index + 1),
      );
      assertUnbroken(stored);
      const ids = new Set(listener.received.map((r) => r.id));
      assert.deepEqual([...ids].sort(), stored.map((event) => event.eventId).sort(), 'received: every one, no other');
      assertOneContentAnId(listener);
      assert.deepEqual(listener.forged, []);
    });
  });
