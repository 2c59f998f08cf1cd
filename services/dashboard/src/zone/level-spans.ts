/** When which alert of a zone stood at which level, from the event log and the running alerts. Pure. */
import {
  type ActiveAlert,
  type AlertEvent,
  type AlertLevel,
  levelRank,
  type RaisedLevel,
  type RuleKind,
} from '../../../../shared/contracts/alert.ts';
import type { Stretch } from './window.ts';

export type LevelSpan = Stretch & {
  alertId: string;
  rule: RuleKind;
  level: RaisedLevel;
  /** Still on at the end of the window. */
  open: boolean;
};

/** Only these events move the level; the others are notes beside it. */
const isMove = ({ type }: AlertEvent): boolean =>
  type === 'alert.firing' || type === 'alert.level_changed' || type === 'alert.resolved';

/** Spans within the window, oldest first, one for every level an alert stood at. */
export function levelSpans(
  events: readonly AlertEvent[],
  running: readonly ActiveAlert[],
  window: Stretch,
): LevelSpan[] {
  const byAlert = new Map<string, AlertEvent[]>();
  for (const event of events.filter(isMove).toSorted((a, b) => a.sequence - b.sequence)) {
    byAlert.set(event.alertId, [...(byAlert.get(event.alertId) ?? []), event]);
  }
  const spans: LevelSpan[] = [];
  const add = (alertId: string, rule: RuleKind, level: AlertLevel, from: number, to: number, open: boolean) => {
    const begin = Math.max(from, window.from);
    const end = Math.min(to, window.to);
    if (level === 'normal' || end < begin || to < window.from) return;
    spans.push({ alertId, rule, level, from: begin, to: end, open: open && to >= window.to });
  };
  for (const [alertId, moves] of byAlert) {
    const on = running.find((alert) => alert.alertId === alertId && alert.resolvedAt === undefined);
    const [first] = moves;
    // What came before the log begins is told by the first event's own "from".
    if (first) add(alertId, first.rule, first.from.level, Number.NEGATIVE_INFINITY, first.at, false);
    for (const [index, move] of moves.entries()) {
      const next = moves[index + 1];
      if (next) add(alertId, move.rule, move.to.level, move.at, next.at, false);
      else if (on) add(alertId, move.rule, move.to.level, move.at, Number.POSITIVE_INFINITY, true);
      else if (move.type !== 'alert.resolved') add(alertId, move.rule, move.to.level, move.at, move.at, false);
    }
  }
  for (const alert of running) {
    if (alert.resolvedAt !== undefined || byAlert.has(alert.alertId)) continue;
    add(alert.alertId, alert.rule, alert.level, alert.changedAt, Number.POSITIVE_INFINITY, true);
  }
  return spans.sort((a, b) => a.from - b.from || levelRank(a.level) - levelRank(b.level));
}

/** Puts spans that overlap into rows of their own, as few as will do. */
export function rowsOf(spans: readonly LevelSpan[]): LevelSpan[][] {
  const rows: LevelSpan[][] = [];
  for (const span of spans) {
    const row = rows.find((one) => one.every((other) => other.to <= span.from || other.alertId === span.alertId));
    if (row) row.push(span);
    else rows.push([span]);
  }
  return rows;
}
