/** A rule as the state machine needs it: numbers only, made once from the configuration. */
import type { RaisedLevel, RuleKind } from '../../../shared/contracts/alert.ts';

export type Thresholds = Partial<Record<RaisedLevel, number>>;

export type TrendFigure = 'peak-density' | 'count';

/** A figure whose slope is looked at, and where its forecast ends. */
export type Followed = { figure: TrendFigure; target?: number };

export type Rule = {
  /** Names the machine: its place and its kind, `camera~zone~kind` or `camera~kind` say. `~` is in no id. */
  key: string;
  kind: RuleKind;
  cameraId?: string;
  zoneId?: string;
  lineId?: string;
  unit: string;
  /** Whether high or low values are the dangerous ones (minutes to a level are dangerous when few). */
  dangerous: 'above' | 'below';
  /** Where each level begins. */
  raiseAt: Thresholds;
  /** Where each level is clearly over: hysteresis applied. */
  clearAt: Thresholds;
  dwellMs: Record<RaisedLevel, number>;
  clearMs: number;
  /** Values are medians over this time; 0 takes them as they are. */
  smoothMs: number;
  /** Distinct fresh samples a level needs before it is raised or left. */
  minSamples: number;
  /** Longest time one sample may add to a dwell: more is a gap or a clock step, ms. */
  maxStepMs: number;
  noDataNoticeMs: number;
  /** What is counted as full: people, for occupancy. */
  capacity?: number;
  /** Whether a zone without a density goes unjudged. */
  needsDensity?: boolean;
  /** What the trends of this rule follow (`of` names the ground), and what is too far away to tell. */
  trend?: { of: string; follows: Followed[]; farMs?: number; windowMs: number; minMs: number };
};

/** What a rule sees: a figure backed by a fresh picture, or that there is none. */
export type Observation =
  | { kind: 'value'; value: number; seq: number; capturedAt: number }
  | { kind: 'silent'; cause: string };

/** Whether `value` has reached `limit` on the dangerous side. */
export const reaches = (rule: Pick<Rule, 'dangerous'>, value: number, limit: number): boolean =>
  rule.dangerous === 'above' ? value >= limit : value <= limit;

/** Whether `value` is on the safe side of `limit`. */
export const isClearOf = (rule: Pick<Rule, 'dangerous'>, value: number, limit: number): boolean =>
  rule.dangerous === 'above' ? value < limit : value > limit;

/** Rules on who is blind. They run on the clock: what they watch for is that nothing comes. */
const ON_THE_CLOCK: ReadonlySet<RuleKind> = new Set<RuleKind>([
  'not-judged',
  'camera-picture',
  'inference-behind',
  'ingest-down',
]);

/** Whether a rule judges what is counted in pictures; the others run on the clock. */
export const judgesPictures = ({ kind }: Pick<Rule, 'kind'>): boolean => !ON_THE_CLOCK.has(kind);
