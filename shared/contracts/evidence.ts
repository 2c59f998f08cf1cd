/** Evidence: the picture and heat map that a change of level was decided on. */
import { z } from 'zod';
import { AlertLevel, AlertMode } from './alert.ts';
import { EvidencePart } from './alert-command.ts';
import { EpochMs, Id } from './common.ts';

/** How much of people is kept: nothing, no picture at all, a picture with people made unrecognisable, the picture. */
export const EvidencePrivacy = z.enum(['off', 'heatmap', 'blurred', 'picture']);
export type EvidencePrivacy = z.infer<typeof EvidencePrivacy>;

export const EVIDENCE_TYPES: Record<EvidencePart, string> = {
  picture: 'image/jpeg',
  heat: 'image/png',
  map: 'application/octet-stream',
};

/** Why there is nothing, or nothing any more. An alert never waits for its evidence. */
export const EvidenceGap = z.enum([
  'picture-gone',
  'picture-store-away',
  'picture-unreadable',
  'disk-low',
  'disk-failed',
  'interrupted',
]);
export type EvidenceGap = z.infer<typeof EvidenceGap>;

const EvidenceFile = z.object({ bytes: z.number().int().positive(), sha256: z.string() });

/** What is kept of one event. `pending` lasts for seconds: while the picture is being made unrecognisable and written. */
export const Evidence = z.object({
  eventId: z.string(),
  alertId: z.string(),
  sequence: z.number().int().positive(),
  cameraId: Id,
  zoneId: Id,
  mode: AlertMode,
  level: AlertLevel,
  /** Capture of the picture: the event's own. */
  capturedAt: EpochMs,
  at: EpochMs,
  privacy: EvidencePrivacy,
  state: z.enum(['pending', 'kept', 'missing']),
  gap: EvidenceGap.optional(),
  widthPx: z.number().int().positive().optional(),
  heightPx: z.number().int().positive().optional(),
  files: z.partialRecord(EvidencePart, EvidenceFile),
});
export type Evidence = z.infer<typeof Evidence>;

/** The answer to `read-evidence`. */
export const EvidenceContent = z.object({ part: EvidencePart, base64: z.string(), sha256: z.string() });

/** Where the gateway lists an alert's evidence. */
export const evidencePath = (alertId: string): string => `/api/alerts/${encodeURIComponent(alertId)}/evidence`;

/**
 * Pictures of the last seconds of a camera, so that the one a decision was made on is still there when the decision
 * falls. A ring of few keys in the frames database, each with a short life: its size never depends on time or load.
 */
export const RECENT_PICTURES = 16;
export const RECENT_LIFE_MS = 10_000;

/** Hash: seq, capturedAt, widthPx, heightPx, heatmap, and jpeg unless pictures are not kept. */
export const recentPictureKey = (cameraId: string, seq: number): string =>
  `headroom:recent:${cameraId}:${seq % RECENT_PICTURES}`;
