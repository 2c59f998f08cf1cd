/** The worker: takes frame jobs, counts pictures in its inference processes, publishes readings. */
import { availableParallelism } from 'node:os';

import { Worker } from 'bullmq';
import type { Camera, Config } from '../../shared/config/schema.ts';
import { watchConfig } from '../../shared/config/watch.ts';
import type { Drill } from '../../shared/contracts/drill.ts';
import { FrameJob } from '../../shared/contracts/frame.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import { camerasOf, isPlayed } from '../../shared/readings/drill-cameras.ts';
import { followDrill } from '../../shared/readings/drill-follower.ts';
import { messageOf } from '../../shared/runtime/errors.ts';
import { serveHealth } from '../../shared/runtime/health-server.ts';
import { Lifecycle, type Service } from '../../shared/runtime/lifecycle.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { announcePresence, instanceName } from '../../shared/runtime/presence.ts';
import { connectDatabases, queueConnection, type RedisUrls } from '../../shared/runtime/redis.ts';
import { openBenchDesk } from './bench/bench-desk.ts';
import { FrameProcessor } from './frame-processor.ts';
import { InferencePool } from './inference-pool.ts';
import { LineDesk } from './lines/line-desk.ts';
import { announceModels } from './model-announcer.ts';
import { ModelRegistry } from './model-registry.ts';
import { ReplayWriter } from './replay-writer.ts';
import { createWorkerMetrics } from './worker-metrics.ts';

/**
 * A killed worker's job is taken from it after LOCK_MS + STALLED_CHECK_MS at most. Both are far longer than this
 * process's event loop ever blocks: inference runs elsewhere.
 */
const LOCK_MS = 1500;
const STALLED_CHECK_MS = 500;

/** Longest wait for a job, s. A connection that is silent for much longer is given up. */
const DRAIN_DELAY_S = 1;

/** Time for the pictures in hand when the service stops. */
const DRAIN_MS = 2500;

export type WorkerOptions = { config: Config; configFile?: string | undefined; redisUrls: RedisUrls; logger: Logger };

/** @throws HeadroomError when the model or Redis cannot be used */
export async function startWorker({ config, configFile, redisUrls, logger }: WorkerOptions): Promise<Service> {
  const lifecycle = new Lifecycle(logger, DRAIN_MS + 1000);
  try {
    const instance = instanceName();
    const registry = createRegistry('worker', instance);
    const metrics = createWorkerMetrics(registry);
    const { state, frames } = await connectDatabases({ urls: redisUrls, service: 'worker', logger, lifecycle });

    let current = config;
    let drill: Drill | undefined;
    /** Cameras of a drill under way whose pictures ingest plays. */
    let drilled: Camera[] = [];
    const models = await ModelRegistry.open({ config, logger, metrics });
    const { provider, processes } = config.worker;
    const pool = await InferencePool.start({
      setup: {
        models: models.models(),
        provider,
        threads: 1,
      },
      // A GPU is shared by one process per worker: batches, not processes, fill it.
      processes: processes === 'auto' ? (provider === 'cpu' ? availableParallelism() : 1) : processes,
      deadlineMs: config.worker.inferenceDeadlineMs,
      logger,
      onCrash: (cause, cameraId) => {
        metrics.crashes.inc({ cause });
        if (cameraId) processor.crashed(cameraId);
      },
    });
    lifecycle.add('inference processes', pool, () => pool.close());
    await models.serve(pool, lifecycle);

    const processor = new FrameProcessor({
      pool,
      frames,
      state,
      lines: new LineDesk(state),
      replay: new ReplayWriter(frames, () => current.replay),
      metrics,
      modelOf: (camera) => models.modelOf(camera),
      warmStart: config.worker.warmStart,
      camera: (id) => current.cameras.find((camera) => camera.id === id) ?? drilled.find((camera) => camera.id === id),
      evidence: () => current.alerts.evidence.mode,
    });
    for (const camera of config.cameras) metrics.camera(camera.id);
    const setDrill = (next: Drill | undefined): void => {
      drill = next;
      drilled = camerasOf(drill, current.cameras)
        .filter(isPlayed)
        .map(({ camera }) => camera);
    };
    await followDrill({ redis: state, lifecycle, onDrill: setDrill });

    const worker = new Worker(
      stateKeys.frameQueue,
      async (job) => {
        metrics.queueWait.observe(Math.max(0, ((job.processedOn ?? Date.now()) - job.timestamp) / 1000));
        await processor.process(FrameJob.parse(job.data).cameraId);
      },
      {
        connection: queueConnection(redisUrls.state, 'worker', DRAIN_DELAY_S * 1000),
        concurrency: pool.capacity,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_CHECK_MS,
        // A picture that killed its worker is not tried again: the next one is newer anyway.
        maxStalledCount: 0,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 100 },
        drainDelay: DRAIN_DELAY_S,
      },
    );
    worker.on('error', () => undefined); // the state connection logs that Redis went
    worker.on('failed', (job, err) =>
      logger.debug({ cameraId: job?.data.cameraId, reason: messageOf(err) }, 'frame job failed'),
    );
    lifecycle.add('queue worker', worker, async () => {
      await Promise.race([worker.close(), new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref())]);
      await worker.close(true);
    });
    await worker.waitUntilReady();

    if (configFile) {
      const reload = (next: Config): void => {
        for (const camera of next.cameras) metrics.camera(camera.id);
        current = next;
        models.configure(next);
        setDrill(drill);
      };
      lifecycle.add('configuration watch', watchConfig(configFile, logger, reload), (stop) => stop());
    }
    await openBenchDesk({
      stateUrl: redisUrls.state,
      frames,
      provider,
      model: (name) => models.read(name),
      logger,
      lifecycle,
    });
    announceModels({ instance, redis: state, registry: models, defaultModel: () => current.worker.model, lifecycle });
    announcePresence({ service: 'worker', instance, redis: state, registry, lifecycle });
    if (config.worker.httpPort !== undefined) {
      const ready = () => state.status === 'ready' && frames.status === 'ready' && pool.ready;
      await serveHealth({ port: config.worker.httpPort, registry, ready, lifecycle });
    }
    logger.info({ models: Object.keys(models.models()), provider, inHand: pool.capacity }, 'worker started');
    return lifecycle;
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}
