/**
 * Looking at a camera before it is configured. The gateway asks, an ingest node looks: it has ffmpeg, the network of the
 * cameras and their secrets. They meet in the frames database, which is never written to a disk: addresses hold
 * passwords.
 */
import { z } from 'zod';
import { SourceFailure } from './camera.ts';
import { EpochMs, Id } from './common.ts';

/** Longest time a node takes over one camera: connecting, first picture, measuring the rate, ending ffmpeg. */
export const PROBE_LIMIT_MS = 18_000;

export const ProbeRequest = z.object({
  probeId: z.string().min(8).max(80),
  /** Full address, with its password or `${NAME}`. */
  url: z.string().min(1).max(2000),
  /** Nobody waits for the answer any more after this. */
  until: EpochMs,
});
export type ProbeRequest = z.infer<typeof ProbeRequest>;

/** Why a camera could not be looked at, besides what ingest says of any camera. */
export const ProbeFailure = z.union([
  SourceFailure,
  /** The address is none, or its scheme is not allowed. */
  z.literal('bad-address'),
  /** An environment variable of the address is not set where ingest runs. */
  z.literal('secret-missing'),
]);
export type ProbeFailure = z.infer<typeof ProbeFailure>;

export const ProbeResult = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    /** As ffmpeg names it: `h264`, `hevc`, `mjpeg`. */
    codec: z.string(),
    /** Profile and pixel format as ffmpeg prints them. */
    stream: z.string(),
    /** The camera's own size; unknown where ffmpeg did not say. */
    widthPx: z.number().int().positive(),
    heightPx: z.number().int().positive(),
    /** What the stream states, and what came. */
    declaredFps: z.number().positive().optional(),
    measuredFps: z.number().min(0),
    firstPictureMs: z.number().int().min(0),
  }),
  /** `detail` is in plain English and holds no address. */
  z.object({ ok: z.literal(false), code: ProbeFailure, detail: z.string() }),
]);
export type ProbeResult = z.infer<typeof ProbeResult>;

/** The answer over REST: with the first picture. */
export const ProbeAnswer = z.object({
  result: ProbeResult,
  /** First picture, JPEG in base64. */
  pictureBase64: z.string().optional(),
});
export type ProbeAnswer = z.infer<typeof ProbeAnswer>;

/** Keys of the frames database. */
export const probeKeys = {
  /** List of ProbeRequest JSON, oldest last, with expiry. */
  requests: 'headroom:probe-requests',
  /** List with expiry: one ProbeResult JSON, then the JPEG if there is one. */
  reply: (probeId: string) => `headroom:probe-reply:${probeId}`,
};

/** A camera the question speaks of, whose stored secrets may be used. */
export const ProbeQuestion = z.object({
  url: z.string().min(1).max(2000).describe('Camera address; `***` stands for the secret stored for cameraId.'),
  cameraId: Id.optional(),
});
