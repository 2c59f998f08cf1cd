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
import { decodeHeatmap, encodeHeatmap } from '../../shared/contracts/heatmap.ts';
import { frameKeys, stateKeys } from '../../shared/contracts/keys.ts';
import { publishHeatmap } from '../../shared/readings/reading-publisher.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { startRedis } from '../helpers/redis.ts';

/** A processor of one camera with real inference, and its jobs. */
async function processing(camera: object = {}) {
  const redis = await startRedis();
  const client = redis.client();
  const pool = await InferencePool.start({
    ...{ setup: { models: { small: await openModelFolder('models/small') }, provider: 'cpu', threads: 1 } },
    ...{ processes: 1, deadlineMs: 10_000, logger: createLogger('test', 'silent') },
  });
  const { cameras, replay } = Config.parse({ cameras: [{ id: 'gate', url: 'rtsp://192.0.2.1/stream', ...camera }] });
  const registry = createRegistry('worker', 'test');
  const processor = new FrameProcessor({
    ...{ pool, frames: client, state: client, lines: new LineDesk(client), warmStart: true },
    ...{ replay: new ReplayWriter(client, () => replay), metrics: createWorkerMetrics(registry) },
    ...{ modelOf: () => 'small', camera: () => cameras[0], evidence: () => 'off' },
  });
  const jpeg = await readFile('test/fixtures/labelled/images/s2026-00014.jpg');
  return {
    processor,
    client,
    /** Puts a picture there, does its job, and says what is told of the camera then. */
    next: async (seq: number, more: object = {}) => {
      const frame = { jpeg, seq, capturedAt: Date.now(), widthPx: 640, heightPx: 384, ...more };
      await client.del(frameKeys.frame('gate'));
      await client.hset(frameKeys.frame('gate'), frame);
      await processor.process('gate');
      const told = JSON.parse((await client.hget(stateKeys.readings, 'gate')) as string);
      return { seq: told.seq, status: told.status, reason: told.reason };
    },
    dropped: async (): Promise<Record<string, number>> => {
      const found = (await registry.metrics()).matchAll(
        /frames_dropped_total\{camera="gate",reason="([\w-]+)"[^}]*\} (\d+)$/gm,
      );
      return Object.fromEntries([...found].map(([, reason, count]) => [reason, Number(count)]));
    },
    [Symbol.asyncDispose]: async () => {
      await pool.close();
      await redis.stop();
    },
  };
}

test('a camera that is set aside says that counting failed, and not that its pictures are late', async () => {
  await using at = await processing();
  assert.equal((await at.next(1)).status, 'ok');
  for (let i = 0; i < 3; i++) at.processor.crashed('gate');
  assert.deepEqual(await at.next(2), { seq: 2, status: 'degraded', reason: 'inference-failed' });
  assert.deepEqual(await at.dropped(), { quarantined: 1 });
});

test('a picture that is old, was counted already, or came through the gate no more says nothing', async () => {
  await using at = await processing();
  const first = await at.next(1);
  assert.equal(first.status, 'ok');
  assert.deepEqual(await at.next(1), first);
  assert.deepEqual(await at.dropped(), { 'already-counted': 1 });
  assert.deepEqual(await at.next(2, { capturedAt: Date.now() - 60_000 }), first);
  assert.deepEqual(await at.dropped(), { 'already-counted': 1, 'too-old': 1 });
  assert.deepEqual(await at.next(3, { gated: 1 }), first);
  assert.deepEqual(await at.dropped(), { 'already-counted': 1, 'too-old': 1, gated: 1 });
  assert.equal((await at.next(4)).seq, 4);
});

test('what is known of a camera’s lines is stored with its reading', async () => {
  const points = [
    [0.1, 0.5],
    [0.9, 0.5],
  ];
  await using at = await processing({ lines: [{ id: 'door', points, in: 'left' }] });
  const started = Date.now();
  for (const [seq, ago] of [
    [1, 500],
    [2, 0],
  ] as const) {
    await at.next(seq, { capturedAt: started - ago });
    const held = JSON.parse((await at.client.hget(stateKeys.lines, 'gate')) ?? '{}');
    assert.equal(held.at, started - ago);
    assert.equal(held.tallies.door.since, started - 500);
  }
});

test('a heat map stays when an older picture’s is laid there, and goes when the numbering began anew', async () => {
  await using at = await processing();
  const { client } = at;
  const lay = async (seq: number, evidence?: 'heatmap') => {
    const frame = { cameraId: 'gate', seq, capturedAt: 1, widthPx: 1, heightPx: 1, jpeg: Buffer.from('x') };
    const map = { cameraId: 'gate', seq, capturedAt: 1, width: 1, height: 1, peoplePerUnit: 1, heads: [] };
    await publishHeatmap(client, frame, encodeHeatmap({ ...map, values: Uint8Array.of(200) }), 60_000, evidence);
    return decodeHeatmap((await client.getBuffer(frameKeys.heatmap('gate'))) as Buffer)?.seq;
  };
  assert.deepEqual(
    [await lay(5_000_009), await lay(5_000_003), await lay(5_000_003, 'heatmap')],
    Array(3).fill(5_000_009),
  );
  assert.deepEqual(
    [await lay(5_000_009), await lay(5_000_010), await lay(3), await lay(4, 'heatmap')],
    [5_000_009, 5_000_010, 3, 4],
  );
  assert.ok((await client.pttl(frameKeys.heatmap('gate'))) > 0, 'it does not lie there for ever');
});
