/** What is kept over time: readings, people over lines, and orders. */
import { z } from 'zod';
import { EpochMs, Id } from './common.ts';

/** A span of time of one zone, or of the whole picture. Spans without a single counted picture are missing, not zero. */
export const HistoryPoint = z.object({
  cameraId: Id,
  zoneId: Id.optional(),
  /** Begin of the span. */
  at: EpochMs,
  /** Length of the span; a day of a time zone lasts 23 to 25 hours. */
  stepMs: z.number().int().positive(),
  /** Of it, counted, by the ten-second or minute spans it is made of: the rest was blind, or is still to come, ms. */
  countedMs: z.number().int().positive(),
  /** Counted pictures in it. */
  samples: z.number().int().positive(),
  countMean: z.number().min(0),
  countMin: z.number().min(0),
  countMax: z.number().min(0),
  /** Means of the bounds of the counts' 90 % intervals; missing where they were not kept yet. */
  countLow: z.number().min(0).optional(),
  countHigh: z.number().min(0).optional(),
  /** People per m², mean of the zone's ground; only where calibrated. */
  densityMean: z.number().min(0).optional(),
  /** Highest peak density of the span. */
  densityPeak: z.number().min(0).optional(),
});
export type HistoryPoint = z.infer<typeof HistoryPoint>;

/** What went over a line in a span of time. Spans without a counted picture are missing, not zero. */
export const LineHistoryPoint = z.object({
  cameraId: Id,
  lineId: Id,
  /** Begin of the span. */
  at: EpochMs,
  stepMs: z.number().int().positive(),
  /** People that went in and out. */
  in: z.number().int().min(0),
  out: z.number().int().min(0),
  /** Time the two figures are of: longer than the span where it ends a time in which nobody wrote anything down, ms. */
  coveredMs: z.number().int().min(0),
  /** Of that time, without usable pictures: people may have passed unseen, ms. */
  blindMs: z.number().int().min(0),
  /** Whether the line doubted its figures: too few pictures a second, or too crowded. */
  doubtful: z.boolean(),
});
export type LineHistoryPoint = z.infer<typeof LineHistoryPoint>;

/** Spans one answer holds at most. */
export const HISTORY_POINTS_MAX = 5000;

/** One order that was carried out: who, when, what, and what came of it. */
export const AuditEntry = z.object({
  commandId: z.string(),
  at: EpochMs,
  actor: z.string(),
  /** Such as `acknowledge`, `silence`, `start-drill`, `delete-evidence`. */
  what: z.string(),
  /** The order itself, without what stands above. */
  order: z.record(z.string(), z.unknown()),
  ok: z.boolean(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;
