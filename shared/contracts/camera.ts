/** What the services tell each other about a camera's connection. */
import { z } from 'zod';
import { EpochMs, Id } from './common.ts';

/** Why a camera gives no picture, in the words used by logs, metrics and messages alike. */
export const SourceFailure = z.enum([
  'auth-failed',
  'not-found',
  'unreachable',
  'refused',
  'timeout',
  'stalled',
  'ended',
  'corrupt',
  'decoding-behind',
  'late-picture',
  'forbidden-source',
  'ffmpeg-failed',
]);
export type SourceFailure = z.infer<typeof SourceFailure>;

/** Ingest's word on one camera. `live` only while decoded pictures come out of ffmpeg. */
export const CameraState = z.object({
  cameraId: Id,
  phase: z.enum(['connecting', 'live', 'no-signal']),
  reason: SourceFailure.optional(),
  /** Plain words for the operator; never holds a URL. */
  detail: z.string().optional(),
  since: EpochMs,
  /** Failed tries since the last live picture. */
  attempt: z.number().int().nonnegative(),
  retryAt: EpochMs.optional(),
  /** Pictures arrive, but are not to be counted; `detail` may say more. */
  trouble: z
    .enum(['decode-errors', 'decoding-behind', 'frozen', 'black', 'blurred', 'moved', 'resolution-changed'])
    .optional(),
  troubleSince: EpochMs.optional(),
  node: z.string(),
});
export type CameraState = z.infer<typeof CameraState>;
