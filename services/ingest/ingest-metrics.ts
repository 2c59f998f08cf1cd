import { Counter, Gauge, type Registry } from '../../shared/runtime/metrics.ts';

/** Why a sampled picture never reached the queue. */
export type DropReason = 'superseded' | 'redis-unavailable' | 'gated';
const DROP_REASONS: DropReason[] = ['superseded', 'redis-unavailable', 'gated'];

export type IngestMetrics = ReturnType<typeof createIngestMetrics>;

export function createIngestMetrics(registry: Registry) {
  const registers = [registry];
  const metrics = {
    sampled: new Counter({
      name: 'headroom_frames_sampled_total',
      help: 'Pictures taken from the camera',
      labelNames: ['camera'],
      registers,
    }),
    dropped: new Counter({
      name: 'headroom_frames_dropped_total',
      help: 'Pictures that were not counted',
      labelNames: ['camera', 'reason'],
      registers,
    }),
    restarts: new Counter({
      name: 'headroom_camera_restarts_total',
      help: 'Ends of ffmpeg sessions',
      labelNames: ['camera', 'reason'],
      registers,
    }),
    decodeErrors: new Counter({
      name: 'headroom_decode_errors_total',
      help: 'Errors told by the video decoder',
      labelNames: ['camera'],
      registers,
    }),
    live: new Gauge({
      name: 'headroom_camera_live',
      help: '1 while pictures arrive',
      labelNames: ['camera'],
      registers,
    }),
    /** Creates a camera's series at zero. */
    camera(id: string): void {
      metrics.sampled.inc({ camera: id }, 0);
      metrics.decodeErrors.inc({ camera: id }, 0);
      metrics.live.set({ camera: id }, 0);
      for (const reason of DROP_REASONS) metrics.dropped.inc({ camera: id, reason }, 0);
    },
    /** A camera that is watched no more is neither live nor lost. */
    forget(id: string): void {
      metrics.live.remove({ camera: id });
    },
  };
  return metrics;
}
