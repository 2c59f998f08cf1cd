/**
 * Readings: what the worker found in one picture, and what a client is told.
 * Only an `ok` reading carries a count, so that a lost picture can never be read as an empty square.
 */
import { z } from 'zod';
import { RaisedLevel } from './alert.ts';
import { SourceFailure } from './camera.ts';
import { EpochMs, Id, Interval } from './common.ts';

/** Fruin's level of service (1971): how comfortable people move or wait. Information, no alarm: F begins far below a crush. */
export const LevelOfService = z.object({
  letter: z.enum(['A', 'B', 'C', 'D', 'E', 'F']),
  /** Which of Fruin's three scales, from the zone's profile. */
  scale: z.enum(['walkway', 'stairs', 'queue']),
});
export type LevelOfService = z.infer<typeof LevelOfService>;

/** What levels are measured by: peak people per m², or people (shares of a capacity are people, too). */
export const TrendMeasure = z.enum(['density', 'count']);
export type TrendMeasure = z.infer<typeof TrendMeasure>;

/** When a zone comes to its next level if it goes on filling as it does. */
export const ZoneForecast = z.object({
  /** The first level above the figure of now. */
  level: RaisedLevel,
  measure: TrendMeasure,
  /** Where that level begins, people per m² or people. */
  limit: z.number().positive(),
  /** From the picture on, ms. At most an hour: what is further away is not told. */
  inMs: z.number().int().min(0),
  /** The same by the two ends of the slope's 95 % interval; the figure of now is taken as it is. */
  inMsInterval: z.tuple([z.number().int().min(0), z.number().int().min(0)]),
});
export type ZoneForecast = z.infer<typeof ZoneForecast>;

/**
 * How a zone has moved over the last three to five minutes (`alerts.trendMinMs`, `alerts.trendWindowMs`). Only what is
 * certain is there: slopes whose 95 % interval leaves zero out.
 */
export const ZoneTrend = z.object({
  /** Net people per minute; negative while the zone empties. */
  peoplePerMin: z.number().optional(),
  /** 95 % interval of the slope. */
  peoplePerMinInterval: z.tuple([z.number(), z.number()]).optional(),
  /** Only while the guarded figure rises. */
  forecast: ZoneForecast.optional(),
});
export type ZoneTrend = z.infer<typeof ZoneTrend>;

/** People in one zone of the picture. Uncalibrated zones give counts, never people per square metre. */
export const ZoneReading = z.object({
  zoneId: Id,
  name: z.string(),
  count: z.number().min(0),
  interval: Interval,
  /** False until the camera's ground is calibrated: then no figure per square metre exists. */
  calibrated: z.boolean(),
  /** Mean density of the zone's ground, people per m². Only where calibrated. */
  peoplePerSqm: z.number().min(0).optional(),
  /** 90 % interval of the mean density, from the model's spread. */
  peoplePerSqmInterval: Interval.optional(),
  /** Highest density over patches of at least 4 m², people per m². Only where calibrated. */
  peakPeoplePerSqm: z.number().min(0).optional(),
  /** 90 % interval of the density of that fullest patch, from the model's spread. */
  peakPeoplePerSqmInterval: Interval.optional(),
  /** Of the mean density. Only where calibrated. */
  levelOfService: LevelOfService.optional(),
  /** Count over capacity, where the zone states one. */
  occupancy: z.number().min(0).optional(),
  /** Added by the gateway, which sees every picture of a camera; missing while nothing is certain. */
  trend: ZoneTrend.optional(),
});
export type ZoneReading = z.infer<typeof ZoneReading>;

/** `no-room`: along the picture's edge, or at the horizon, nobody can be seen on both sides of a line. */
export const LineDoubt = z.enum(['too-few-pictures', 'too-crowded', 'no-room']);
export type LineDoubt = z.infer<typeof LineDoubt>;

/** People that went over a line. Passes are counted: who goes in and comes back counts once each way. */
export const LineReading = z.object({
  lineId: Id,
  name: z.string(),
  /** People in and out since `since`. */
  in: z.number().int().min(0),
  out: z.number().int().min(0),
  since: EpochMs,
  /** `midnight` of the camera's time zone; `start` where counting began, or had to begin anew, within the day. */
  from: z.enum(['midnight', 'start']),
  /** Of the time since then, without usable pictures: people may have passed unseen, ms. */
  blindMs: z.number().int().min(0),
  /** People over the last minute; missing before a minute was watched, and while too much of it is unseen. */
  inPerMin: z.number().int().min(0).optional(),
  outPerMin: z.number().int().min(0).optional(),
  /** Why the figures are not to be trusted; missing while they are. */
  doubt: LineDoubt.optional(),
});
export type LineReading = z.infer<typeof LineReading>;

export const ModelUse = z.object({
  name: z.string(),
  version: z.string(),
  steps: z.number().int().min(1),
  warmStart: z.boolean(),
});
export type ModelUse = z.infer<typeof ModelUse>;

/** A camera of a drill: see drill.ts. */
const exercise = z.literal(true).optional();

const head = { exercise, cameraId: Id, seq: z.number().int().positive(), capturedAt: EpochMs };

const okFields = {
  status: z.literal('ok'),
  /** People in the picture. */
  count: z.number().min(0),
  interval: Interval,
  /** Located heads (local peaks of the map). */
  heads: z.number().int().min(0),
  zones: z.array(ZoneReading),
  /** Only of cameras with lines. */
  lines: z.array(LineReading).optional(),
  model: ModelUse,
  /** When the worker published it. */
  publishedAt: EpochMs,
};

/** Why a picture was not counted though it arrived. */
export const DegradedReason = z.enum([
  'invalid-output',
  'undecodable',
  'inference-failed',
  'decode-errors',
  'decoding-behind',
  'frozen',
  'black',
  'blurred',
  'moved',
  'resolution-changed',
]);
export type DegradedReason = z.infer<typeof DegradedReason>;

/** How the zone or line was drawn when the picture was counted (`drawnOf`); earlier workers do not say. */
const drawn = z.string().optional();
export const CountedZone = ZoneReading.extend({ drawn });
export type CountedZone = z.infer<typeof CountedZone>;
export const CountedLine = LineReading.extend({ drawn });
export type CountedLine = z.infer<typeof CountedLine>;

/** What the worker publishes for one picture. */
export const WorkerReading = z.discriminatedUnion('status', [
  z.object({ ...head, ...okFields, zones: z.array(CountedZone), lines: z.array(CountedLine).optional() }),
  z.object({ ...head, status: z.literal('degraded'), reason: DegradedReason, publishedAt: EpochMs }),
]);
export type WorkerReading = z.infer<typeof WorkerReading>;

/** Why a reading has no count. */
export const SilentReason = z.union([
  SourceFailure,
  DegradedReason,
  z.enum(['no-picture-yet', 'inference-behind', 'ingest-down']),
]);
export type SilentReason = z.infer<typeof SilentReason>;

/** What clients receive. `seq` and `capturedAt` of a silent reading are those of the last picture, if there was one. */
export const PublicReading = z.discriminatedUnion('status', [
  z.object({ type: z.literal('reading'), ...head, ...okFields }),
  z.object({
    type: z.literal('reading'),
    exercise,
    cameraId: Id,
    seq: z.number().int().positive().optional(),
    capturedAt: EpochMs.optional(),
    status: z.enum(['stale', 'no-signal', 'degraded']),
    reason: SilentReason,
    detail: z.string().optional(),
    /** Since when the camera has been without a count. */
    since: EpochMs,
    zones: z.array(z.object({ zoneId: Id, name: z.string() })),
  }),
]);
export type PublicReading = z.infer<typeof PublicReading>;
