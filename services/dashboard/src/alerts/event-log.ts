/** Events by alert, each once, in their order: history, and what only events say (thresholds, causes). Pure. */
import { type AlertEvent, type AlertLevel, levelRank, RAISED_LEVELS } from '../../../../shared/contracts/alert.ts';

export type EventLog = ReadonlyMap<string, readonly AlertEvent[]>;

/** Alerts remembered; of those that are not on, the longest unheard of goes first. */
const ALERTS_KEPT = 300;

/** @returns the log with the new ones, and which of them were new */
export function addEvents(
  log: EventLog,
  events: readonly AlertEvent[],
  isOn: (alertId: string) => boolean,
): { log: EventLog; fresh: AlertEvent[] } {
  const next = new Map(log);
  const fresh: AlertEvent[] = [];
  for (const event of events) {
    const known = next.get(event.alertId) ?? [];
    if (known.some(({ eventId }) => eventId === event.eventId)) continue;
    fresh.push(event);
    next.delete(event.alertId); // the one last heard of stands last
    next.set(
      event.alertId,
      [...known, event].sort((a, b) => a.sequence - b.sequence),
    );
  }
  for (const alertId of next.keys()) {
    if (next.size <= ALERTS_KEPT) break;
    if (!isOn(alertId)) next.delete(alertId);
  }
  return fresh.length > 0 ? { log: next, fresh } : { log, fresh };
}

export type Threshold = { level: AlertLevel; value: number };

/** Where `level` begins as the events told; when they only told of a higher one, that one. */
export function thresholdOf(events: readonly AlertEvent[], level: AlertLevel): Threshold | undefined {
  const told = new Map<AlertLevel, number>();
  for (const { from, to, threshold } of events) {
    // On a fall the event states the threshold that was left.
    if (threshold !== undefined)
      told.set(levelRank(to.level) < levelRank(from.level) ? from.level : to.level, threshold);
  }
  for (const raised of RAISED_LEVELS) {
    const value = told.get(raised);
    if (value !== undefined && levelRank(raised) >= levelRank(level)) return { level: raised, value };
  }
  return undefined;
}

/** The newest cause in the reading's own words, e.g. `no-signal: timeout`. */
export function causeOf(events: readonly AlertEvent[]): string | undefined {
  return events.findLast(({ cause }) => cause !== undefined)?.cause;
}
