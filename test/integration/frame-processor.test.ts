/** One job of the worker, with real databases and inference processes: what is published when a picture is not counted. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { FrameProcessor } from '../../services/worker/frame-processor.ts';
import { InferencePool } from '../../services/worker/inference-pool.ts';
import { LineDesk } from '../../services/worker/lines/line-desk.ts';
import { openModelFolder } from '../../services/worker/model/manifest.ts';
import { ReplayWriter } from '../../services/worker/replay-writer.ts';
import { createWorkerMetrics } from '../../services/worker/worker-metrics.ts';
import { Config } from '../../shared/config/schema.ts';
import { frameKeys, stateKeys } from '../../shared/contracts/keys.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { startRedis } from '../helpers/redis.ts';

test('a camera that is set aside says that counting failed, and not that its pictures are late', async () => {
  const redis = await startRedis();
  const client = redis.client();
  const pool = await InferencePool.start({
    ...{ setup: { models: { small: await openModelFolder('models/small') }, provider: 'cpu', threads: 1 } },
    ...{ processes: 1, deadlineMs: 10_000, logger: createLogger('test', 'silent') },
  });
  try {
    const { cameras, replay } = Config.parse({ cameras: [{ id: 'gate', url: 'rtsp://192.0.2.1/stream' }] });
    const registry = createRegistry('worker', 'test');
    const processor = new FrameProcessor({
      ...{ pool, frames: client, state: client, lines: new LineDesk(client), warmStart: true },
      ...{ replay: new ReplayWriter(client, () => replay), metrics: createWorkerMetrics(registry) },
      ...{ modelOf: () => 'small', camera: () => cameras[0], evidence: () => 'off' },
    });
    const jpeg = await readFile('test/fixtures/labelled/images/s2026-00014.jpg');
    let seq = 0;
    const next = async () => {
      const capturedAt = Date.now();
      await client.hset(frameKeys.frame('gate'), { jpeg, seq: ++seq, capturedAt, widthPx: 640, heightPx: 384 });
      await processor.process('gate');
      return JSON.parse((await client.hget(stateKeys.readings, 'gate')) as string);
    };
    assert.equal((await next()).status, 'ok');
    for (let i = 0; i < 3; i++) processor.crashed('gate');
    const { seq: told, status, reason } = await next();
    assert.deepEqual({ told, status, reason }, { told: 2, status: 'degraded', reason: 'inference-failed' });
    assert.match(await registry.metrics(), /frames_dropped_total\{camera="gate",reason="quarantined"[^}]*\} 1$/m);
  } finally {
    await pool.close();
    await redis.stop();
  }
});
