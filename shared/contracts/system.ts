/** What is known of this installation at one moment: who runs, how fast, what is lost, what is full. */
import { z } from 'zod';
import { CameraState } from './camera.ts';
import { EpochMs, Id } from './common.ts';
import { SystemState } from './socket.ts';

/** Of times within the last minute; absent where there was none. */
export const Percentiles = z.object({ p50Ms: z.number().min(0), p99Ms: z.number().min(0) });
export type Percentiles = z.infer<typeof Percentiles>;

const perSecond = z.number().min(0);
const bytes = z.number().min(0);

export const SystemReport = z.object({
  at: EpochMs,
  /** Rates, percentiles and "recent" figures are over this time; 0 until there are two looks at the metrics. */
  windowMs: z.number().min(0),
  /** Headroom's version. */
  version: z.string(),
  /** Thresholds, zones, calibration and receivers in force, as in every alert; absent while no alerts service runs. */
  configVersion: z.string().optional(),
  /**
   * Name of the configuration file where it has faults now: an older state of it is in force. A service that ends starts
   * with that state again, where a copy could be kept beside the file.
   */
  faultyConfig: z.string().optional(),
  state: SystemState,
  services: z.array(
    z.object({
      service: z.string(),
      instance: z.string(),
      startedAt: EpochMs,
      /** Age of its last sign of life, ms. */
      seenAgoMs: z.number().min(0),
    }),
  ),
  workers: z.array(
    z.object({
      instance: z.string(),
      /** Loaded models, `name@version`. */
      models: z.array(z.string()),
      countedPerSecond: perSecond,
      /** Model time for one picture. */
      inference: Percentiles.optional(),
      /** Inference processes replaced since it started. */
      crashes: z.number().int().min(0),
    }),
  ),
  /** Frame jobs; absent when Redis does not answer. */
  queue: z
    .object({ waiting: z.number().int().min(0), active: z.number().int().min(0), wait: Percentiles.optional() })
    .optional(),
  latency: z.object({
    captureToReading: Percentiles.optional(),
    /** From capture to the push of the count by this gateway. */
    captureToPush: Percentiles.optional(),
  }),
  /** Pictures that were not counted, by reason; reasons that never occurred are there with 0. */
  drops: z.array(z.object({ reason: z.string(), total: z.number().int().min(0), recent: z.number().int().min(0) })),
  cameras: z.array(
    z.object({
      cameraId: Id,
      name: z.string(),
      status: z.enum(['ok', 'stale', 'no-signal', 'degraded']),
      /** Why there is no count. */
      reason: z.string().optional(),
      /** What ingest says; absent before its first word. */
      connection: CameraState.pick({ phase: true, reason: true, since: true, attempt: true, node: true }).optional(),
      wantedFps: perSecond,
      sampledFps: perSecond,
      countedFps: perSecond,
      /** Age of the newest counted picture, ms. */
      pictureAgeMs: z.number().optional(),
      /** Ends of the camera's connection since ingest started. */
      reconnects: z.number().int().min(0),
      /** Pictures of it that were not counted. */
      recentDrops: z.number().int().min(0),
    }),
  ),
  redis: z
    .object({
      state: z.object({ usedBytes: bytes, maxBytes: bytes.optional() }),
      frames: z.object({ usedBytes: bytes, maxBytes: bytes.optional() }),
      /** Both databases lie on one server: the figures are the same memory. */
      sameServer: z.boolean(),
    })
    .optional(),
  /** The disk under the data folder, as the alerts service sees it. */
  disk: z.object({ freeBytes: bytes, totalBytes: bytes, low: z.boolean() }).optional(),
  database: z.object({ kind: z.enum(['sqlite', 'postgresql']), bytes: bytes.optional() }).optional(),
});
export type SystemReport = z.infer<typeof SystemReport>;

/** Below this share or this much free space, whichever comes first, the disk counts as low. */
export const DISK_LOW = { share: 0.05, bytes: 2 * 1024 ** 3 } as const;
