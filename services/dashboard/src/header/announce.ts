/** What a screen reader is told when states change: single cameras by name, many at once as a number. */
import { type CameraView, isLive } from '../camera/view.ts';
import type { Texts } from '../text/texts.ts';

export type Announced = { connected: boolean; cameras: Map<string, { name: string; view: CameraView }> };

const NAMED_AT_MOST = 3;

/** The words for the step from one state to the next, or nothing. */
export function announcement(before: Announced | undefined, after: Announced, t: Texts): string | undefined {
  if (!before) return undefined;
  // With the connection gone every camera changes state; saying so once is enough.
  if (before.connected !== after.connected) {
    const views = [...after.cameras.values()].map(({ view }) => view);
    return after.connected ? t.announce.back(views.filter(isLive).length, views.length) : t.announce.lost;
  }
  if (!after.connected) return undefined;
  const changed = [...after.cameras].filter(([id, { view }]) => {
    const was = before.cameras.get(id)?.view.status;
    return was !== undefined && was !== view.status;
  });
  if (changed.length === 0) return undefined;
  if (changed.length > NAMED_AT_MOST) return t.announce.many(changed.length);
  return changed.map(([, { name, view }]) => t.announce.camera(name, describe(view, t))).join(' ');
}

function describe(view: CameraView, t: Texts): string {
  return view.status === 'ok' ? `${t.status.ok}.` : `${t.status[view.status]}. ${t.reasons[view.reason].what}`;
}
