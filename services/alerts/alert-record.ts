/** Alerts and log entries as they are told, made from what the machine decided. Pure. */
import { afterLevel } from '../../shared/alerts/unheard-level.ts';
import {
  type ActiveAlert,
  type AlertEvent,
  type AlertEventType,
  type AlertMode,
  levelRank,
  type Silence,
  type TransitionReason,
} from '../../shared/contracts/alert.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import type { Notice, Step } from './machine/machine.ts';
import { shownLevel } from './machine/machine-state.ts';
import { isSilenced } from './operator/silences.ts';
import { judgesPictures, type Rule } from './rules/rule.ts';

/** What of a rule goes into an alert. A rule that is gone has no thresholds any more. */
export type Subject = Pick<Rule, 'key' | 'kind' | 'cameraId' | 'zoneId' | 'lineId' | 'unit'> &
  Partial<Pick<Rule, 'raiseAt' | 'needsDensity'>>;

/** What an event may say besides the state of its alert. */
export type EventDetail = Pick<AlertEvent, 'cause' | 'model' | 'actor' | 'note' | 'threshold'> & {
  from?: AlertEvent['from'];
};

/** Events that a silence keeps from receivers. The end of an alert and operators' doings always go out. */
const MUTABLE: ReadonlySet<AlertEventType> = new Set<AlertEventType>([
  'alert.firing',
  'alert.level_changed',
  'alert.no_data',
  'alert.data_restored',
  'camera.stale',
  'camera.offline',
  'camera.degraded',
]);

/** The condition axis of an alert, from its machine. */
export function conditionOf(
  rule: Subject,
  { state, value }: Step,
): Pick<ActiveAlert, 'level' | 'condition' | 'shownLevel' | 'value' | 'threshold' | 'capturedAt'> {
  const onPictures = judgesPictures(rule);
  const threshold = state.level === 'normal' ? undefined : rule.raiseAt?.[state.level];
  return {
    level: state.level,
    condition: state.condition,
    shownLevel: shownLevel(state),
    ...(onPictures && value !== undefined ? { value } : {}),
    ...(threshold === undefined ? {} : { threshold }),
    ...(onPictures && state.last ? { capturedAt: state.last.capturedAt } : {}),
  };
}

/**
 * An alert after a step worth telling.
 * @param old the alert before; undefined when this step raised it
 */
export function alertAfter(
  rule: Subject,
  step: Step,
  old: ActiveAlert | undefined,
  { alertId, mode, now }: { alertId: string; mode: AlertMode; now: number },
): ActiveAlert {
  const ended = step.notice === 'resolved';
  const level = ended ? 'normal' : step.state.level;
  const rose = levelRank(level) > levelRank(old?.level ?? 'normal');
  return {
    alertId,
    rule: rule.kind,
    ...(rule.cameraId ? { cameraId: rule.cameraId } : {}),
    ...(rule.zoneId ? { zoneId: rule.zoneId } : {}),
    ...(rule.lineId ? { lineId: rule.lineId } : {}),
    mode,
    ...(mode === 'exercise' ? { exercise: true as const } : {}),
    startedAt: old?.startedAt ?? now,
    unit: rule.unit,
    sequence: old?.sequence ?? 0,
    ...(old?.value === undefined ? {} : { value: old.value }),
    ...(old?.threshold === undefined ? {} : { threshold: old.threshold }),
    ...(old?.capturedAt === undefined ? {} : { capturedAt: old.capturedAt }),
    ...conditionOf(rule, step),
    level,
    peakLevel: levelRank(level) > levelRank(old?.peakLevel ?? 'normal') ? level : (old?.peakLevel ?? level),
    changedAt: now,
    ...(ended ? { resolvedAt: now } : {}),
    // A higher level starts the wait for an acknowledgement anew.
    operator: afterLevel(
      { escalation: 0, ...old?.operator, unheardMs: rose ? 0 : (old?.operator.unheardMs ?? 0) },
      level,
    ),
  };
}

/** The log entry of an alert as it is now. */
export function eventOf(
  type: AlertEventType,
  alert: ActiveAlert,
  { from, ...detail }: EventDetail,
  log: {
    epoch: string;
    offset: number;
    reason: TransitionReason;
    at: number;
    configVersion: string;
    silences: Iterable<Silence>;
  },
): AlertEvent {
  const to = { level: alert.level, condition: alert.condition };
  const worse = from && levelRank(from.level) > levelRank(to.level) ? from.level : to.level;
  const sequence = alert.sequence + 1;
  return {
    eventId: `${alert.alertId}~${sequence}`,
    epoch: log.epoch,
    offset: log.offset,
    type,
    mode: alert.mode,
    ...(alert.mode === 'exercise' ? { exercise: true as const } : {}),
    alertId: alert.alertId,
    sequence,
    rule: alert.rule,
    ...(alert.cameraId ? { cameraId: alert.cameraId } : {}),
    ...(alert.zoneId ? { zoneId: alert.zoneId } : {}),
    ...(alert.lineId ? { lineId: alert.lineId } : {}),
    from: from ?? to,
    to,
    peakLevel: alert.peakLevel,
    reason: log.reason,
    ...(alert.value === undefined ? {} : { value: alert.value }),
    ...(alert.threshold === undefined ? {} : { threshold: alert.threshold }),
    unit: alert.unit,
    ...(alert.capturedAt === undefined ? {} : { capturedAt: alert.capturedAt }),
    at: log.at,
    configVersion: log.configVersion,
    silenced: log.reason !== 'operator' && MUTABLE.has(type) && isSilenced(log.silences, alert, worse),
    escalation: alert.operator.escalation,
    ...detail,
  };
}

/** What an event is called: a camera's own alerts have names of their own. */
export function eventType(rule: Subject, notice: Notice, reading: PublicReading | undefined): AlertEventType {
  if (rule.kind === 'camera-picture') {
    if (notice === 'resolved') return 'camera.recovered';
    if (notice === 'raised') {
      if (reading?.status === 'degraded') return 'camera.degraded';
      return reading?.status === 'no-signal' ? 'camera.offline' : 'camera.stale';
    }
  }
  const types: Record<Notice, AlertEventType> = {
    raised: 'alert.firing',
    changed: 'alert.level_changed',
    'no-data': 'alert.no_data',
    'data-restored': 'alert.data_restored',
    resolved: 'alert.resolved',
  };
  return types[notice];
}
