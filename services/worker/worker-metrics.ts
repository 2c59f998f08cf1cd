import { Counter, Gauge, Histogram, LATENCY_BUCKETS_SECONDS, type Registry } from '../../shared/runtime/metrics.ts';

/** Why a job ended without a published reading. */
export type WorkerDropReason =
  | 'no-frame'
  | 'gated'
  | 'too-old'
  | 'already-counted'
  | 'fenced'
  | 'unknown-camera'
  | 'quarantined';
const DROP_REASONS: WorkerDropReason[] = [
  'no-frame',
  'gated',
  'too-old',
  'already-counted',
  'fenced',
  'unknown-camera',
  'quarantined',
];

export type WorkerMetrics = ReturnType<typeof createWorkerMetrics>;

export function createWorkerMetrics(registry: Registry) {
  const registers = [registry];
  const buckets = LATENCY_BUCKETS_SECONDS;
  const metrics = {
    counted: new Counter({
      name: 'headroom_frames_counted_total',
      help: 'Pictures counted',
      labelNames: ['camera'],
      registers,
    }),
    dropped: new Counter({
      name: 'headroom_frames_dropped_total',
      help: 'Pictures that were not counted',
      labelNames: ['camera', 'reason'],
      registers,
    }),
    degraded: new Counter({
      name: 'headroom_readings_degraded_total',
      help: 'Pictures whose count was withheld',
      labelNames: ['camera', 'reason'],
      registers,
    }),
    crashes: new Counter({
      name: 'headroom_inference_crashes_total',
      help: 'Inference processes replaced',
      labelNames: ['cause'],
      registers,
    }),
    replayLost: new Counter({
      name: 'headroom_replay_maps_lost_total',
      help: 'Heat maps for looking back that could not be kept',
      registers,
    }),
    modelInfo: new Gauge({
      name: 'headroom_model_info',
      help: '1 for every loaded model',
      labelNames: ['model', 'version'],
      registers,
    }),
    modelMemory: new Gauge({
      name: 'headroom_model_memory_bytes',
      help: 'Memory a model took in all inference processes when it was loaded',
      labelNames: ['model'],
      registers,
    }),
    modelRefused: new Gauge({
      name: 'headroom_model_refused',
      help: '1 while what lies in the model folder cannot be used and the model before goes on',
      labelNames: ['model'],
      registers,
    }),
    modelChanges: new Counter({
      name: 'headroom_model_changes_total',
      help: 'Models loaded or refused',
      labelNames: ['model', 'result'],
      registers,
    }),
    queueWait: new Histogram({
      name: 'headroom_queue_wait_seconds',
      help: 'From queueing to the start of the job',
      buckets,
      registers,
    }),
    decode: new Histogram({
      name: 'headroom_decode_seconds',
      help: 'Decoding and resizing one picture',
      buckets,
      registers,
    }),
    inference: new Histogram({
      name: 'headroom_inference_seconds',
      help: 'Model time for one picture',
      buckets,
      registers,
    }),
    age: new Histogram({
      name: 'headroom_capture_to_reading_seconds',
      help: 'From capture to the published reading',
      buckets,
      registers,
    }),
    camera(id: string): void {
      metrics.counted.inc({ camera: id }, 0);
      for (const reason of DROP_REASONS) metrics.dropped.inc({ camera: id, reason }, 0);
    },
  };
  for (const cause of ['crash', 'deadline']) metrics.crashes.inc({ cause }, 0);
  return metrics;
}
