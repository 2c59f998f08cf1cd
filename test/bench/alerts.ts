/**
 * `bench alerts`: how soon a receiver knows. Over the whole path, from cameras ({@link benchAlertPath}), and over the alerts service
 * alone, from the readings it is given, at a load no model could keep up with here: real Redis, database and HTTP. Prints
 * and never judges.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAlerts } from '../../services/alerts/service.ts';
import { Config } from '../../shared/config/schema.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { type Feed, fastConfig, startFeed } from '../helpers/alert-feed.ts';
import { startRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';
import { startListener } from '../helpers/webhook-listener.ts';
import { benchAlertPath } from './alert-path.ts';
import { quantile } from './statistics.ts';

const SECRET = `whsec_${createHash('sha256').update('bench').digest('base64')}`;

export type AlertsBench = { cameras: number; seconds: number; json?: boolean };

export async function benchAlerts({ cameras, seconds, json }: AlertsBench): Promise<void> {
  const fromCameras = await benchAlertPath({ cameras, seconds });
  const fromReadings = await benchService({ cameras, seconds });
  if (json) return void process.stdout.write(`${JSON.stringify({ fromCameras, fromReadings })}\n`);
  for (const [title, report] of Object.entries({ fromCameras, fromReadings })) {
    process.stdout.write(`${title}\n`);
    for (const [name, value] of Object.entries(report)) {
      const text = typeof value === 'object' ? `p50 ${value.p50}  p99 ${value.p99}` : value;
      process.stdout.write(`  ${name.padEnd(30)} ${text}\n`);
    }
  }
}

/** Dwell is not part of the figures: the deciding reading is the one that completes it. */
async function benchService({ cameras, seconds }: AlertsBench) {
  const dir = await mkdtemp(join(tmpdir(), 'hr-bench-'));
  const redis = await startRedis();
  const listener = await startListener(SECRET);
  process.env.BENCH_HOOK = SECRET;
  const one = fastConfig({ zone: { limits: { occupancy: { severe: 1.1 } } } });
  const endpoint = { url: listener.url, secrets: ['${BENCH_HOOK}'], allowHttp: true, allow: ['127.0.0.1'] };
  const config = Config.parse({
    ...one,
    cameras: Array.from({ length: cameras }, (_, i) => ({ ...one.cameras[0], id: `c${i}` })),
    deliveries: { endpoints: [{ id: 'bench', minLevel: 'attention', ...endpoint }] },
  });
  const redisUrls = { state: redis.url, frames: redis.framesUrl };
  const service = await startAlerts({ config, redisUrls, logger: createLogger('bench', 'silent'), dataDir: dir });
  const feeds: Feed[] = [];
  for (const { id } of config.cameras) feeds.push(await startFeed(redis.client(), { cameraId: id }));

  const endsAt = performance.now() + seconds * 1000;
  for (let round = 0; performance.now() < endsAt; round++) {
    const feed = feeds[round % feeds.length] as Feed;
    const told = (type: string): number =>
      listener.received.filter((r) => r.message.type === type && r.message.data.cameraId === `c${round % cameras}`)
        .length;
    await until('the end of its last alert', () => told('alert.resolved') === told('alert.firing'));
    const before = told('alert.firing');
    feed.people = 120;
    await until('the alert', () => told('alert.firing') > before);
    feed.people = 0;
  }
  const delays = listener.received
    .filter((r) => r.message.type === 'alert.firing')
    .map((r) => r.at - Number(r.message.data.capturedAt));

  await service.close();
  for (const feed of feeds) await feed.close();
  await listener.close();
  await redis.stop();
  await rm(dir, { recursive: true, force: true });
  return {
    cameras,
    readingsPerSecond: cameras * 20,
    cores: availableParallelism(),
    alerts: delays.length,
    decidingReadingToReceiverMs: { p50: quantile(delays, 0.5), p99: quantile(delays, 0.99) },
  };
}
