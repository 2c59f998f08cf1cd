/** How urgent an alert is, in which order alerts stand, and which of them asks for a person. Pure. */
import { type ActiveAlert, levelRank, type ShownLevel } from '../../../../shared/contracts/alert.ts';

/** `unknown` may be anything: it stands above what is known to be moderate, and never looks calm. */
const UNKNOWN_RANK = levelRank('caution') + 0.5;

export function shownRank(level: ShownLevel): number {
  return level === 'unknown' ? UNKNOWN_RANK : levelRank(level);
}

export const hasEnded = (alert: Pick<ActiveAlert, 'resolvedAt'>): boolean => alert.resolvedAt !== undefined;

/** Nobody has acknowledged it at the level it is at now, or at one it rose to since. */
export function isUnheard({ level, operator }: Pick<ActiveAlert, 'level' | 'operator'>): boolean {
  const { acknowledged, unheardLevel } = operator;
  return !acknowledged || unheardLevel !== undefined || levelRank(level) > levelRank(acknowledged.level);
}

/** Real ones before those of any exercise. Running ones by level, the newest first; then those that are over and wait for an acknowledgement. */
export function compareAlerts(a: ActiveAlert, b: ActiveAlert): number {
  return (
    Number(a.mode !== 'actual') - Number(b.mode !== 'actual') ||
    Number(hasEnded(a)) - Number(hasEnded(b)) ||
    shownRank(b.shownLevel) - shownRank(a.shownLevel) ||
    levelRank(b.peakLevel) - levelRank(a.peakLevel) ||
    b.startedAt - a.startedAt ||
    a.alertId.localeCompare(b.alertId)
  );
}

/**
 * The order on the screen. While a hand is on the list (`held`), what stands there keeps its place and news goes below,
 * so that nobody presses the wrong button.
 */
export function arrange(previous: readonly string[], wanted: readonly string[], held: boolean): string[] {
  if (!held) return [...wanted];
  const stay = previous.filter((id) => wanted.includes(id));
  return [...stay, ...wanted.filter((id) => !stay.includes(id))];
}

/** The alert a single key acknowledges: the most urgent one nobody has seen. */
export function mostUrgentUnheard(alerts: readonly ActiveAlert[]): ActiveAlert | undefined {
  return alerts.filter(isUnheard).toSorted(compareAlerts)[0];
}

/** Highest level shown of each camera's running alerts. */
export function levelsByCamera(alerts: Iterable<ActiveAlert>): Map<string, ShownLevel> {
  const levels = new Map<string, ShownLevel>();
  for (const alert of alerts) {
    if (alert.cameraId === undefined || hasEnded(alert)) continue;
    const known = levels.get(alert.cameraId);
    if (known === undefined || shownRank(alert.shownLevel) > shownRank(known)) {
      levels.set(alert.cameraId, alert.shownLevel);
    }
  }
  return levels;
}
