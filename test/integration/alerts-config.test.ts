/** Receivers that cannot be set up, at the start and while alerts are judged: all else goes on. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { startAlerts } from '../../services/alerts/service.ts';
import { loadConfig } from '../../shared/config/load.ts';
import { AlertsHealth, alertKeys } from '../../shared/contracts/alert.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { announcement, fastConfig, startFeed } from '../helpers/alert-feed.ts';
import { startRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';
import { startListener } from '../helpers/webhook-listener.ts';

const KEY = `whsec_${createHash('sha256').update('CANARY_duty').digest('base64')}`;

describe('a receiver whose secret is not set', () => {
  it('keeps alerts from nobody else, counts as failing, and hears what it missed once it is set', async (t) => {
    const { save, start, health, feed, logs, later } = await site(t);
    const [control, duty] = [await startListener(KEY), await startListener(KEY)];
    later(() => Promise.all([control.close(), duty.close()]));
    process.env.HR_TEST_CONTROL = KEY;
    delete process.env.HR_TEST_DUTY;
    const endpoint = (id: string, url: string, secret: string) => {
      return { id, url, secrets: [secret], allowHttp: true, allow: ['127.0.0.1'], minLevel: 'attention' };
    };
    await save({
      deliveries: {
        endpoints: [
          endpoint('control', control.url, '${HR_TEST_CONTROL}'),
          endpoint('duty', duty.url, '${HR_TEST_DUTY}'),
        ],
        fastDelaysMs: Array(40).fill(700),
        delaysMs: Array(40).fill(700),
      },
    });
    const first = await start();
    feed.people = 150;
    await until('the others hear of the crowd', () => control.received.some((r) => r.message.type === 'alert.firing'));
    const { failing } = await until('the operator is told', async () => {
      const told = await health();
      return told && told.failing.length > 0 && told.backlog > 0 ? told : undefined;
    });
    assert.deepEqual(
      failing.map((one) => [one.endpoint, one.outcome]),
      [['duty', 'not-set-up']],
    );
    assert.match(logs.join(''), /HR_TEST_DUTY is not set.*receiver not set up/);
    await first.close();

    process.env.HR_TEST_DUTY = KEY;
    later(() => delete process.env.HR_TEST_DUTY);
    await start();
    await until('it hears what it missed', () => duty.received.some((r) => r.message.type === 'alert.firing'));
  });

  it('goes on as it was where only its change lacks one, and new zones are judged', async (t) => {
    const { save, start, health, feed, redis, later } = await site(t);
    const duty = await startListener(KEY);
    later(() => duty.close());
    process.env.HR_TEST_CONTROL = KEY;
    const endpoints = (secrets: string[]) => ({
      deliveries: {
        endpoints: [
          { id: 'duty', url: duty.url, secrets, allowHttp: true, allow: ['127.0.0.1'], minLevel: 'attention' },
        ],
      },
    });
    await save({ cameras: [], ...endpoints(['${HR_TEST_CONTROL}']) });
    await start();
    feed.people = 150;
    await save(endpoints(['${HR_TEST_NO_SUCH}', '${HR_TEST_CONTROL}']));
    const event = await announcement(redis.client(), 'the new zone', ({ type }) => type === 'alert.firing');
    assert.equal(event.zoneId, 'stage');
    await until('it is told by its former key', () => duty.received.some((r) => r.message.type === 'alert.firing'));
    assert.deepEqual((await health())?.failing, []);
  });
});

/** One camera with one zone, its configuration in a file, and what starts alerts upon it. */
async function site(t: TestContext) {
  // Last begun, first ended: a service that outlives its Redis would look for it for ever.
  const endings: (() => unknown)[] = [];
  const later = (end: () => unknown): void => void endings.unshift(end);
  t.after(async () => {
    for (const end of endings) await end();
  });
  const dir = await mkdtemp(join(tmpdir(), 'hr-alerts-config-'));
  later(() => rm(dir, { recursive: true, force: true }));
  const configFile = join(dir, 'headroom.yaml');
  const { cameras, alerts } = fastConfig();
  const save = (more: object) => writeFile(configFile, JSON.stringify({ cameras, alerts, ...more }));
  const redis = await startRedis();
  later(() => redis.stop());
  const feed = await startFeed(redis.client());
  later(() => feed.close());
  const logs: string[] = [];
  const start = async (): Promise<Service> => {
    const service = await startAlerts({
      config: await loadConfig(configFile),
      configFile,
      redisUrls: { state: redis.url, frames: redis.framesUrl },
      logger: createLogger('test', 'info', { write: (line) => logs.push(line) }),
      dataDir: dir,
      instance: 'a',
    });
    later(() => service.close());
    return service;
  };
  /** Undefined while nobody leads. */
  const health = async (): Promise<AlertsHealth | undefined> => {
    const told = await redis.client().get(alertKeys.health);
    return told === null ? undefined : AlertsHealth.parse(JSON.parse(told));
  };
  return { save, start, health, feed, redis, logs, later };
}
