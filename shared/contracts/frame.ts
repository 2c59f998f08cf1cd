/** One sampled picture. The pixels lie in one overwritten Redis key per camera; a job only points at it. */
import { z } from 'zod';
import { EpochMs, Id } from './common.ts';

export const FrameMeta = z.object({
  cameraId: Id,
  /** Rises by at least one with every sampled picture of the camera, across restarts. */
  seq: z.number().int().positive(),
  /** Arrival of the decoded picture at ingest, less what it is known to be late. Carried unchanged to the alert. */
  capturedAt: EpochMs,
  widthPx: z.number().int().positive(),
  heightPx: z.number().int().positive(),
});
export type FrameMeta = z.infer<typeof FrameMeta>;

/** A frame with its picture, as the worker receives it. */
export type Frame = FrameMeta & { jpeg: Buffer };

/** Job data: a pointer. No picture, no URL, no secret. */
export const FrameJob = z.object({ cameraId: Id });
export type FrameJob = z.infer<typeof FrameJob>;
