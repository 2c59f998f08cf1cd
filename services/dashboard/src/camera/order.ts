/**
 * The order of the wall: dangerous crowds first, then cameras in trouble, then lesser alerts, then by count. Sticky,
 * because a wall whose tiles swap places at every picture cannot be watched: two live cameras of one level change places
 * only when their counts differ clearly.
 */
import type { ShownLevel } from '../../../../shared/contracts/alert.ts';
import { isDrillCamera } from '../../../../shared/contracts/drill.ts';
import { shownRank } from '../alerts/rank.ts';
import type { CameraView } from './view.ts';

export type Ranked = { id: string; name: string; view: CameraView; level?: ShownLevel | undefined };

/** Between `alert` and `unknown`: a dark camera may hide anything, a known crush hides nothing. */
const TROUBLE = { 'no-signal': 2.9, degraded: 2.8, stale: 2.7 } as const;
/** Below `attention`: never ahead of a real alert. */
const DRILL_URGENCY = 0.5;
/** A difference below this, in people or as a share of the larger count, does not move a tile. */
const CLEAR_PEOPLE = 3;
const CLEAR_SHARE = 0.15;

export function orderCameras(cameras: readonly Ranked[], previous: readonly string[]): string[] {
  const was = new Map(previous.map((id, index) => [id, index]));
  const settled: Ranked[] = [];
  const sorted = cameras.toSorted(
    (a, b) =>
      urgency(b) - urgency(a) || place(was, a) - place(was, b) || people(b) - people(a) || a.name.localeCompare(b.name),
  );
  // Insertion over the former order: a camera climbs to just before the first one it clearly exceeds, else stays.
  for (const camera of sorted) {
    const at = settled.findIndex((other) => urgency(other) === urgency(camera) && clearlyMore(camera, other));
    settled.splice(at < 0 ? settled.length : at, 0, camera);
  }
  return settled.map((camera) => camera.id);
}

/** Higher stands further ahead. */
export function urgency({ id, view, level = 'normal' }: Pick<Ranked, 'id' | 'view' | 'level'>): number {
  // A drill's camera stands before the calm ones and after all that is real.
  if (isDrillCamera(id)) return DRILL_URGENCY;
  return Math.max(shownRank(level), view.status === 'ok' ? 0 : TROUBLE[view.status]);
}

function place(was: Map<string, number>, camera: Ranked): number {
  return was.get(camera.id) ?? Number.MAX_SAFE_INTEGER;
}

function people(camera: Ranked): number {
  return camera.view.status === 'ok' ? camera.view.reading.count : 0;
}

function clearlyMore(camera: Ranked, other: Ranked): boolean {
  const difference = people(camera) - people(other);
  return difference > Math.max(CLEAR_PEOPLE, CLEAR_SHARE * people(camera));
}
