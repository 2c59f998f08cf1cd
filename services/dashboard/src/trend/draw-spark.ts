/** Draws a spark line: band of the interval, line of the count, gaps left empty. */
import { niceTop, type Point } from './series.ts';

export type SparkStyle = { line: string; band: string; grid: string };

export function drawSpark(
  canvas: HTMLCanvasElement,
  stretches: readonly (readonly Point[])[],
  span: { from: number; to: number },
  style: SparkStyle,
): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const { width, height } = canvas;
  const unit = Math.max(1, devicePixelRatio);
  const top = niceTop(Math.max(0, ...stretches.map((stretch) => Math.max(...stretch.map((point) => point.high)))));
  const x = (at: number) => ((at - span.from) / (span.to - span.from)) * (width - 3 * unit);
  const y = (count: number) => height - unit - (count / top) * (height - 3 * unit);

  context.clearRect(0, 0, width, height);
  context.fillStyle = style.grid;
  context.fillRect(0, height - unit, width, unit);

  for (const stretch of stretches) {
    context.beginPath();
    for (const point of stretch) context.lineTo(x(point.at), y(point.high));
    for (const point of stretch.toReversed()) context.lineTo(x(point.at), y(point.low));
    context.closePath();
    context.fillStyle = style.band;
    context.fill();

    context.beginPath();
    for (const point of stretch) context.lineTo(x(point.at), y(point.count));
    context.lineWidth = 1.6 * unit;
    context.lineJoin = 'round';
    context.lineCap = 'round';
    context.strokeStyle = style.line;
    // A stretch of one reading is still a reading: a round cap on a line of no length draws a dot.
    const only = stretch.length === 1 ? stretch[0] : undefined;
    if (only) context.lineTo(x(only.at) + 0.01, y(only.count));
    context.stroke();
  }
}
