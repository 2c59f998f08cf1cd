/** The ladder of an alert that nobody acknowledges. Pure. */
import { type ActiveAlert, levelRank, type OperatorState } from '../../../shared/contracts/alert.ts';

export type EscalationPolicy = { severe: number; alert: number; steps: number };

/** Longest time between two looks that is believed: a clock step climbs no ladder. */
const MAX_STEP_MS = 2_000;

/** Whether the operator's acknowledgement covers the level in force: a higher level asks again. */
export function isHeard(alert: Pick<ActiveAlert, 'level' | 'operator'>): boolean {
  const { acknowledged } = alert.operator;
  return acknowledged !== undefined && levelRank(acknowledged.level) >= levelRank(alert.level);
}

/**
 * Lets `elapsedMs` pass for a running alert.
 * @returns the new operator state, and whether a step was climbed
 */
export function waitUnheard(
  alert: Pick<ActiveAlert, 'level' | 'operator'>,
  silenced: boolean,
  elapsedMs: number,
  policy: EscalationPolicy,
): { operator: OperatorState; escalated: boolean } {
  const { operator, level } = alert;
  if (level !== 'alert' && level !== 'severe') return { operator, escalated: false };
  if (silenced || isHeard(alert) || operator.escalation >= policy.steps) return { operator, escalated: false };
  const unheardMs = operator.unheardMs + Math.min(Math.max(elapsedMs, 0), MAX_STEP_MS);
  if (unheardMs < policy[level]) return { operator: { ...operator, unheardMs }, escalated: false };
  return { operator: { ...operator, unheardMs: 0, escalation: operator.escalation + 1 }, escalated: true };
}
