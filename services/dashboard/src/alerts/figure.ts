/** The figure an alert is about: live from the camera where there is one, else the alert's own, with its age. Pure. */
import type { ActiveAlert, AlertEvent } from '../../../../shared/contracts/alert.ts';
import type { CameraView, OkReading } from '../camera/view.ts';
import { isLive } from '../camera/view.ts';
import { type Threshold, thresholdOf } from './event-log.ts';

export type Figure = { value: number; live: boolean; ageMs?: number; threshold?: Threshold };

/** @returns undefined for alerts about cameras and services, which have no figure */
export function figureOf(
  alert: ActiveAlert,
  view: CameraView | undefined,
  events: readonly AlertEvent[],
  now: number | undefined,
): Figure | undefined {
  if (alert.zoneId === undefined) return undefined;
  const threshold = thresholdOf(events, alert.level === 'normal' ? alert.peakLevel : alert.level);
  const against = threshold ? { threshold } : {};
  if (view && isLive(view) && alert.resolvedAt === undefined) {
    const value = valueNow(alert, view.reading);
    if (value !== undefined) return { value, live: true, ageMs: view.ageMs, ...against };
  }
  if (alert.value === undefined) return undefined;
  const ageMs = now === undefined || alert.capturedAt === undefined ? undefined : Math.max(0, now - alert.capturedAt);
  return { value: alert.value, live: false, ...(ageMs === undefined ? {} : { ageMs }), ...against };
}

/** Slopes and forecasts are the alerts service's own: the newest reading does not tell them. */
function valueNow(alert: ActiveAlert, reading: OkReading): number | undefined {
  const zone = reading.zones.find(({ zoneId }) => zoneId === alert.zoneId);
  if (!zone) return undefined;
  if (alert.rule === 'zone-count') return zone.count;
  if (alert.rule === 'zone-occupancy') return zone.occupancy;
  if (alert.rule === 'zone-density') return zone.calibrated ? (zone.peakPeoplePerSqm ?? zone.peoplePerSqm) : undefined;
  return undefined;
}
