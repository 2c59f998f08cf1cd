/** Which silence covers an alert. Pure. A silence mutes up to a level: anything higher breaks through. */
import { type ActiveAlert, type AlertLevel, levelRank, type Silence } from '../../../shared/contracts/alert.ts';
import { isDrillCamera } from '../../../shared/contracts/drill.ts';

/** A clock set back by more than this ends silences that were made after it. */
const CLOCK_TOLERANCE_MS = 60_000;

type Subject = Pick<ActiveAlert, 'cameraId' | 'zoneId' | 'rule'>;

/** Whether a silence speaks of this alert, whatever its level. */
export function matches(silence: Pick<Silence, 'cameraId' | 'zoneId' | 'rule'>, subject: Subject): boolean {
  // A silence of the real never covers a drill, and one of a drill never the real.
  if (isDrillCamera(silence.cameraId) !== isDrillCamera(subject.cameraId)) return false;
  return (
    (silence.cameraId === undefined || silence.cameraId === subject.cameraId) &&
    (silence.zoneId === undefined || silence.zoneId === subject.zoneId) &&
    (silence.rule === undefined || silence.rule === subject.rule)
  );
}

/** Whether an alert at `level` is muted. */
export function isSilenced(silences: Iterable<Silence>, subject: Subject, level: AlertLevel): boolean {
  for (const silence of silences) {
    if (matches(silence, subject) && levelRank(level) <= levelRank(silence.upToLevel)) return true;
  }
  return false;
}

/** Whether a silence has come to its end. One made in the future would outlast by far what its maker asked for. */
export const isOver = ({ createdAt, until }: Silence, now: number): boolean =>
  until <= now || createdAt > now + CLOCK_TOLERANCE_MS;
