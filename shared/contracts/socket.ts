/** The live socket `/ws`, subprotocol `headroom.v1`. State messages: the latest wins, a slow client skips some. */
import { z } from 'zod';
import { EpochMs, Id, PicturePoint } from './common.ts';
import { PublicReading } from './reading.ts';

export const SUBPROTOCOL = 'headroom.v1';

/** Our own close codes; 1001 (going away) and 1009 (too big) keep their usual meaning. */
export const CLOSE_CODES = { badRequest: 4400, subprotocol: 4406, slowConsumer: 4413, tooMany: 4429 } as const;

export const CameraInfo = z.object({
  id: Id,
  name: z.string(),
  sampleFps: z.number().positive(),
  /** Age above which a picture is no longer shown as live, ms. */
  staleAfterMs: z.number().positive(),
  zones: z.array(
    z.object({ id: Id, name: z.string(), polygon: z.array(PicturePoint), capacity: z.number().optional() }),
  ),
});
export type CameraInfo = z.infer<typeof CameraInfo>;

export const SystemState = z.object({
  ingest: z.enum(['up', 'down']),
  inference: z.enum(['up', 'down']),
  redis: z.enum(['up', 'down']),
});
export type SystemState = z.infer<typeof SystemState>;

export const ServerMessage = z.union([
  z.object({
    type: z.literal('snapshot'),
    serverTime: EpochMs,
    cameras: z.array(CameraInfo),
    readings: z.array(PublicReading),
    system: SystemState,
  }),
  PublicReading,
  z.object({ type: z.literal('cameras'), cameras: z.array(CameraInfo) }),
  z.object({ type: z.literal('heartbeat'), serverTime: EpochMs, system: SystemState }),
  z.object({ type: z.literal('error'), code: z.string(), message: z.string() }),
]);
export type ServerMessage = z.infer<typeof ServerMessage>;

export const ClientMessage = z.discriminatedUnion('type', [
  /** Asks for binary heat maps of these cameras; replaces the earlier list. */
  z.object({ type: z.literal('heatmaps'), cameraIds: z.array(Id).max(64) }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;
