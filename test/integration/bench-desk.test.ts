/** The worker's end of the test bench, asked through Redis as the gateway does. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Queue } from 'bullmq';
import { openBenchDesk } from '../../services/worker/bench/bench-desk.ts';
import { openModelFolder } from '../../services/worker/model/manifest.ts';
import { BenchAnswer, BenchJob, benchKeys } from '../../shared/contracts/bench.ts';
import { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { queueConnection } from '../../shared/runtime/redis.ts';
import { startRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const logger = createLogger('test', 'silent');

test('a clip whose time is over is ended with the reason, and the pictures looked at stand', async () => {
  const redis = await startRedis();
  const lifecycle = new Lifecycle(logger);
  const frames = redis.client();
  const model = await openModelFolder('models/small');
  const queue = new Queue(benchKeys.queue, { connection: queueConnection(redis.url, 'producer') });
  try {
    await openBenchDesk({
      ...{ stateUrl: redis.url, frames, provider: 'cpu', model: async () => model, logger, lifecycle },
    });
    await queue.waitUntilReady();
    const lookId = randomUUID();
    await frames.rpush(benchKeys.input(lookId), await readFile('infra/demo/crowd.mp4'));
    await frames.set(benchKeys.wanted(lookId), '1');
    const job = {
      lookId,
      options: { steps: [4], seeds: 8 },
      clip: { fps: 10, frames: 60 },
      until: Date.now() + 15_000,
    };
    await queue.add('look', BenchJob.parse(job));
    const answers: BenchAnswer[] = [];
    await until('the last word', async () => {
      const body = await frames.lpop(benchKeys.answers(lookId));
      if (body) answers.push(BenchAnswer.parse(JSON.parse(body)));
      const last = answers.at(-1);
      return last?.type === 'done' || last?.type === 'refused';
    });
    const last = answers.at(-1);
    assert.ok(last?.type === 'refused' && last.why === 'too-slow', JSON.stringify(answers.map(({ type }) => type)));
    const looked = answers.filter(({ type }) => type === 'frame').length;
    assert.ok(looked > 0 && last.reason.includes(`${looked} of its 60 pictures`), last.reason);
  } finally {
    await queue.close();
    await lifecycle.close();
    await redis.stop();
  }
});
