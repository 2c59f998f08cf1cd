/**
 * Alerts: what the alerts service decides and announces. What it is asked: `alert-command.ts`.
 *
 * Two axes that never touch each other (ISA-18.2 / IEC 62682): the *condition* (what the cameras say) and the
 * *operator* (who has seen it). An acknowledgement clears nothing, and a cleared condition acknowledges nothing.
 */
import { z } from 'zod';
import { EpochMs, Id } from './common.ts';

/** Rising danger, in the order of the Korean national stages (관심, 주의, 경계, 심각). */
const ALERT_LEVELS = ['normal', 'attention', 'caution', 'alert', 'severe'] as const;
export const AlertLevel = z.enum(ALERT_LEVELS);
export type AlertLevel = z.infer<typeof AlertLevel>;

/** The levels a rule can raise. */
export const RAISED_LEVELS = ['attention', 'caution', 'alert', 'severe'] as const;
export const RaisedLevel = z.enum(RAISED_LEVELS);
export type RaisedLevel = z.infer<typeof RaisedLevel>;

/** What is shown: `unknown` where no fresh picture backs a level below `alert`. */
export const ShownLevel = z.enum([...ALERT_LEVELS, 'unknown']);
export type ShownLevel = z.infer<typeof ShownLevel>;

/** 0 for normal to 4 for severe. */
export const levelRank = (level: AlertLevel): number => ALERT_LEVELS.indexOf(level);

export const ConditionState = z.enum(['normal', 'pending', 'firing', 'recovering', 'no-data']);
export type ConditionState = z.infer<typeof ConditionState>;

export const RuleKind = z.enum([
  'zone-density',
  'zone-occupancy',
  'zone-count',
  'zone-fill-rate',
  'zone-forecast',
  'line-in',
  'line-out',
  'line-net',
  'line-counter-flow',
  'not-judged',
  'camera-picture',
  'inference-behind',
  'ingest-down',
]);
export type RuleKind = z.infer<typeof RuleKind>;

/** `exercise` and `test` travel with every message, so that a drill is never taken for the real thing (CAP 1.2). */
export const AlertMode = z.enum(['actual', 'exercise', 'test']);
export type AlertMode = z.infer<typeof AlertMode>;

export const AlertEventType = z.enum([
  'alert.firing',
  'alert.level_changed',
  'alert.no_data',
  'alert.data_restored',
  'alert.resolved',
  'alert.acknowledged',
  'alert.commented',
  'alert.assigned',
  'alert.escalated',
  'alert.silenced',
  'alert.silence_ended',
  'camera.stale',
  'camera.offline',
  'camera.degraded',
  'camera.recovered',
]);
export type AlertEventType = z.infer<typeof AlertEventType>;

/** Why a machine moved or stayed. The log, the metrics and the tests use these words. */
export const TransitionReason = z.enum([
  'calm',
  'pending-started',
  'pending-held',
  'pending-ended',
  'level-rose',
  'level-held',
  'clearing-started',
  'clearing-held',
  'clearing-stopped',
  'level-fell',
  'cleared',
  'picture-lost',
  'picture-missing',
  'picture-long-missing',
  'picture-back',
  'not-evaluable',
  'repeat',
  'rule-removed',
  'mode-changed',
  'operator',
  'nobody-acknowledged',
  'silence-over',
]);
export type TransitionReason = z.infer<typeof TransitionReason>;

/**
 * One entry of the append-only event log. `eventId` is the same however often it is derived, stored or sent;
 * `offset` rises by one within an `epoch` (one life of the database).
 */
export const AlertEvent = z.object({
  eventId: z.string(),
  epoch: z.string(),
  offset: z.number().int().positive(),
  type: AlertEventType,
  mode: AlertMode,
  exercise: z.literal(true).optional().describe('Beside the mode `exercise`: never the real thing.'),
  /** One alert is one episode of one rule: from the first raise to `resolved`. */
  alertId: z.string(),
  /** Rises by one with every event of the alert, from 1. */
  sequence: z.number().int().positive(),
  rule: RuleKind,
  cameraId: Id.optional(),
  zoneId: Id.optional(),
  lineId: Id.optional(),
  from: z.object({ level: AlertLevel, condition: ConditionState }),
  to: z.object({ level: AlertLevel, condition: ConditionState }),
  /** Highest level of the episode so far. */
  peakLevel: AlertLevel,
  reason: TransitionReason,
  /** The reading's own words, e.g. `no-signal: timeout`. */
  cause: z.string().optional(),
  value: z.number().optional(),
  /** Where `to.level` begins, in `unit`; on a fall, the threshold that was left. */
  threshold: z.number().optional(),
  /** Of `value` and `threshold`. */
  unit: z.string(),
  /** Capture of the newest picture behind this event. */
  capturedAt: EpochMs.optional(),
  at: EpochMs,
  model: z.string().optional(),
  /** Hash of the thresholds and rules in force. */
  configVersion: z.string(),
  /** Covered by a silence at the time: logged, but not sent to receivers. */
  silenced: z.boolean(),
  /** Escalation step reached; 0 before any. */
  escalation: z.number().int().nonnegative(),
  actor: z.string().optional(),
  note: z.string().optional(),
  /** Path of the alert's evidence at the gateway, where a picture decided this event and is kept. */
  evidence: z.string().optional(),
});
export type AlertEvent = z.infer<typeof AlertEvent>;

/** What operators did with one alert. */
export const OperatorState = z.object({
  acknowledged: z.object({ by: z.string(), at: EpochMs, level: AlertLevel }).optional(),
  /** Highest level above the acknowledged one since then, which nobody has acknowledged; an end does not take it away. */
  unheardLevel: RaisedLevel.optional(),
  assignee: z.string().optional(),
  escalation: z.number().int().nonnegative(),
  /** Time nobody has acknowledged for, counted towards the next escalation, ms. */
  unheardMs: z.number().nonnegative(),
});
export type OperatorState = z.infer<typeof OperatorState>;

/** An alert that is still on or not yet acknowledged: an ended one stays listed until its highest level was. */
export const ActiveAlert = z.object({
  alertId: z.string(),
  rule: RuleKind,
  cameraId: Id.optional(),
  zoneId: Id.optional(),
  lineId: Id.optional(),
  mode: AlertMode,
  exercise: z.literal(true).optional().describe('Beside the mode `exercise`: never the real thing.'),
  level: AlertLevel,
  /** Highest level of the episode. */
  peakLevel: AlertLevel,
  condition: ConditionState,
  shownLevel: ShownLevel,
  startedAt: EpochMs,
  changedAt: EpochMs,
  resolvedAt: EpochMs.optional(),
  value: z.number().optional(),
  /** Where the level in force begins, in `unit`; of an ended alert, of its last level. */
  threshold: z.number().optional(),
  /** Of `value` and `threshold`. */
  unit: z.string(),
  capturedAt: EpochMs.optional(),
  sequence: z.number().int().positive(),
  operator: OperatorState,
});
export type ActiveAlert = z.infer<typeof ActiveAlert>;

/** Mutes a camera, zone or rule kind up to a level, for a time. Anything higher breaks through. */
export const Silence = z.object({
  silenceId: z.string(),
  cameraId: Id.optional(),
  zoneId: Id.optional(),
  rule: RuleKind.optional(),
  upToLevel: RaisedLevel,
  reason: z.string().min(1).max(500),
  by: z.string(),
  createdAt: EpochMs,
  until: EpochMs,
});
export type Silence = z.infer<typeof Silence>;

/** How the leading alerts process is doing. It says so while it judges readings, and only then. */
export const AlertsHealth = z.object({
  /** Away: readings are judged, but what comes of it can be neither kept nor told until the database is back. */
  database: z.enum(['up', 'away']).default('up'),
  /** Deliveries that their receivers have not taken yet. */
  backlog: z.number().int().nonnegative(),
  /** How long the oldest of them has been waiting, ms. */
  oldestUnsentMs: z.number().nonnegative().optional(),
  /** Receivers whose last try failed, or that are disabled: since when, and what came of it. */
  failing: z.array(z.object({ endpoint: Id, since: EpochMs, outcome: z.string() })),
});
export type AlertsHealth = z.infer<typeof AlertsHealth>;

/** Keys of the state database that alerts and gateway share. */
export const alertKeys = {
  /** Stream of {body: AlertEvent JSON}, in order of offset, each once. */
  events: 'headroom:alert-events',
  /** Hash {epoch, offset, fence}: the last announced event and the leader that may announce. */
  announced: 'headroom:alert-announced',
  /** Hash: alertId -> ActiveAlert JSON. */
  active: 'headroom:alerts-active',
  /** Stream of {body: AlertCommand JSON}; the alerts service reads it. */
  commands: 'headroom:alert-commands',
  /** List with expiry, one AlertReply JSON: wait for it with BLPOP. */
  reply: (commandId: string) => `headroom:alert-reply:${commandId}`,
  /** String with expiry: AlertsHealth JSON. Absent: nobody leads, or the leader is stuck. */
  health: 'headroom:alerts-health',
  /** String with expiry: which alerts process leads. */
  lease: 'headroom:lease:alerts',
  /** String with expiry: the leader cannot reach the database; who can may take its place. */
  leaseOffer: 'headroom:lease:alerts:offer',
};
