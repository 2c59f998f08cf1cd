/**
 * Takes the test bench's jobs. Live counting goes first in three ways: the jobs stand in a queue of their own, one is done
 * at a time, and its processes run at low priority, apart from those that count.
 */
import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { BENCH_LIFE_MS, type BenchAnswer, BenchJob, benchKeys } from '../../../shared/contracts/bench.ts';
import { messageOf } from '../../../shared/runtime/errors.ts';
import type { Lifecycle } from '../../../shared/runtime/lifecycle.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import { queueConnection } from '../../../shared/runtime/redis.ts';
import type { Provider } from '../model/crowd-counter.ts';
import type { ModelFolder } from '../model/manifest.ts';
import { BenchRunner } from './bench-runner.ts';
import { cutClip, removeLeftClips } from './clip-frames.ts';

/** A worker that died in the middle of a look blocks nobody for longer. */
const LOCK_MS = 30_000;

export type BenchDeskOptions = {
  stateUrl: string;
  frames: Redis;
  provider: Provider;
  /** A loaded model, or one from its folder. @throws HeadroomError */
  model(name: string | undefined): Promise<ModelFolder>;
  logger: Logger;
  lifecycle: Lifecycle;
};

type Tell = (answer: BenchAnswer) => Promise<void>;

export async function openBenchDesk(o: BenchDeskOptions): Promise<void> {
  await removeLeftClips();
  const runner = new BenchRunner({ provider: o.provider, logger: o.logger });
  const closing = new AbortController();
  const worker = new Worker(
    benchKeys.queue,
    async (job) => serve(o, runner, BenchJob.parse(job.data), closing.signal),
    {
      connection: queueConnection(o.stateUrl, 'worker'),
      concurrency: 1,
      lockDuration: LOCK_MS,
      maxStalledCount: 0,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    },
  );
  worker.on('error', () => undefined); // the state connection logs that Redis went
  worker.on('failed', (_job, err) => o.logger.warn({ reason: messageOf(err) }, 'look on the test bench failed'));
  o.lifecycle.add('test bench', worker, async () => {
    closing.abort();
    await runner.close();
    await worker.close(true);
  });
}

async function serve(o: BenchDeskOptions, runner: BenchRunner, job: BenchJob, signal: AbortSignal): Promise<void> {
  const { lookId, options, clip, until } = job;
  const { frames } = o;
  const wanted = async () => !signal.aborted && (await frames.exists(benchKeys.wanted(lookId))) > 0;
  const tell: Tell = async (answer) => {
    const key = benchKeys.answers(lookId);
    await frames.multi().rpush(key, JSON.stringify(answer)).pexpire(key, BENCH_LIFE_MS).exec();
  };
  const input = await takeInput(frames, benchKeys.input(lookId));
  if (!input || Date.now() >= until || !(await wanted())) return;
  try {
    const model = await o.model(options.model).catch(async (error: unknown) => {
      await tell({ type: 'refused', why: 'model', reason: messageOf(error) });
    });
    if (!model) return;
    if (!clip) {
      const outcome = await runner.look(input, options, model);
      return await tell(outcome.ok ? { type: 'look', look: outcome.look } : outcome.refusal);
    }
    const { jpegs, more } = await cutClip(input, { ...clip, farWidth: options.farField?.maxWidth }, signal);
    if (jpegs.length === 0) {
      return await tell({
        type: 'refused',
        why: 'unreadable',
        reason: 'No picture can be read from the clip. It must be mp4 or WebM with a video in it.',
      });
    }
    await tell({ type: 'cut', frames: jpegs.length, more });
    for (const [index, jpeg] of jpegs.entries()) {
      if (!(await wanted())) return;
      if (Date.now() >= until) {
        const reason = `Its time was over when ${index} of its ${jpegs.length} pictures had been looked at; take fewer pictures, steps and seeds.`;
        return await tell({ type: 'refused', why: 'too-slow', reason });
      }
      const outcome = await runner.look(jpeg, options, model);
      if (!outcome.ok) return await tell(outcome.refusal);
      const atMs = (1000 * index) / clip.fps;
      await tell({ type: 'frame', index, atMs, jpeg: jpeg.toString('base64'), look: outcome.look });
    }
    await tell({ type: 'done', frames: jpegs.length });
  } catch (error) {
    await tell({ type: 'refused', why: 'failed', reason: 'The look did not work; the worker’s log says why.' }).catch(
      () => undefined,
    );
    throw error;
  } finally {
    // Told after the one who asked had left: nobody else takes it away.
    if (!(await wanted())) await frames.del(benchKeys.answers(lookId));
  }
}

/** Reads what was dropped in and takes it out of Redis at once. */
async function takeInput(frames: Redis, key: string): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  for (;;) {
    const piece = await frames.lpopBuffer(key);
    if (!piece) return pieces.length > 0 ? Buffer.concat(pieces) : undefined;
    pieces.push(piece);
  }
}
