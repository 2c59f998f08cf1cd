/** The one place that decides whether a camera's number may be shown as live. Pure. */
import type { Line } from '../config/lines.ts';
import type { Zone } from '../config/schema.ts';
import type { CameraState } from '../contracts/camera.ts';
import { isDrillCamera } from '../contracts/drill.ts';
import type { PublicReading, SilentReason, WorkerReading } from '../contracts/reading.ts';
import { type Drawn, drawnOf } from './drawn.ts';

type Named = { id: string; name?: string | undefined };

/** All that is known of a camera at one moment. Instants are epoch ms by the server's clock. */
export type CameraKnowledge = {
  cameraId: string;
  /** As configured now. */
  zones: (Named & Pick<Zone, 'polygon'>)[];
  lines: (Named & Pick<Line, 'points' | 'in'>)[];
  staleAfterMs: number;
  reading: WorkerReading | undefined;
  state: CameraState | undefined;
  /** When this camera was first asked about: what "since" means before any picture. */
  watchedSince: number;
  ingestUp: boolean;
  workerUp: boolean;
};

/**
 * What a client may be told of a camera now: a count only for a fresh, undamaged, counted picture.
 * A picture from the future (the clock was set back) counts as fresh for no longer than `staleAfterMs`.
 */
export function publicReading(of: CameraKnowledge, now: number): PublicReading {
  const exercise = isDrillCamera(of.cameraId);
  // Cameras of a drill need neither ingest nor worker.
  const known = exercise ? { ...of, ingestUp: true, workerUp: true } : of;
  const { reading, state } = known;
  const ageMs = reading ? Math.abs(now - reading.capturedAt) : Number.POSITIVE_INFINITY;

  if (!known.ingestUp) return silent(known, 'no-signal', 'ingest-down', reading?.capturedAt);
  if (state?.phase === 'no-signal' || (state?.phase === 'connecting' && state.reason !== undefined)) {
    return silent(known, 'no-signal', state.reason ?? 'unreachable', state.since, state.detail);
  }
  // Pictures arrive, but are not to be counted: this is the reason why no reading is fresh.
  if (state?.phase === 'live' && state.trouble) {
    return silent(known, 'degraded', state.trouble, state.troubleSince ?? state.since, state.detail);
  }
  if (!reading || !state || state.phase === 'connecting') {
    const reason: SilentReason = state?.phase === 'live' ? 'inference-behind' : 'no-picture-yet';
    return silent(known, state?.phase === 'live' ? 'stale' : 'no-signal', reason, state?.since);
  }
  // Counted before the picture came back: it tells of the camera as it was before the outage.
  // A clock that was set back puts `since` into the future: it then says nothing about what came first.
  if (reading.capturedAt < state.since && state.since <= now) {
    return silent(known, 'stale', 'inference-behind', reading.capturedAt);
  }
  if (ageMs > known.staleAfterMs) {
    return silent(known, 'stale', known.workerUp ? 'late-picture' : 'inference-behind', reading.capturedAt);
  }
  if (reading.status === 'degraded') return silent(known, 'degraded', reading.reason, reading.capturedAt);
  // Zones and lines follow the configuration at once: what is gone or drawn anew has no count, and no count goes by an
  // old name.
  const zones = reading.zones.flatMap((zone) => asConfigured(zone, known.zones, zone.zoneId));
  const lines = reading.lines?.flatMap((line) => asConfigured(line, known.lines, line.lineId));
  return { type: 'reading', ...reading, zones, ...(lines ? { lines } : {}) };
}

/** The part of a reading by its name of now, or nothing where it is gone or drawn otherwise. */
function asConfigured<Part extends { name: string; drawn?: string | undefined }>(
  { drawn, ...part }: Part,
  configured: (Named & Drawn)[],
  id: string,
): Omit<Part, 'drawn'>[] {
  const found = configured.find((one) => one.id === id);
  if (!found || (drawn !== undefined && drawn !== drawnOf(found))) return [];
  return [{ ...part, name: found.name ?? found.id }];
}

function silent(
  known: CameraKnowledge,
  status: 'stale' | 'no-signal' | 'degraded',
  reason: SilentReason,
  since: number | undefined,
  detail?: string,
): PublicReading {
  return {
    type: 'reading',
    ...(isDrillCamera(known.cameraId) ? { exercise: true as const } : {}),
    cameraId: known.cameraId,
    ...(known.reading ? { seq: known.reading.seq, capturedAt: known.reading.capturedAt } : {}),
    status,
    reason,
    ...(detail ? { detail } : {}),
    since: since ?? known.watchedSince,
    zones: known.zones.map((zone) => ({ zoneId: zone.id, name: zone.name ?? zone.id })),
  };
}
