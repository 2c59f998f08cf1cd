/** How a picture lies on the screen: `screen = picture * scale + offset`. Pure. */
import type { Point, Size } from './clicks.ts';

export type View = { scale: number; x: number; y: number };

/** Greatest enlargement, screen pixels a pixel: a head of four pixels is then as wide as a finger. */
const MOST = 16;
/** Part of the screen that the picture never leaves. */
const STAY = 0.25;

/** The whole picture, in the middle. */
export function fit(picture: Size, box: Size): View {
  const scale = Math.min(box.widthPx / picture.widthPx, box.heightPx / picture.heightPx) || 1;
  return {
    scale,
    x: (box.widthPx - picture.widthPx * scale) / 2,
    y: (box.heightPx - picture.heightPx * scale) / 2,
  };
}

/** Enlarges about a place of the screen, which stays where it is. */
export function zoomAt(view: View, factor: number, [x, y]: Point, picture: Size, box: Size): View {
  const least = fit(picture, box).scale;
  const scale = Math.min(Math.max(MOST, least), Math.max(least, view.scale * factor));
  if (scale <= least) return fit(picture, box);
  const grown = scale / view.scale;
  return keep({ scale, x: x - (x - view.x) * grown, y: y - (y - view.y) * grown }, picture, box);
}

export const pan = (view: View, dx: number, dy: number, picture: Size, box: Size): View =>
  keep({ ...view, x: view.x + dx, y: view.y + dy }, picture, box);

/** Moves the view so that a place of the picture is seen, with some room around it. */
export function reveal(view: View, [px, py]: Point, picture: Size, box: Size): View {
  const room = 0.1;
  const shift = (at: number, length: number) => Math.max(0, length * room - at) - Math.max(0, at - length * (1 - room));
  const dx = shift(px * view.scale + view.x, box.widthPx);
  const dy = shift(py * view.scale + view.y, box.heightPx);
  return view.scale > fit(picture, box).scale ? pan(view, dx, dy, picture, box) : view;
}

export const toPicture = (view: View, [x, y]: Point): Point => [(x - view.x) / view.scale, (y - view.y) / view.scale];
export const toScreen = (view: View, [x, y]: Point): Point => [x * view.scale + view.x, y * view.scale + view.y];

function keep(view: View, picture: Size, box: Size): View {
  const within = (offset: number, length: number, room: number) =>
    Math.min(room * (1 - STAY), Math.max(room * STAY - length, offset));
  return {
    scale: view.scale,
    x: within(view.x, picture.widthPx * view.scale, box.widthPx),
    y: within(view.y, picture.heightPx * view.scale, box.heightPx),
  };
}
