/** The thresholds in force, as a safety officer confirms them. Holds no address and no secret. */
import { z } from 'zod';
import { AlertMode, RaisedLevel, RuleKind } from './alert.ts';
import { EpochMs, Id } from './common.ts';
import { EvidencePrivacy } from './evidence.ts';

/** What a receiver is spoken to as. */
export const ReceiverKind = z.enum(['webhook', 'alertmanager', 'mqtt']);
export type ReceiverKind = z.infer<typeof ReceiverKind>;

const ByLevel = z.partialRecord(RaisedLevel, z.number());

/** One rule of one zone, camera or the whole system: the very figures that alerts are raised by. */
export const RuleInForce = z.object({
  kind: RuleKind,
  /** Of a line's rule, among those of its camera. */
  lineId: Id.optional(),
  lineName: z.string().optional(),
  unit: z.string(),
  /** Whether high or low values are the dangerous ones. */
  dangerous: z.enum(['above', 'below']),
  raiseAt: ByLevel,
  clearAt: ByLevel,
  dwellMs: ByLevel,
  clearMs: z.number(),
  smoothMs: z.number(),
});
export type RuleInForce = z.infer<typeof RuleInForce>;

export const ThresholdSignature = z.object({
  at: EpochMs,
  configVersion: z.string(),
  actor: z.string(),
  role: z.string().optional(),
  note: z.string().optional(),
});
export type ThresholdSignature = z.infer<typeof ThresholdSignature>;

const ZoneInForce = z.object({
  id: Id,
  name: z.string(),
  profile: z.string(),
  importance: z.string(),
  capacity: z.number().optional(),
  rules: z.array(RuleInForce),
  idleLimits: z
    .array(z.enum(['peoplePerSqm', 'occupancy']))
    .describe('Own limits that guard nothing: densities need a calibrated camera, shares a capacity.'),
});

export const ThresholdsInForce = z.object({
  /** Names this installation. */
  source: z.string(),
  mode: AlertMode,
  /** Hash of thresholds, zones, calibration and receivers: stands in every alert event. */
  configVersion: z.string(),
  since: EpochMs.optional(),
  /** Who made the change that brought them in force; absent where the file was edited by hand. */
  changedBy: z.string().optional(),
  /** Models that gave the newest counts, `name@version`. */
  models: z.array(z.string()),
  cameras: z.array(
    z.object({
      id: Id,
      name: z.string(),
      calibrated: z.boolean(),
      sampleFps: z.number(),
      staleAfterMs: z.number(),
      zones: z.array(ZoneInForce),
      rules: z.array(RuleInForce),
    }),
  ),
  /** Rules about Headroom itself. */
  systemRules: z.array(RuleInForce),
  escalation: z.object({ severeMs: z.number(), alertMs: z.number(), steps: z.number().int() }),
  receivers: z.array(
    z.object({
      id: Id,
      kind: ReceiverKind,
      minLevel: RaisedLevel,
      escalationStep: z.number().int(),
      cameras: z.array(Id).optional(),
    }),
  ),
  evidence: z.object({ mode: EvidencePrivacy, keepDays: z.number().int() }),
  /** All confirmations, newest first; of this and of earlier versions. */
  signatures: z.array(ThresholdSignature),
});
export type ThresholdsInForce = z.infer<typeof ThresholdsInForce>;

/** Confirmations of the version in force, oldest first. Pure. */
export const confirmationsOf = ({ signatures, configVersion }: ThresholdsInForce): ThresholdSignature[] =>
  signatures.filter((signature) => signature.configVersion === configVersion).toReversed();
