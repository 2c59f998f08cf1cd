/** Puts picture, heat and heads on their canvases. */

import { paintCells } from '../../../../shared/contracts/heat-colours.ts';
import type { Heatmap } from '../../../../shared/contracts/heatmap.ts';

export function drawPicture(canvas: HTMLCanvasElement, bitmap: ImageBitmap): void {
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
  }
  canvas.getContext('2d', { alpha: false })?.drawImage(bitmap, 0, 0);
}

export function clear(canvas: HTMLCanvasElement): void {
  canvas.getContext('2d')?.clearRect(0, 0, canvas.width, canvas.height);
}

/** One canvas of cells, reused for every map: it is scaled up with smoothing when it is drawn. */
const cells = typeof document === 'undefined' ? undefined : document.createElement('canvas');

export function drawHeat(canvas: HTMLCanvasElement, map: Heatmap, top: number): void {
  const small = cells?.getContext('2d');
  const large = canvas.getContext('2d');
  if (!cells || !small || !large) return;
  cells.width = map.width;
  cells.height = map.height;
  const image = small.createImageData(map.width, map.height);
  paintCells(image.data, map.values, map.peoplePerUnit, top);
  small.putImageData(image, 0, 0);
  large.imageSmoothingEnabled = true;
  large.imageSmoothingQuality = 'high';
  large.drawImage(cells, 0, 0, canvas.width, canvas.height);
}

export function drawHeads(canvas: HTMLCanvasElement, heads: readonly [number, number][]): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  // Smaller when there are many, so that a dense crowd is not painted over.
  const many = heads.length > 120;
  const radius = Math.max(1, (canvas.width / 260) * (many ? 0.65 : 1));
  context.beginPath();
  for (const [x, y] of heads) {
    context.moveTo(x * canvas.width + radius, y * canvas.height);
    context.arc(x * canvas.width, y * canvas.height, radius, 0, 2 * Math.PI);
  }
  if (!many) {
    context.lineWidth = radius;
    context.strokeStyle = 'rgb(8 14 18 / 75%)';
    context.stroke();
  }
  context.fillStyle = '#8ff0ff';
  context.fill();
}
