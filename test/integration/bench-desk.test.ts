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
    const question = { options: { steps: [4], seeds: 8 }, clip: { fps: 10, frames: 60 } };
    const ask = async (timeMs: number): Promise<string> => {
      const lookId = randomUUID();
      await frames.rpush(benchKeys.input(lookId), await readFile('infra/demo/crowd.mp4'));
      await frames.set(benchKeys.wanted(lookId), '1');
      await queue.add('look', BenchJob.parse({ lookId, ...question, until: Date.now() + timeMs }));
      return lookId;
    };
    const answerTo = (lookId: string): Promise<BenchAnswer> =>
      until('an answer', async () => {
        const body = await frames.lpop(benchKeys.answers(lookId));
        return body ? BenchAnswer.parse(JSON.parse(body)) : undefined;
      });
    // How long the machine cuts, and how long it looks at one picture.
    const askedAt = performance.now();
    const trial = await ask(600_000);
    assert.equal((await answerTo(trial)).type, 'cut');
    const cutMs = performance.now() - askedAt;
    assert.equal((await answerTo(trial)).type, 'frame');
    const firstAt = performance.now();
    assert.equal((await answerTo(trial)).type, 'frame');
    const lookMs = performance.now() - firstAt;
    await frames.del(benchKeys.wanted(trial));
    await until('nobody looks any more', async () => (await queue.getActiveCount()) === 0);

    const lookId = await ask(Math.round(cutMs + 20 * lookMs));
    const answers: BenchAnswer[] = [];
    for (let type = ''; type !== 'done' && type !== 'refused'; ) {
      const answer = await answerTo(lookId);
      answers.push(answer);
      type = answer.type;
    }
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
