/** The configuration over REST: what the set-up pages read, send and are told. */
import { z } from 'zod';
import { AlertLevel, RaisedLevel, RuleKind } from './alert.ts';
import { EpochMs, Id } from './common.ts';

/** A camera as it stands in the file: settings left out have their default. Secrets of its address are `***`. */
export const CameraSettings = z.looseObject({ id: Id, url: z.string() });
export type CameraSettings = z.infer<typeof CameraSettings>;

/** A fault by its field, such as `zones[0].polygon`; never tells the value. */
export const FieldIssue = z.object({ field: z.string(), rule: z.string() });
export type FieldIssue = z.infer<typeof FieldIssue>;

/** Why the file is not written; `no-log-in`: it may be changed from this machine only. */
export const ReadOnlyReason = z.enum([
  'never',
  'no-log-in',
  'no-file',
  'unreadable',
  'unwritable',
  'mounted',
  'not-utf8',
]);
export type ReadOnlyReason = z.infer<typeof ReadOnlyReason>;

export const ConfigView = z.object({
  /** State of the file; changes send it as If-Match. */
  version: z.string(),
  file: z.string(),
  /** Faults of the file as it is now, by field or line; the configuration in force is an older one then. */
  faults: z.array(FieldIssue).optional(),
  /** Absent where changes are taken. */
  readOnlyBecause: z.string().optional(),
  /** The same as a code. */
  readOnlyReason: ReadOnlyReason.optional(),
  cameras: z.array(CameraSettings),
  /** Thresholds and times in force, defaults included. */
  alerts: z.record(z.string(), z.unknown()),
  /** Schemes a camera's address may have. */
  schemes: z.array(z.string()),
});
export type ConfigView = z.infer<typeof ConfigView>;

export const ConfigSaved = z.object({ version: z.string(), camera: CameraSettings.optional() });
export type ConfigSaved = z.infer<typeof ConfigSaved>;

/** Who changed what when; the settings themselves are not repeated. */
export const ConfigChange = z.object({
  at: EpochMs,
  actor: z.string(),
  /** Such as `camera gate-3 changed`. */
  what: z.string(),
  before: z.string(),
  version: z.string(),
});
export type ConfigChange = z.infer<typeof ConfigChange>;

/** When a rule would have raised which level. */
export const TrialEpisode = z.object({
  rule: RuleKind,
  from: EpochMs,
  /** Absent while it would still be on. */
  to: EpochMs.optional(),
  peakLevel: AlertLevel,
  /** When each level was first reached in this episode. */
  reached: z.partialRecord(RaisedLevel, EpochMs),
});
export type TrialEpisode = z.infer<typeof TrialEpisode>;

/** Thresholds tried out on the past of one zone. */
export const ThresholdTrial = z.object({
  from: EpochMs,
  to: EpochMs,
  /** Ten-second spans with a count, and those that also have a density. */
  spans: z.number().int().nonnegative(),
  spansWithDensity: z.number().int().nonnegative(),
  /** Rules that were tried. */
  rules: z.array(RuleKind),
  highestCount: z.number().optional(),
  highestDensity: z.number().optional(),
  episodes: z.array(TrialEpisode),
});
export type ThresholdTrial = z.infer<typeof ThresholdTrial>;
