/** Draws a spark line: band, line, the levels it may reach, gaps left empty. */
import { RAISED_LEVELS } from '../../../../shared/contracts/alert.ts';
import type { ThresholdLines } from '../../../../shared/contracts/socket.ts';
import { type Point, sparkTop } from './series.ts';

export type SparkStyle = {
  line: string;
  band: string;
  grid: string;
  levels: Record<keyof ThresholdLines, string>;
};

export type Spark = {
  stretches: readonly (readonly Point[])[];
  from: number;
  to: number;
  /** Where levels begin, in the unit of the line. */
  limits: ThresholdLines;
  /** Top of the scale of a quiet scene. */
  leastTop: number;
};

export function drawSpark(canvas: HTMLCanvasElement, spark: Spark, style: SparkStyle): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const { width, height } = canvas;
  const { stretches, from, to, limits } = spark;
  const unit = Math.max(1, devicePixelRatio);
  const top = sparkTop(stretches, limits, spark.leastTop);
  const x = (at: number) => ((at - from) / (to - from)) * (width - 3 * unit);
  const y = (value: number) => height - unit - (value / top) * (height - 3 * unit);

  context.clearRect(0, 0, width, height);
  context.fillStyle = style.grid;
  context.fillRect(0, height - unit, width, unit);

  // Dashes grow longer with the level: the lines are told apart without colour.
  RAISED_LEVELS.forEach((level, index) => {
    const limit = limits[level];
    if (limit === undefined || limit > top) return;
    context.beginPath();
    context.setLineDash([(2 + 3 * index) * unit, 3 * unit]);
    context.moveTo(0, y(limit));
    context.lineTo(width, y(limit));
    context.lineWidth = unit;
    context.strokeStyle = style.levels[level];
    context.stroke();
  });
  context.setLineDash([]);

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
