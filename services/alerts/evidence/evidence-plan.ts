/** Which events have evidence. Pure. */
import type { AlertEvent } from '../../../shared/contracts/alert.ts';
import { DRAWN_MODEL, isDrillCamera } from '../../../shared/contracts/drill.ts';
import { type Evidence, type EvidencePrivacy, evidencePath } from '../../../shared/contracts/evidence.ts';

const DRAWN = `${DRAWN_MODEL.name}@${DRAWN_MODEL.version}`;

/** One entry for every change of level that a picture decided; stored with the events, filled in afterwards. */
export function planEvidence(events: readonly AlertEvent[], privacy: EvidencePrivacy): Evidence[] {
  if (privacy === 'off') return [];
  return events.flatMap((event) => {
    const { eventId, alertId, sequence, cameraId, zoneId, capturedAt, at, mode, from, to } = event;
    // A rule that was taken away, or another mode, ended its alert without looking.
    const byHand = event.reason === 'rule-removed' || event.reason === 'mode-changed';
    const decidedByPicture = from.level !== to.level && !byHand;
    if (!decidedByPicture || cameraId === undefined || zoneId === undefined || capturedAt === undefined) return [];
    const level = to.level === 'normal' ? from.level : to.level;
    const head = { eventId, alertId, sequence, cameraId, zoneId, mode, level, capturedAt, at };
    // A drawn picture of a drill: nobody is on it, and its mark must stay readable. On a clip there may be people.
    const kept = isDrillCamera(cameraId) && event.model === DRAWN ? 'picture' : privacy;
    return [{ ...head, privacy: kept, state: 'pending' as const, files: {} }];
  });
}

/** The events, those with evidence saying where. */
export function withEvidence(events: readonly AlertEvent[], entries: readonly Evidence[]): AlertEvent[] {
  const kept = new Set(entries.map(({ eventId }) => eventId));
  return events.map((event) => (kept.has(event.eventId) ? { ...event, evidence: evidencePath(event.alertId) } : event));
}
