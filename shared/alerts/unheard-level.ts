/** What of an alert nobody has acknowledged yet: the server keeps it, and a page works it out between two lists. Pure. */
import { type AlertLevel, levelRank, type OperatorState } from '../contracts/alert.ts';

/** What operators did, after the alert came to `level`: one above the acknowledged waits to be acknowledged, too. */
export function afterLevel(operator: OperatorState, level: AlertLevel): OperatorState {
  const heard = operator.unheardLevel ?? operator.acknowledged?.level;
  if (heard === undefined || level === 'normal' || levelRank(level) <= levelRank(heard)) return operator;
  return { ...operator, unheardLevel: level };
}
