/**
 * What may be shown of a camera right now. The one place that decides whether a number is live: everything on the
 * screen that is a count goes through `cameraView`, on every tick of the clock.
 */
import type { PublicReading, SilentReason } from '../../../../shared/contracts/reading.ts';
import type { CameraInfo } from '../../../../shared/contracts/socket.ts';

export type OkReading = Extract<PublicReading, { status: 'ok' }>;
export type SilentStatus = Exclude<PublicReading['status'], 'ok'>;

/** The contract's reasons, and those that only the page itself can know. */
export type ViewReason = SilentReason | 'no-message' | 'clock-ahead' | 'no-connection';

export type CameraView =
  /** `live: false` only while the connection is lost and the number is not yet too old: shown, but grey. */
  | { status: 'ok'; live: boolean; reading: OkReading; ageMs: number }
  | {
      status: SilentStatus;
      reason: ViewReason;
      detail?: string;
      /** Since when there has been no count, server time. */
      sinceAt?: number;
      /** Picture time of the last count seen, server time. */
      lastCountedAt?: number;
    };

export type ViewInput = {
  camera: Pick<CameraInfo, 'staleAfterMs'>;
  reading: PublicReading | undefined;
  lastCountedAt: number | undefined;
  /** Server time, epoch ms; undefined before the first message. */
  now: number | undefined;
  connected: boolean;
};

export function cameraView({ camera, reading, lastCountedAt, now, connected }: ViewInput): CameraView {
  const last = lastCountedAt === undefined ? {} : { lastCountedAt };
  if (!reading || now === undefined) {
    return { status: 'no-signal', reason: connected ? 'no-picture-yet' : 'no-connection', ...last };
  }
  if (reading.status !== 'ok') {
    // What the server said when we last heard it; without a connection nothing is known any more.
    if (!connected) return { status: 'stale', reason: 'no-connection', sinceAt: reading.since, ...last };
    const detail = reading.detail === undefined ? {} : { detail: reading.detail };
    return { status: reading.status, reason: reading.reason, ...detail, sinceAt: reading.since, ...last };
  }
  const ageMs = now - reading.capturedAt;
  if (ageMs > camera.staleAfterMs) {
    const sinceAt = reading.capturedAt + camera.staleAfterMs;
    return { status: 'stale', reason: connected ? 'no-message' : 'no-connection', sinceAt, ...last };
  }
  if (isAhead(reading, camera, now)) return { status: 'stale', reason: 'clock-ahead', ...last };
  return { status: 'ok', live: connected, reading, ageMs: Math.max(0, ageMs) };
}

/** A picture from the future would look fresh for as long as its clock is ahead: its age is not known. */
export function isAhead(reading: OkReading, camera: Pick<CameraInfo, 'staleAfterMs'>, now: number): boolean {
  return reading.capturedAt > now + camera.staleAfterMs;
}

export function isLive(view: CameraView): view is Extract<CameraView, { status: 'ok' }> {
  return view.status === 'ok' && view.live;
}

export type Totals = {
  live: number;
  cameras: number;
  /** People on live cameras, or undefined when there is no live camera: nothing counted is not nobody there. */
  people: number | undefined;
  oldestAgeMs: number | undefined;
};

export function totals(views: Iterable<CameraView>): Totals {
  let cameras = 0;
  let live = 0;
  let people = 0;
  let oldest = 0;
  for (const view of views) {
    cameras += 1;
    if (!isLive(view)) continue;
    live += 1;
    people += view.reading.count;
    oldest = Math.max(oldest, view.ageMs);
  }
  return live > 0
    ? { live, cameras, people, oldestAgeMs: oldest }
    : { live, cameras, people: undefined, oldestAgeMs: undefined };
}
