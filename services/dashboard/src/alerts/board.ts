/**
 * The alerts on the screen: the server's list, and the events between two lists. Both come on their own ways, so each
 * alert's `sequence` says which knows more. What leaves the list is kept for a while: nothing is silently cleared.
 */
import { afterLevel } from '../../../../shared/alerts/unheard-level.ts';
import {
  type ActiveAlert,
  type AlertEvent,
  levelRank,
  type OperatorState,
  type ShownLevel,
} from '../../../../shared/contracts/alert.ts';
import { isDrillCamera } from '../../../../shared/contracts/drill.ts';
import { isUnheard } from './rank.ts';

/** `heardAt`: when an event last touched it, in local time. */
export type Entry = { alert: ActiveAlert; heardAt: number };
export type Left = { alert: ActiveAlert; leftAt: number };
export type Board = { readonly on: ReadonlyMap<string, Entry>; readonly left: ReadonlyMap<string, Left> };

export const EMPTY_BOARD: Board = { on: new Map(), left: new Map() };

/** A list may have been on its way when an event overtook it: for this long it takes nothing away that was just told. */
const OVERTAKEN_MS = 5_000;
/** How long an alert that left the list is still shown as over. */
export const SHOW_LEFT_MS = 60_000;

/** The server's list. */
export function takeList(board: Board, active: readonly ActiveAlert[], now: number): Board {
  const on = new Map<string, Entry>();
  const left = recent(board.left, now);
  for (const alert of active) {
    const gone = left.get(alert.alertId);
    if (gone && gone.alert.sequence > alert.sequence) continue;
    left.delete(alert.alertId);
    const known = board.on.get(alert.alertId);
    on.set(
      alert.alertId,
      known && known.alert.sequence > alert.sequence ? known : { alert, heardAt: known?.heardAt ?? -OVERTAKEN_MS },
    );
  }
  for (const [id, entry] of board.on) {
    if (on.has(id)) continue;
    // Of a drill that is over no word comes any more: what has ended goes with the list.
    const isOver = isDrillCamera(entry.alert.cameraId) && entry.alert.resolvedAt !== undefined;
    if (!isOver && now - entry.heardAt < OVERTAKEN_MS) on.set(id, entry);
    else left.set(id, { alert: entry.alert, leftAt: now });
  }
  return { on, left };
}

/** One event of the log. An event the list already knows of changes nothing. */
export function takeEvent(board: Board, event: AlertEvent, now: number): Board {
  const known = board.on.get(event.alertId)?.alert;
  const gone = board.left.get(event.alertId)?.alert;
  if ((known ?? gone)?.sequence !== undefined && ((known ?? gone)?.sequence ?? 0) >= event.sequence) return board;
  // Words about an alert that is over and seen bring nothing back.
  if (!known && event.to.level === 'normal') return board;
  const alert = afterEvent(known, event);
  const on = new Map(board.on);
  const left = recent(board.left, now);
  const drillOver = isDrillCamera(alert.cameraId) && event.reason === 'rule-removed';
  const exerciseOver = event.reason === 'mode-changed';
  if (alert.resolvedAt !== undefined && (!isUnheard(alert) || drillOver || exerciseOver)) {
    on.delete(alert.alertId);
    left.set(alert.alertId, { alert, leftAt: now });
  } else {
    on.set(alert.alertId, { alert, heardAt: now });
    left.delete(alert.alertId);
  }
  return { on, left };
}

function afterEvent(known: ActiveAlert | undefined, event: AlertEvent): ActiveAlert {
  const { level, condition } = event.to;
  const ended = event.type === 'alert.resolved' || event.type === 'camera.recovered';
  const before = known?.operator ?? { escalation: 0, unheardMs: 0 };
  return {
    ...(known ?? {
      alertId: event.alertId,
      rule: event.rule,
      ...(event.cameraId ? { cameraId: event.cameraId } : {}),
      ...(event.zoneId ? { zoneId: event.zoneId } : {}),
      startedAt: event.at,
      unit: event.unit,
    }),
    mode: event.mode,
    level,
    peakLevel: event.peakLevel,
    condition,
    shownLevel: shownLevel(event),
    changedAt: event.at,
    ...(ended ? { resolvedAt: event.at } : {}),
    ...(event.value === undefined ? {} : { value: event.value }),
    ...(event.capturedAt === undefined ? {} : { capturedAt: event.capturedAt }),
    sequence: event.sequence,
    operator: {
      ...(event.type === 'alert.acknowledged' ? acknowledgedBy(before, event) : afterLevel(before, level)),
      escalation: event.escalation,
      ...(event.type === 'alert.assigned' && event.note ? { assignee: event.note } : {}),
    },
  };
}

function acknowledgedBy({ unheardLevel: _, ...operator }: OperatorState, event: AlertEvent): OperatorState {
  return { ...operator, acknowledged: { by: event.actor ?? '', at: event.at, level: event.to.level } };
}

/** As the server shows it: without a fresh picture nothing below `alert` is known. */
function shownLevel({ to }: AlertEvent): ShownLevel {
  return to.condition === 'no-data' && levelRank(to.level) < levelRank('alert') ? 'unknown' : to.level;
}

function recent(left: ReadonlyMap<string, Left>, now: number): Map<string, Left> {
  return new Map([...left].filter(([, { leftAt }]) => now - leftAt < SHOW_LEFT_MS));
}
