/** What a step of the engine changed: to be written in one transaction before anything is announced. */
import type { ActiveAlert, AlertEvent, Silence } from '../../shared/contracts/alert.ts';

export type Change = {
  events: AlertEvent[];
  /** Keys of machines to be stored. */
  machines: Set<string>;
  /** Alerts to be stored, or removed where undefined. */
  alerts: Map<string, ActiveAlert | undefined>;
  silences: Map<string, Silence | undefined>;
};

export const noChange = (): Change => ({ events: [], machines: new Set(), alerts: new Map(), silences: new Map() });

/** Adds a later change to an earlier one, to be stored together. */
export function mergeInto(change: Change, later: Change): void {
  change.events.push(...later.events);
  for (const key of later.machines) change.machines.add(key);
  for (const [id, alert] of later.alerts) change.alerts.set(id, alert);
  for (const [id, silence] of later.silences) change.silences.set(id, silence);
}
