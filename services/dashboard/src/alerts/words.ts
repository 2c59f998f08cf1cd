/** Alerts in words: where, why, and what a screen reader is told. Pure. */
import type { ActiveAlert, AlertEvent } from '../../../../shared/contracts/alert.ts';
import type { CameraInfo } from '../../../../shared/contracts/socket.ts';
import type { Texts } from '../text/texts.ts';

type Subject = Pick<ActiveAlert, 'cameraId' | 'zoneId'>;

/** Camera and zone by name; by id when they are not configured any more. */
export function placeOf({ cameraId, zoneId }: Subject, camera: CameraInfo | undefined, t: Texts): string {
  if (cameraId === undefined) return t.alerts.wholeSystem;
  const zone = zoneId && (camera?.zones.find(({ id }) => id === zoneId)?.name ?? zoneId);
  return zone ? `${camera?.name ?? cameraId} – ${zone}` : (camera?.name ?? cameraId);
}

/** `no-signal: timeout` in plain words. */
export function causeWords(cause: string | undefined, t: Texts): string | undefined {
  if (cause === 'not-counted' || cause === 'no-density') return t.alerts.unjudged[cause];
  const reason = cause?.split(': ')[1];
  return reason === undefined ? cause : Object.entries(t.reasons).find(([key]) => key === reason)?.[1].what;
}

/** Rises and falls at `alert` and above interrupt the reader; the rest waits. */
export function isUrgent({ type, from, to }: AlertEvent): boolean {
  if (type === 'alert.acknowledged' || type === 'alert.commented' || type === 'alert.assigned') return false;
  return [from.level, to.level].some((level) => level === 'alert' || level === 'severe');
}

/** What happened, and by whose hand if by anybody's. */
export function eventWords({ type, actor }: Pick<AlertEvent, 'type' | 'actor'>, t: Texts): string {
  if (!actor) return t.alerts.history.events[type];
  const what = type === 'alert.escalated' ? t.alerts.history.escalatedByHand : t.alerts.history.events[type];
  return t.alerts.history.by(what, actor);
}

export function spoken(event: AlertEvent, camera: CameraInfo | undefined, t: Texts): string {
  const mode = event.mode === 'actual' ? '' : `${t.alerts.modes[event.mode]}. `;
  return `${mode}${t.alerts.spoken(eventWords(event, t), placeOf(event, camera, t), t.alerts.levels[event.to.level])}`;
}
