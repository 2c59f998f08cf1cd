/** Which alert events are worth a message of the operating system, and in what words. Pure. */
import { type ActiveAlert, type AlertEvent, levelRank } from '../../../../shared/contracts/alert.ts';
import type { CameraInfo } from '../../../../shared/contracts/socket.ts';
import type { Texts } from '../text/texts.ts';
import { isUnheard } from './rank.ts';
import { placeOf } from './words.ts';

export type Note = {
  /** One message per alert: a newer one takes its place. */
  alertId: string;
  title: string;
  body: string;
  /** Where a click leads. */
  href: string;
  /** Stays until somebody deals with it. */
  sticky: boolean;
  language: string;
};

export type NotesState = 'unsupported' | 'denied' | 'off' | 'on';

const TELLING = new Set<AlertEvent['type']>([
  'alert.firing',
  'alert.level_changed',
  'alert.no_data',
  'alert.escalated',
  'camera.offline',
  'camera.stale',
  'camera.degraded',
]);

/**
 * Rises to `alert` or `severe`, what went dark there, and what nobody acknowledged. Nothing that is silenced, and
 * nothing that falls.
 */
export function isNoteworthy({ type, from, to, silenced, actor }: AlertEvent): boolean {
  if (silenced || actor !== undefined || !TELLING.has(type)) return false;
  if (levelRank(to.level) < levelRank('alert')) return false;
  return type !== 'alert.level_changed' || levelRank(to.level) > levelRank(from.level);
}

/** The message; a drill says so first. */
export function noteOf(
  event: AlertEvent,
  camera: CameraInfo | undefined,
  t: Texts,
  language: string,
): Omit<Note, 'href'> {
  const mode = event.mode === 'actual' ? '' : `${t.alerts.modes[event.mode]} – `;
  return {
    alertId: event.alertId,
    title: `${mode}${t.alerts.pageTitle(t.alerts.levels[event.to.level], placeOf(event, camera, t))}`,
    body: [t.alerts.history.events[event.type], event.mode === 'actual' ? '' : t.alerts.modeNote[event.mode]]
      .filter(Boolean)
      .join('. '),
    sticky: event.to.level === 'severe' && event.mode === 'actual',
    language,
  };
}

/** Whether a message about the alert has nothing more to say. */
export const isDealtWith = (alert: ActiveAlert | undefined): boolean => alert === undefined || !isUnheard(alert);
