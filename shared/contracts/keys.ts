/**
 * Where the services meet in Redis. Two databases: `frames` (pictures and maps, no persistence, may be lost at any
 * time) and `state` (queue, readings, leases).
 */
const PREFIX = 'headroom';

/** Keys of the frames database. */
export const frameKeys = {
  /** Hash: jpeg, seq, capturedAt, widthPx, heightPx, gated (1: to be shown, not counted). Overwritten by every sampled picture. */
  frame: (cameraId: string) => `${PREFIX}:frame:${cameraId}`,
  /** String: the newest heat map in its binary form. */
  heatmap: (cameraId: string) => `${PREFIX}:heatmap:${cameraId}`,
};

/** Keys of the state database. */
export const stateKeys = {
  /** BullMQ queue of frame jobs. */
  frameQueue: `${PREFIX}-frames`,
  /** Hash: cameraId -> CameraState. */
  cameraStates: `${PREFIX}:camera-states`,
  /** Hash: cameraId -> newest WorkerReading. */
  readings: `${PREFIX}:readings`,
  /** Hash: cameraId -> seq of the newest published reading: the fence. */
  readingFence: `${PREFIX}:reading-fence`,
  /** Stream of entries {kind: 'reading' | 'camera-state', body: JSON}: everything a listener needs, in order. */
  events: `${PREFIX}:events`,
  /** Hash: cameraId -> tracks and tallies of its lines. */
  lines: `${PREFIX}:lines`,
  /** Hash: cameraId -> the edges of its usual view. */
  views: `${PREFIX}:views`,
  /** String with expiry: which ingest node watches the camera. */
  cameraLease: (cameraId: string) => `${PREFIX}:lease:camera:${cameraId}`,
  /** String with expiry: a living service instance and its metrics. */
  presence: (service: string, instance: string) => `${PREFIX}:presence:${service}:${instance}`,
  presencePattern: `${PREFIX}:presence:*`,
};

/** Entries the event stream keeps, about: minutes of a busy site, so that a listener may be away for a while. */
export const EVENTS_KEPT = 20_000;
