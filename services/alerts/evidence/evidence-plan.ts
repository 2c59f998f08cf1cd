/** Which events have evidence. Pure. */
import type { AlertEvent } from '../../../shared/contracts/alert.ts';
import type { Evidence, EvidencePrivacy } from '../../../shared/contracts/evidence.ts';

/** One entry for every change of level that a picture decided; stored with the events, filled in afterwards. */
export function planEvidence(events: readonly AlertEvent[], privacy: EvidencePrivacy): Evidence[] {
  if (privacy === 'off') return [];
  return events.flatMap((event) => {
    const { eventId, alertId, sequence, cameraId, zoneId, capturedAt, at, mode, from, to } = event;
    // A rule that was taken away ended its alert without looking.
    const decidedByPicture = from.level !== to.level && event.reason !== 'rule-removed';
    if (!decidedByPicture || cameraId === undefined || zoneId === undefined || capturedAt === undefined) return [];
    const level = to.level === 'normal' ? from.level : to.level;
    const head = { eventId, alertId, sequence, cameraId, zoneId, mode, level, capturedAt, at };
    return [{ ...head, privacy, state: 'pending' as const, files: {} }];
  });
}
