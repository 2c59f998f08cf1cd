/** What is asked of the alerts service, by operators and by the gateway, and what it answers. */
import { z } from 'zod';
import { RaisedLevel, RuleKind } from './alert.ts';
import { EpochMs, Id, TimeZone } from './common.ts';

/** `picture`: JPEG. `heat`: the heat map drawn, PNG with a clear ground, to lay over the picture. `map`: its figures. */
export const EvidencePart = z.enum(['picture', 'heat', 'map']);
export type EvidencePart = z.infer<typeof EvidencePart>;

const ordered = { commandId: z.string().min(8).max(80), actor: z.string().trim().min(1).max(120) };
const text = z.string().trim().min(1).max(2000);

/** What operators do about alerts, over REST and the live socket alike. */
export const OperatorCommand = z.discriminatedUnion('type', [
  z.object({ ...ordered, type: z.literal('acknowledge'), alertId: z.string(), note: text.optional() }),
  z.object({ ...ordered, type: z.literal('comment'), alertId: z.string(), note: text }),
  /** One step up the chain at once, by hand. */
  z.object({ ...ordered, type: z.literal('escalate'), alertId: z.string(), note: text.optional() }),
  z.object({ ...ordered, type: z.literal('assign'), alertId: z.string(), assignee: z.string().trim().min(1).max(120) }),
  // Strict: without its misspelt camera a silence would be one of the whole site.
  z.strictObject({
    ...ordered,
    type: z.literal('silence'),
    cameraId: Id.optional(),
    zoneId: Id.optional(),
    rule: RuleKind.optional(),
    upToLevel: RaisedLevel,
    reason: z.string().trim().min(1).max(500),
    durationMs: z.number().int().min(1000).max(86_400_000),
  }),
  z.object({ ...ordered, type: z.literal('end-silence'), silenceId: z.string() }),
]);
export type OperatorCommand = z.infer<typeof OperatorCommand>;

/** What the gateway may ask of the alerts service. `commandId` makes a repeated request harmless. */
export const AlertCommand = z.discriminatedUnion('type', [
  OperatorCommand,
  z.object({
    ...ordered,
    type: z.literal('list-events'),
    afterOffset: z.number().int().nonnegative().default(0),
    limit: z.number().int().min(1).max(1000).default(200),
    cameraId: Id.optional(),
    zoneId: Id.optional(),
    alertId: z.string().optional(),
    /** Not earlier and not later than this. */
    from: EpochMs.optional(),
    to: EpochMs.optional(),
  }),
  z.object({
    ...ordered,
    type: z.literal('list-history'),
    cameraId: Id,
    /** A zone, or '' for the whole picture; all of the camera when left out. */
    zoneId: Id.or(z.literal('')).optional(),
    from: EpochMs,
    to: EpochMs,
    /** Ten seconds reach back hours, whole minutes months. */
    stepMs: z.number().int().min(10_000).max(86_400_000).multipleOf(10_000).default(60_000),
    /** Whose midnight begins spans of a whole day; UTC by default. */
    timeZone: TimeZone.optional(),
  }),
  z.object({
    ...ordered,
    type: z.literal('list-line-history'),
    cameraId: Id,
    lineId: Id,
    from: EpochMs,
    to: EpochMs,
    stepMs: z.number().int().min(60_000).max(86_400_000).multipleOf(60_000).default(60_000),
    timeZone: TimeZone.optional(),
  }),
  z.object({
    ...ordered,
    type: z.literal('try-thresholds'),
    zoneId: Id,
    /** A camera as in the configuration; its address has no part in it. */
    camera: z.record(z.string(), z.unknown()),
  }),
  z.object({ ...ordered, type: z.literal('list-silences') }),
  /** A shipped scenario by name, or a whole one. */
  z.object({
    ...ordered,
    type: z.literal('start-drill'),
    name: z.string().min(1).max(63).optional(),
    scenario: z.unknown().optional(),
  }),
  z.object({ ...ordered, type: z.literal('stop-drill') }),
  z.object({ ...ordered, type: z.literal('list-drills') }),
  /** Everything that was ordered and done, the newest first. */
  z.object({
    ...ordered,
    type: z.literal('list-audit'),
    from: EpochMs.optional(),
    to: EpochMs.optional(),
    /** Only what comes after this entry: the next page. */
    after: z.object({ at: EpochMs, commandId: z.string() }).optional(),
    limit: z.number().int().min(1).max(1000).default(200),
  }),
  z.object({ ...ordered, type: z.literal('list-thresholds') }),
  /** Confirms the version in force; refused when it is another by now. */
  z.object({
    ...ordered,
    type: z.literal('sign-thresholds'),
    configVersion: z.string().min(1).max(64),
    role: z.string().trim().min(1).max(120).optional(),
    note: text.optional(),
  }),
  z.object({ ...ordered, type: z.literal('list-evidence'), alertId: z.string() }),
  z.object({ ...ordered, type: z.literal('read-evidence'), eventId: z.string(), part: EvidencePart }),
  z.object({ ...ordered, type: z.literal('list-deliveries'), endpoint: Id.optional(), eventId: z.string().optional() }),
  z.object({ ...ordered, type: z.literal('replay-delivery'), deliveryId: z.string() }),
  z.object({ ...ordered, type: z.literal('enable-endpoint'), endpoint: Id }),
  z.object({ ...ordered, type: z.literal('test-endpoint'), endpoint: Id }),
]);
export type AlertCommand = z.infer<typeof AlertCommand>;

/** The answer to a command. `body` depends on the command: an event, a silence, or a list. */
export const AlertReply = z.discriminatedUnion('ok', [
  z.object({ commandId: z.string(), ok: z.literal(true), body: z.unknown() }),
  z.object({
    commandId: z.string(),
    ok: z.literal(false),
    code: z.enum([
      'unknown-alert',
      'unknown-silence',
      'unknown-endpoint',
      'unknown-delivery',
      'unknown-evidence',
      'other-version',
      'unknown-drill',
      'unknown-scenario',
      'drill-running',
      'real-alert',
      'not-replayable',
      'unavailable',
      'invalid',
    ]),
    message: z.string(),
  }),
]);
export type AlertReply = z.infer<typeof AlertReply>;
