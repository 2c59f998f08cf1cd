/** Draws a picture of the bench with heat, found heads and clicks. Marks keep their size whatever the enlargement. */
import { decodeHeatmap, type Heatmap } from '../../../../shared/contracts/heatmap.ts';
import { drawHeat } from '../picture/draw.ts';
import { nextTop } from '../picture/scale.ts';
import type { Point, Size } from './clicks.ts';
import { toScreen, type View } from './view.ts';

export type Marks = {
  found: Point[];
  clicked: readonly Point[];
  /** Found heads that a click confirms, and clicks that were found, by their places in the lists. */
  matched: { found: ReadonlySet<number>; clicked: ReadonlySet<number> };
  selected: number | undefined;
  /** Whether every head was clicked: only then is a found head without a click wrong. */
  complete: boolean;
  /** Where the keyboard is. */
  cursor: Point | undefined;
};

export type Scene = Size & { bitmap: ImageBitmap; heat: HTMLCanvasElement | undefined; marks: Marks; view: View };

const FOUND = '#8ff0ff';
const WRONG = '#ff8266';
const CLICKED = '#ffe08a';
const DARK = 'rgb(5 8 10 / 80%)';

/** The heat map of a run as a canvas of the picture's shape, ready to be laid over it. */
export function heatCanvas(base64: string, { widthPx, heightPx }: Size): HTMLCanvasElement {
  const map: Heatmap = decodeHeatmap(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));
  const canvas = document.createElement('canvas');
  const scale = Math.min(1, 1024 / widthPx);
  canvas.width = Math.round(widthPx * scale);
  canvas.height = Math.round(heightPx * scale);
  drawHeat(canvas, map, nextTop(undefined, map.values, map.peoplePerUnit, map.width, 0));
  return canvas;
}

/** @param ratio device pixels a CSS pixel */
export function draw(canvas: HTMLCanvasElement, scene: Scene, ratio: number): void {
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) return;
  const { view, bitmap, heat, widthPx, heightPx, marks } = scene;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = '#05080a';
  context.fillRect(0, 0, canvas.width / ratio, canvas.height / ratio);
  context.imageSmoothingEnabled = view.scale < 4;
  const area = [view.x, view.y, widthPx * view.scale, heightPx * view.scale] as const;
  context.drawImage(bitmap, ...area);
  if (heat) {
    context.imageSmoothingEnabled = true;
    context.drawImage(heat, ...area);
  }
  drawMarks(context, marks, view);
}

function drawMarks(context: CanvasRenderingContext2D, marks: Marks, view: View): void {
  const size = Math.min(7, Math.max(3, view.scale * 3));
  for (const [index, point] of marks.found.entries()) {
    const [x, y] = toScreen(view, point);
    // A shape of its own, so that it is told apart without colour.
    if (marks.complete && !marks.matched.found.has(index)) cross(context, x, y, size, WRONG);
    else dot(context, x, y, size * 0.6, FOUND);
  }
  for (const [index, point] of marks.clicked.entries()) {
    const [x, y] = toScreen(view, point);
    ring(context, x, y, size + 1.5, CLICKED, !marks.matched.clicked.has(index));
    if (index === marks.selected) ring(context, x, y, size + 6, '#ffffff', false);
  }
  if (marks.cursor) crosshair(context, ...toScreen(view, marks.cursor));
}

function stroke(context: CanvasRenderingContext2D, colour: string, path: () => void): void {
  for (const [style, width] of [
    [DARK, 4],
    [colour, 2],
  ] as const) {
    context.beginPath();
    path();
    context.strokeStyle = style;
    context.lineWidth = width;
    context.stroke();
  }
}

function dot(context: CanvasRenderingContext2D, x: number, y: number, radius: number, colour: string): void {
  context.beginPath();
  context.arc(x, y, radius + 1, 0, 2 * Math.PI);
  context.fillStyle = DARK;
  context.fill();
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
}

function cross(context: CanvasRenderingContext2D, x: number, y: number, arm: number, colour: string): void {
  stroke(context, colour, () => {
    context.moveTo(x - arm, y - arm);
    context.lineTo(x + arm, y + arm);
    context.moveTo(x + arm, y - arm);
    context.lineTo(x - arm, y + arm);
  });
}

function ring(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  colour: string,
  broken: boolean,
) {
  context.setLineDash(broken ? [3, 3] : []);
  stroke(context, colour, () => context.arc(x, y, radius, 0, 2 * Math.PI));
  context.setLineDash([]);
}

function crosshair(context: CanvasRenderingContext2D, x: number, y: number): void {
  stroke(context, '#ffffff', () => {
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const) {
      context.moveTo(x + dx * 4, y + dy * 4);
      context.lineTo(x + dx * 14, y + dy * 14);
    }
  });
}
