/** What is sent in to the bench is held in memory: only so many at a time, however slowly they come. */
import assert from 'node:assert/strict';
import { type ClientRequest, request } from 'node:http';
import { test } from 'node:test';
import { startGateway } from '../../services/gateway/service.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { BENCH_LIMITS } from '../../shared/contracts/bench.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { startRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const AT_ONCE = 4;

test('clips that are still on their way have the places of the line; who leaves gives his back', async () => {
  const redis = await startRedis();
  const gateway = await startGateway({
    config: parseConfig('gateway: { port: 0 }'),
    redisUrls: { state: redis.url, frames: redis.framesUrl },
    logger: createLogger('test', 'silent'),
  });
  const uploads: ClientRequest[] = [];
  /** Sends the beginning of a clip, and never the rest. */
  const begin = () =>
    new Promise<void>((resolve) => {
      const headers = { 'content-type': 'video/mp4', 'content-length': BENCH_LIMITS.clipBytes, expect: '100-continue' };
      const upload = request(`${gateway.url}/api/bench/clip`, { method: 'POST', headers });
      uploads.push(upload);
      upload.on('error', () => undefined);
      upload.on('continue', () => upload.write(Buffer.alloc(1024), () => resolve()));
      upload.flushHeaders();
    });
  const look = () => fetch(`${gateway.url}/api/bench/look`, { method: 'POST' });
  try {
    for (let at = 0; at < AT_ONCE; at++) {
      assert.equal((await look()).status, 415, 'a place is left');
      await begin();
    }
    const refused = await until('no place is left', async () => {
      const answer = await look();
      return answer.status === 429 ? answer : undefined;
    });
    assert.ok(refused.headers.has('retry-after'));
    uploads[0]?.destroy();
    await until('a place is free', async () => (await look()).status === 415, 10_000);
    // The others hold theirs, yet not until their minute is over: so slowly they would never be whole.
    await begin();
    const [, oldest] = uploads;
    await until('one has made room', async () => (await look()).status === 415, 20_000);
    await until('it is ended', () => oldest?.destroyed, 5000);
  } finally {
    for (const upload of uploads) upload.destroy();
    await gateway.close();
    await redis.stop();
  }
});
