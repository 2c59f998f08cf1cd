/** What is stored is announced, also when Redis takes its time over what was stored before. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { createAlertMetrics } from '../../services/alerts/alert-metrics.ts';
import { Announcer } from '../../services/alerts/announcer.ts';
import { DeliveryDesk } from '../../services/alerts/deliveries/delivery-desk.ts';
import { AlertEngine } from '../../services/alerts/engine.ts';
import { EvidenceDesk } from '../../services/alerts/evidence/evidence-desk.ts';
import { EvidenceFiles } from '../../services/alerts/evidence/evidence-files.ts';
import { EvidenceStore } from '../../services/alerts/evidence/evidence-store.ts';
import { Journal } from '../../services/alerts/journal.ts';
import { Outage } from '../../services/alerts/outage.ts';
import { AlertStore } from '../../services/alerts/store/alert-store.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { redisOptions } from '../../shared/runtime/redis.ts';
import { announced, fastConfig } from '../helpers/alert-feed.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { startRedisProxy } from '../helpers/redis-proxy.ts';
import { play, want } from '../helpers/timeline.ts';
import { until } from '../helpers/until.ts';

describe('journal', () => {
  let redis: TestRedis;
  let dir: string;

  before(async () => {
    redis = await startRedis();
    dir = await mkdtemp(join(tmpdir(), 'hr-journal-'));
  });
  after(async () => {
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('announces what was stored while it was still announcing', async () => {
    const { events } = play({
      untilS: 10,
      steps: [
        { kind: 'density', from: 0, to: 100, value: 6 },
        { kind: 'command', at: 6, command: { type: 'comment', note: 'one' } },
        { kind: 'command', at: 7, command: { type: 'comment', note: 'two' } },
      ],
      want: [want(4, 5, 'alert.firing'), want(6, 6, 'alert.commented'), want(7, 7, 'alert.commented')],
    });
    const late = events.splice(2);
    const config = fastConfig({ alerts: { evidence: { mode: 'off' } } });
    const logger = createLogger('alerts', 'silent');
    const metrics = createAlertMetrics(createRegistry('alerts', 'a'));
    const store = await AlertStore.open(join(dir, 'headroom.db'));
    const { fence, positions, snapshot } = await store.claim();
    const proxy = await startRedisProxy(redis);
    const slow = new Redis(redisOptions(proxy.url));
    const engine = new AlertEngine(snapshot, [], { mode: 'actual', configVersion: 'v', escalation: never });
    const desk = new DeliveryDesk({ redisUrl: redis.url, store, metrics, logger }, config, []);
    const files = new EvidenceFiles(dir);
    const evidence = new EvidenceDesk(
      { frames: slow, store: new EvidenceStore(store.db), files, metrics, logger },
      config,
    );
    const announcer = new Announcer(slow, store, fence);
    const outage = new Outage({ metrics, logger });
    const machineOf = (key: string) => engine.machine(key);
    const told = { announcer, desk, evidence, outage, metrics, logger };
    const journal = new Journal({ fence, positions, machineOf, store, ...told });
    const commit = (some: typeof events) =>
      journal.commit({ events: some, machines: new Set(), alerts: new Map(), silences: new Map() });
    const offsets = async () => (await announced(redis.client())).map(({ offset }) => offset).join();
    try {
      await commit(events);
      // Two events take longer than the loop waits for.
      proxy.delayMs = 1000;
      await journal.tell();
      await until('the first are announced', async () => (await offsets()) === '1,2');
      await until('and known as such', async () => (await store.unannounced()).length === 0);
      proxy.delayMs = 0;
      await commit(late);
      await until('the last one is announced', async () => {
        await journal.tell();
        return (await offsets()) === '1,2,3';
      });
    } finally {
      slow.disconnect();
      await desk.close();
      await store.close();
      await proxy.close();
    }
  });
});

const never = { severe: 3_600_000, alert: 3_600_000, steps: 0 };
