/** Puts the parts of a system report together. Pure: everything it says is handed in. */
import type { CameraState } from '../../../shared/contracts/camera.ts';
import type { WorkerModels } from '../../../shared/contracts/models.ts';
import type { PublicReading } from '../../../shared/contracts/reading.ts';
import type { CameraInfo, SystemState } from '../../../shared/contracts/socket.ts';
import { DISK_LOW, type Percentiles, type SystemReport } from '../../../shared/contracts/system.ts';
import type { Presence } from '../../../shared/runtime/presence.ts';
import { type Filter, gauge, labelValues, percentiles, rise, type Sample, total } from './metric-sample.ts';

export type Known = {
  now: number;
  version: string;
  faultyConfig?: string | undefined;
  state: SystemState;
  presence: readonly Presence[];
  models: readonly WorkerModels[];
  before: Sample;
  after: Sample;
  /** Of the gateway that answers. */
  instance: string;
  queue: { waiting: number; active: number } | undefined;
  redis: SystemReport['redis'];
  cameras: readonly CameraInfo[];
  readings: readonly PublicReading[];
  connections: ReadonlyMap<string, CameraState>;
};

export function systemReport(known: Known): SystemReport {
  const { now, before, after } = known;
  const windowMs = after.at - before.at;
  const inWindow = (name: string, filter?: Filter): Percentiles | undefined => {
    const found = windowMs > 0 ? percentiles(before, after, name, [0.5, 0.99], filter) : undefined;
    return found && { p50Ms: (found[0] ?? 0) * 1000, p99Ms: (found[1] ?? 0) * 1000 };
  };
  const rate = (name: string, filter: Filter): number =>
    windowMs > 0 ? rise(before, after, name, filter) / (windowMs / 1000) : 0;
  const given = <K extends string, V>(key: K, value: V | undefined) =>
    (value === undefined ? {} : { [key]: value }) as { [key in K]?: V };

  return {
    at: now,
    windowMs,
    version: known.version,
    ...given('configVersion', gauge(after, 'headroom_config_info')?.labels.version),
    ...given('faultyConfig', known.faultyConfig),
    state: known.state,
    services: known.presence
      .map(({ service, instance, startedAt, at }) => ({
        ...{ service, instance, startedAt },
        seenAgoMs: Math.max(0, now - at),
      }))
      .sort((a, b) => a.service.localeCompare(b.service) || a.instance.localeCompare(b.instance)),
    workers: known.presence
      .filter(({ service }) => service === 'worker')
      .map(({ instance }) => ({
        instance,
        models: loadedModels(known, instance),
        countedPerSecond: rate('headroom_frames_counted_total', { instance }),
        ...given('inference', inWindow('headroom_inference_seconds', { instance })),
        crashes: total(after, 'headroom_inference_crashes_total', { instance }),
      }))
      .sort((a, b) => a.instance.localeCompare(b.instance)),
    ...given('queue', known.queue && { ...known.queue, ...given('wait', inWindow('headroom_queue_wait_seconds')) }),
    latency: {
      ...given('captureToReading', inWindow('headroom_capture_to_reading_seconds')),
      ...given('captureToPush', inWindow('headroom_capture_to_push_seconds', { instance: known.instance })),
    },
    drops: labelValues(after, 'headroom_frames_dropped_total', 'reason').map((reason) => ({
      reason,
      total: total(after, 'headroom_frames_dropped_total', { reason }),
      recent: windowMs > 0 ? rise(before, after, 'headroom_frames_dropped_total', { reason }) : 0,
    })),
    cameras: known.cameras.map(({ id, name, sampleFps }) => {
      const reading = known.readings.find(({ cameraId }) => cameraId === id);
      const connection = known.connections.get(id);
      const camera = { camera: id };
      return {
        cameraId: id,
        name,
        status: reading?.status ?? 'no-signal',
        ...given('reason', reading && reading.status !== 'ok' ? reading.reason : undefined),
        ...given('connection', connection),
        wantedFps: sampleFps,
        sampledFps: rate('headroom_frames_sampled_total', camera),
        countedFps: rate('headroom_frames_counted_total', camera),
        ...given('pictureAgeMs', reading?.capturedAt === undefined ? undefined : now - reading.capturedAt),
        reconnects: total(after, 'headroom_camera_restarts_total', camera),
        recentDrops: windowMs > 0 ? rise(before, after, 'headroom_frames_dropped_total', camera) : 0,
      };
    }),
    ...given('redis', known.redis),
    ...given('disk', diskOf(after)),
    ...given('database', databaseOf(after)),
  };
}

function loadedModels({ models }: Known, instance: string): string[] {
  const own = models.find((worker) => worker.instance === instance)?.models ?? [];
  return own.filter(({ loaded }) => loaded).map(({ name, version }) => (version ? `${name}@${version}` : name));
}

/** @returns undefined while nobody says it */
function diskOf(sample: Sample): SystemReport['disk'] {
  const freeBytes = gauge(sample, 'headroom_data_disk_free_bytes')?.value;
  const totalBytes = gauge(sample, 'headroom_data_disk_bytes')?.value;
  if (freeBytes === undefined || !totalBytes) return undefined;
  return { freeBytes, totalBytes, low: freeBytes < Math.max(DISK_LOW.bytes, DISK_LOW.share * totalBytes) };
}

function databaseOf(sample: Sample): SystemReport['database'] {
  const series = gauge(sample, 'headroom_database_bytes');
  if (!series) return undefined;
  return { kind: series.labels.kind === 'postgresql' ? 'postgresql' : 'sqlite', bytes: series.value };
}
