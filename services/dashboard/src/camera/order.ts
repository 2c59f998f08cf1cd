/**
 * The order of the wall: trouble first, then by count. Sticky, because a wall whose tiles swap places at every
 * picture cannot be watched: two live cameras change places only when their counts differ clearly.
 */
import type { CameraView } from './view.ts';

export type Ranked = { id: string; name: string; view: CameraView };

const TROUBLE = { 'no-signal': 0, degraded: 1, stale: 2 } as const;
/** A difference below this, in people or as a share of the larger count, does not move a tile. */
const CLEAR_PEOPLE = 3;
const CLEAR_SHARE = 0.15;

export function orderCameras(cameras: readonly Ranked[], previous: readonly string[]): string[] {
  const was = new Map(previous.map((id, index) => [id, index]));
  const trouble = cameras.filter((camera) => camera.view.status !== 'ok');
  const counted = cameras.filter((camera) => camera.view.status === 'ok');

  trouble.sort((a, b) => rank(a) - rank(b) || place(was, a) - place(was, b) || a.name.localeCompare(b.name));

  // Insertion over the former order: a camera climbs to just before the first one it clearly exceeds, else stays.
  const settled: Ranked[] = [];
  counted.sort((a, b) => place(was, a) - place(was, b) || people(b) - people(a) || a.name.localeCompare(b.name));
  for (const camera of counted) {
    const at = settled.findIndex((other) => clearlyMore(camera, other));
    settled.splice(at < 0 ? settled.length : at, 0, camera);
  }
  return [...trouble, ...settled].map((camera) => camera.id);
}

function rank(camera: Ranked): number {
  return camera.view.status === 'ok' ? 3 : TROUBLE[camera.view.status];
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
