/** What operators ask, carried out on the alert book. Conditions are never touched here. */
import type { ActiveAlert, AlertEvent, Silence } from '../../../shared/contracts/alert.ts';
import type { OperatorCommand } from '../../../shared/contracts/alert-command.ts';
import type { AlertBook } from '../alert-book.ts';
import { type Change, noChange } from '../change.ts';
import { isSilenced } from './silences.ts';

export type Refusal = { code: 'unknown-alert' | 'unknown-silence' | 'invalid'; message: string };
export type Operated = { change: Change; result: AlertEvent | Silence } | { refusal: Refusal };

type OnAlert = Extract<OperatorCommand, { type: 'acknowledge' | 'comment' | 'assign' | 'escalate' }>;

/** Receivers name steps up to this one. */
const LAST_STEP = 9;

/** Carries out a command. Nothing changes when it is refused. */
export function operate(book: AlertBook, command: OperatorCommand, now: number): Operated {
  if (command.type === 'silence') return silence(book, command, now);
  if (command.type === 'end-silence') {
    const ended = book.silences.get(command.silenceId);
    if (!ended) return { refusal: { code: 'unknown-silence', message: 'There is no such silence any more.' } };
    const change = noChange();
    book.endSilence(ended, now, change, command.actor);
    return { change, result: ended };
  }
  const alert = book.alerts.get(command.alertId);
  if (!alert) return { refusal: { code: 'unknown-alert', message: 'There is no such alert any more.' } };
  const change = noChange();
  return { change, result: onAlert(book, command, alert, now, change) };
}

function silence(book: AlertBook, command: Extract<OperatorCommand, { type: 'silence' }>, now: number): Operated {
  const change = noChange();
  const { commandId, cameraId, zoneId, rule, upToLevel, reason, durationMs, actor } = command;
  const made: Silence = {
    silenceId: `silence~${commandId}`,
    ...(cameraId ? { cameraId } : {}),
    ...(zoneId ? { zoneId } : {}),
    ...(rule ? { rule } : {}),
    upToLevel,
    reason,
    by: actor,
    createdAt: now,
    until: now + durationMs,
  };
  book.silences.set(made.silenceId, made);
  change.silences.set(made.silenceId, made);
  for (const alert of book.running()) {
    if (isSilenced([made], alert, alert.level))
      book.log('alert.silenced', alert, 'operator', now, change, { actor, note: reason });
  }
  return { change, result: made };
}

function onAlert(book: AlertBook, command: OnAlert, alert: ActiveAlert, now: number, change: Change): AlertEvent {
  const { actor } = command;
  if (command.type === 'assign') {
    const assigned = { ...alert, operator: { ...alert.operator, assignee: command.assignee } };
    book.put(alert.alertId, assigned, change);
    return book.log('alert.assigned', assigned, 'operator', now, change, { actor, note: command.assignee });
  }
  const detail = { actor, ...(command.note ? { note: command.note } : {}) };
  if (command.type === 'escalate') {
    const escalation = Math.min(LAST_STEP, alert.operator.escalation + 1);
    const raised = { ...alert, operator: { ...alert.operator, escalation, unheardMs: 0 } };
    book.put(alert.alertId, raised, change);
    return book.log('alert.escalated', raised, 'operator', now, change, detail);
  }
  if (command.type === 'comment') return book.log('alert.commented', alert, 'operator', now, change, detail);

  const acknowledged = { by: actor, at: now, level: alert.level };
  const { unheardLevel: _, ...operator } = alert.operator;
  const heard = { ...alert, operator: { ...operator, acknowledged, unheardMs: 0 } };
  book.put(alert.alertId, heard, change);
  const event = book.log('alert.acknowledged', heard, 'operator', now, change, detail);
  // Over and seen: it leaves the list.
  if (alert.resolvedAt !== undefined) book.put(alert.alertId, undefined, change);
  return event;
}
