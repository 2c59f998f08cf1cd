/** Asks around for a system report: presence, metrics, queue, Redis. */
import { readFileSync } from 'node:fs';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { stateKeys } from '../../../shared/contracts/keys.ts';
import type { SystemReport } from '../../../shared/contracts/system.ts';
import type { Lifecycle } from '../../../shared/runtime/lifecycle.ts';
import { readPresence } from '../../../shared/runtime/presence.ts';
import { queueConnection } from '../../../shared/runtime/redis.ts';
import type { CameraBoard } from '../camera-board.ts';
import { modelsKnown } from '../models-known.ts';
import { MetricsWindow } from './metrics-window.ts';
import { systemReport } from './system-report.ts';

const PACKAGE = new URL('../../../package.json', import.meta.url);
const VERSION = (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version;

export type SystemDeskOptions = {
  board: CameraBoard;
  state: Redis;
  frames: Redis;
  stateUrl: string;
  instance: string;
  /** Metrics of all services, this one's among them, as prom-client's JSON. */
  metrics: () => Promise<object[]>;
  /** Name of the configuration file where it has faults. */
  faultyConfig: () => Promise<string | undefined>;
  lifecycle: Lifecycle;
};

/** @returns tells what is known now; what cannot be had is left out, so that a broken part shows as such */
export function openSystemDesk(o: SystemDeskOptions): () => Promise<SystemReport> {
  const { board, state, frames, lifecycle } = o;
  const window = new MetricsWindow(o.metrics);
  window.follow(lifecycle);
  const queue = new Queue(stateKeys.frameQueue, { connection: queueConnection(o.stateUrl, 'producer') });
  queue.on('error', () => undefined); // the state connection logs that Redis went
  lifecycle.add('frame queue', queue, () => queue.close());

  return async () => {
    const [presence, models, looks, jobs, redis, faultyConfig] = await Promise.all([
      readPresence(state).catch(() => []),
      modelsKnown(state).catch(() => []),
      window.window(),
      queue.getJobCounts('waiting', 'active').catch(() => undefined),
      redisMemory(state, frames).catch(() => undefined),
      o.faultyConfig(),
    ]);
    return systemReport({
      now: Date.now(),
      version: VERSION,
      faultyConfig,
      state: board.system(),
      presence,
      models,
      ...looks,
      instance: o.instance,
      queue: jobs && { waiting: jobs.waiting ?? 0, active: jobs.active ?? 0 },
      redis,
      cameras: board.cameras(),
      readings: board.readings(),
      connections: board.connections(),
    });
  };
}

async function redisMemory(state: Redis, frames: Redis): Promise<SystemReport['redis']> {
  const [one, other] = await Promise.all([state.info(), frames.info()]);
  const memory = (info: string) => {
    const max = Number(/\bmaxmemory:(\d+)/.exec(info)?.[1] ?? 0);
    return { usedBytes: Number(/\bused_memory:(\d+)/.exec(info)?.[1] ?? 0), ...(max > 0 ? { maxBytes: max } : {}) };
  };
  const id = (info: string) => /\brun_id:(\S+)/.exec(info)?.[1];
  return { state: memory(one), frames: memory(other), sameServer: id(one) === id(other) };
}
