/** The configuration changes while alerts are judged: cameras and thresholds follow, whatever becomes of receivers. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { startAlerts } from '../../services/alerts/service.ts';
import { loadConfig } from '../../shared/config/load.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { announcement, fastConfig, startFeed } from '../helpers/alert-feed.ts';
import { startRedis } from '../helpers/redis.ts';

it('a receiver whose secret is not set takes no zone out of judgement', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'hr-alerts-config-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const configFile = join(dir, 'headroom.yaml');
  const { cameras, alerts } = fastConfig();
  const save = (more: object) => writeFile(configFile, JSON.stringify({ cameras, alerts, ...more }));
  await save({ cameras: [] });
  const redis = await startRedis();
  t.after(() => redis.stop());
  const feed = await startFeed(redis.client());
  t.after(() => feed.close());
  const service = await startAlerts({
    config: await loadConfig(configFile),
    configFile,
    redisUrls: { state: redis.url, frames: redis.framesUrl },
    logger: createLogger('test', 'silent'),
    dataDir: dir,
    instance: 'a',
  });
  t.after(() => service.close());
  feed.people = 150;
  const url = 'https://alerts.example.org/';
  await save({ deliveries: { endpoints: [{ id: 'page', url, secrets: ['${HR_TEST_NO_SUCH}'] }] } });
  const event = await announcement(redis.client(), 'the new zone', ({ type }) => type === 'alert.firing');
  assert.equal(event.zoneId, 'stage');
});
