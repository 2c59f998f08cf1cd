/** Ingest: cameras in, sampled pictures and camera states out. */
import { Queue } from 'bullmq';
import { cameraSource } from '../../shared/config/load.ts';
import type { Camera, Config } from '../../shared/config/schema.ts';
import { cameraChanges, watchConfig } from '../../shared/config/watch.ts';
import { type Drill, isDrillCamera } from '../../shared/contracts/drill.ts';
import type { FrameJob } from '../../shared/contracts/frame.ts';
import { frameKeys, stateKeys } from '../../shared/contracts/keys.ts';
import { camerasOf, isPlayed } from '../../shared/readings/drill-cameras.ts';
import { followDrill } from '../../shared/readings/drill-follower.ts';
import { HeadroomError, messageOf } from '../../shared/runtime/errors.ts';
import { serveHealth } from '../../shared/runtime/health-server.ts';
import { Lifecycle, type Service } from '../../shared/runtime/lifecycle.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { announcePresence, instanceName } from '../../shared/runtime/presence.ts';
import {
  connectDatabases,
  connectPatient,
  disconnect,
  queueConnection,
  type RedisUrls,
} from '../../shared/runtime/redis.ts';
import type { SecretUrl } from '../../shared/runtime/secrets.ts';
import { holdLease, LEASE_MS, releaseLease } from './camera-lease.ts';
import { CameraStates } from './camera-states.ts';
import { CameraSupervisor, type SupervisorOptions } from './camera-supervisor.ts';
import { ClipShelf } from './drill/clip-shelf.ts';
import { withMark } from './drill/exercise-mark.ts';
import { checkFfmpeg } from './ffmpeg-version.ts';
import { FramePublisher } from './frame-publisher.ts';
import { GateKeeper } from './gate/gate-keeper.ts';
import { createIngestMetrics } from './ingest-metrics.ts';
import { answerProbes } from './probe-desk.ts';
import { Slots } from './slots.ts';

export type IngestOptions = { config: Config; configFile?: string | undefined; redisUrls: RedisUrls; logger: Logger };

type OnPicture = SupervisorOptions['onPicture'];

/**
 * Starts watching the configured cameras. One whose secret is missing does not keep the others dark, here as after a
 * change of the configuration.
 * @throws HeadroomError when ffmpeg or Redis cannot be used
 */
export async function startIngest({ config, configFile, redisUrls, logger }: IngestOptions): Promise<Service> {
  await checkFfmpeg();

  const lifecycle = new Lifecycle(logger);
  try {
    const holder = instanceName();
    const registry = createRegistry('ingest', holder);
    const metrics = createIngestMetrics(registry);
    const { state, frames } = await connectDatabases({ urls: redisUrls, service: 'ingest', logger, lifecycle });

    const queue = new Queue<FrameJob>(stateKeys.frameQueue, {
      connection: queueConnection(redisUrls.state, 'producer'),
      streams: { events: { maxLen: 100 } },
    });
    queue.on('error', () => undefined); // the state connection above logs that Redis went
    lifecycle.add('queue', queue, () => queue.close());
    await queue.waitUntilReady();

    const states = lifecycle.add('camera states', new CameraStates(state), (s) => s.close());
    const slots = new Slots(config.ingest.maxConnecting);
    const supervisors = new Map<string, CameraSupervisor>();
    let configured: Camera[] = config.cameras;
    let drill: Drill | undefined;
    /** All that are watched: the configured ones, and those of a drill under way that play a clip. */
    let cameras: Camera[] = configured;
    let clipOf = new Map<string, string>();
    let { trialSchemes, clipsDir } = config.ingest;
    const clips = new ClipShelf({ instance: holder, redis: state, folder: () => clipsDir, logger });

    const watch = (camera: Camera): void => {
      if (supervisors.has(camera.id)) return;
      // Also of one that cannot be opened: it is dark, not unknown.
      metrics.camera(camera.id);
      const source = sourceOf(camera);
      if (!source) return;
      const publisher = new FramePublisher({ camera, frames, state, queue, metrics });
      const publish: OnPicture = (jpeg, capturedAt, gated) => publisher.offer(jpeg, capturedAt, gated);
      const supervisor = new CameraSupervisor({
        camera,
        source,
        node: holder,
        slots,
        logger,
        metrics,
        gate: new GateKeeper(camera, state),
        onPicture: isDrillCamera(camera.id) ? withMark(publish) : publish,
        onState: (cameraState) => states.set(cameraState),
      });
      supervisors.set(camera.id, supervisor);
      supervisor.start();
    };
    /** A camera whose secret is missing says so and waits for the next configuration; the others go on. */
    const sourceOf = (camera: Camera): SecretUrl | undefined => {
      const clip = clipOf.get(camera.id);
      if (clip !== undefined) return clips.source(clip);
      try {
        return cameraSource(camera);
      } catch (error) {
        if (!(error instanceof HeadroomError)) throw error;
        const { id: cameraId } = camera;
        if (states.of(cameraId)?.detail === error.message) return undefined;
        logger.error({ cameraId, reason: error.message, code: error.code }, 'camera cannot be opened');
        const state = { phase: 'no-signal', reason: 'auth-failed', detail: error.message } as const;
        states.set({ cameraId, ...state, since: Date.now(), attempt: 0, node: holder });
        return undefined;
      }
    };
    const unwatch = async (cameraId: string, everywhere: boolean): Promise<void> => {
      const supervisor = supervisors.get(cameraId);
      await supervisor?.close();
      // Only now: a claim in between would start the next one, and what that has told would be forgotten below.
      if (supervisors.get(cameraId) === supervisor) supervisors.delete(cameraId);
      await states.forget(cameraId, everywhere);
      metrics.forget(cameraId);
      if (everywhere) await frames.del(frameKeys.frame(cameraId), frameKeys.heatmap(cameraId)).catch(() => undefined);
    };

    const claim = async (): Promise<void> => {
      await Promise.all(
        cameras.map(async (camera) => {
          // Of several nodes, one that has the clip plays it.
          const clip = clipOf.get(camera.id);
          if (clip !== undefined && !supervisors.has(camera.id) && !clips.source(clip)) return;
          // While Redis is away nobody else can take the lease either: keep watching.
          const mine = await holdLease(state, camera.id, holder).catch(() => supervisors.has(camera.id));
          if (lifecycle.closing || !cameras.includes(camera)) return;
          if (mine && !supervisors.has(camera.id)) watch(camera);
          else if (!mine && supervisors.has(camera.id)) {
            logger.warn({ cameraId: camera.id }, 'another node watches this camera now');
            await unwatch(camera.id, false);
          }
        }),
      );
    };
    await claim();
    let claiming = false;
    const claimTimer = setInterval(() => {
      if (claiming) return;
      claiming = true;
      void claim().finally(() => {
        claiming = false;
      });
    }, LEASE_MS / 3);
    lifecycle.add('cameras', supervisors, async () => {
      clearInterval(claimTimer);
      const ids = [...supervisors.keys()];
      await Promise.all([...supervisors.values()].map((supervisor) => supervisor.close()));
      await Promise.all(ids.map((id) => releaseLease(state, id, holder).catch(() => undefined)));
    });

    let changing: Promise<void> = Promise.resolve();
    /** Takes up other cameras, one change after the other. */
    const change = (to: { configured: Camera[] } | { drill: Drill | undefined }): Promise<void> => {
      const taken = changing.then(async () => {
        if ('drill' in to) drill = to.drill;
        else configured = to.configured;
        const played = camerasOf(drill, configured).filter(isPlayed);
        clipOf = new Map(played.map(({ camera, clip }) => [camera.id, clip]));
        const next = [...configured, ...played.map(({ camera }) => camera)];
        // Zones, calibration and thresholds are others' business: they must not interrupt the video.
        const { added, changed, removed } = cameraChanges(cameras, next, videoSettings);
        cameras = next;
        for (const camera of next) supervisors.get(camera.id)?.configure(camera);
        await Promise.all([
          ...removed.map(async ({ id }) => {
            await unwatch(id, true);
            await releaseLease(state, id, holder).catch(() => undefined);
          }),
          ...changed.map(async (camera) => {
            // Only what this node watches: the others' turn comes with their lease.
            if (!supervisors.has(camera.id)) return;
            await unwatch(camera.id, false);
            watch(camera);
          }),
        ]);
        if (added.length > 0) await claim();
        const ids = (list: Camera[]) => list.map((camera) => camera.id);
        if ('drill' in to && added.length + changed.length + removed.length === 0) return;
        logger.info({ added: ids(added), changed: ids(changed), removed: ids(removed) }, 'cameras changed');
      });
      changing = taken.catch((error) => {
        logger.error({ reason: messageOf(error) }, 'cameras could not be changed');
      });
      return taken;
    };
    if (configFile) {
      const reload = async (next: Config): Promise<void> => {
        ({ trialSchemes, clipsDir } = next.ingest);
        await change({ configured: next.cameras });
      };
      lifecycle.add('configuration watch', watchConfig(configFile, logger, reload), (stop) => stop());
    }
    clips.announce(lifecycle);
    const onDrill = (next: Drill | undefined): void => {
      // The one before is cleared away whole: the next may use the same cameras.
      void change({ drill: undefined }).catch(() => undefined);
      if (next) void change({ drill: next }).catch(() => undefined);
    };
    await followDrill({ redis: state, lifecycle, onDrill });

    const requests = lifecycle.add(
      'probe redis',
      connectPatient(redisUrls.frames, logger, 'ingest-probes'),
      disconnect,
    );
    answerProbes({ requests, frames, trialSchemes: () => trialSchemes, logger, lifecycle });
    announcePresence({ service: 'ingest', instance: holder, redis: state, registry, lifecycle });
    if (config.ingest.httpPort !== undefined) {
      const ready = () => state.status === 'ready' && frames.status === 'ready';
      await serveHealth({ port: config.ingest.httpPort, registry, ready, lifecycle });
    }
    logger.info({ cameras: cameras.length }, 'ingest started');
    return lifecycle;
  } catch (error) {
    logger.debug({ reason: messageOf(error) }, 'ingest start undone');
    await lifecycle.close();
    throw error;
  }
}

/** What of a camera its video depends on. */
function videoSettings(camera: Camera): unknown {
  const { id, url, sampleFps, inferenceWidth, keyframesOnly, staleAfterMs } = camera;
  return { id, url, sampleFps, inferenceWidth, farWidth: camera.farField?.maxWidth, keyframesOnly, staleAfterMs };
}
