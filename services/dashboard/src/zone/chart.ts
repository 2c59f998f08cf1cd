/** uPlot for a zone's charts: series, thresholds, blind times, axes in the reader's language. */
import uPlot from 'uplot';
import type { RaisedLevel } from '../../../../shared/contracts/alert.ts';
import { type Label, placed } from './label-place.ts';
import { scaleTop } from './scale-top.ts';
import type { ThresholdLine } from './thresholds.ts';
import type { Stretch } from './window.ts';
import type { ZoneTexts } from './zone-texts.ts';

export type ChartSeries = {
  label: string;
  stroke: string;
  width: number;
  dash?: number[];
  /** Drawn only as the edge of a band. */
  edge?: boolean;
};

/** What changes while the chart lives. */
export type ChartState = {
  thresholds: readonly ThresholdLine[];
  blind: readonly Stretch[];
  forecast: { from: { at: number; value: number }; to: { at: number; value: number } } | undefined;
};

export type ChartStyle = {
  grid: string;
  text: string;
  faint: string;
  band: string;
  font: string;
  levels: Record<RaisedLevel, string>;
};

export type ChartSetup = {
  size: { width: number; height: number };
  series: readonly ChartSeries[];
  /** Indices of the upper and lower edge, from 1. */
  band?: [number, number];
  /** Least top of the scale, in the figure's unit: an empty place is not stretched into a full one. */
  leastTop: number;
  value: (value: number) => string;
  z: ZoneTexts;
  levelName: (level: RaisedLevel) => string;
  style: ChartStyle;
  state: () => ChartState;
  onMark: (stretch: Stretch) => void;
  onCursor: (index: number | null) => void;
};

/** Room right of the plot, for half a label of the time; the strip of alerts keeps it free, too. */
const RIGHT_PX = 20;

/** Charts of one page share the cursor. */
const SYNC = 'zone';

export function createChart(box: HTMLElement, o: ChartSetup): uPlot {
  const { style } = o;
  const axis = {
    stroke: style.text,
    font: style.font,
    grid: { stroke: style.grid, width: 1 },
    ticks: { stroke: style.grid, width: 1, size: 4 },
  };
  const options: uPlot.Options = {
    ...o.size,
    legend: { show: false },
    padding: [8, RIGHT_PX, 0, 0],
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 7 }, sync: { key: SYNC } },
    scales: {
      x: { time: true, auto: false },
      y: {
        range: (_chart, _least, most) => [
          0,
          scaleTop(
            Math.max(most ?? 0, o.state().forecast?.to.value ?? 0),
            o.state().thresholds.map(({ value }) => value),
            o.leastTop,
          ),
        ],
      },
    },
    axes: [
      {
        ...axis,
        values: (_chart, splits, _axis, _space, incr) => splits.map((at) => o.z.axis(at * 1_000, incr * 1_000)),
        space: 64,
        size: 30,
      },
      { ...axis, values: (_chart, splits) => splits.map(o.value), size: 48 },
    ],
    series: [
      {},
      ...o.series.map(({ label, stroke, width, dash, edge }) => ({
        label,
        stroke: edge ? 'transparent' : stroke,
        width,
        ...(dash ? { dash } : {}),
        spanGaps: false,
        // A stretch of one sample is still a sample.
        points: edge ? { show: false } : { show: true, filter: singles, size: 4, fill: stroke, stroke },
      })),
    ],
    ...(o.band ? { bands: [{ series: o.band, fill: style.band }] } : {}),
    hooks: {
      drawAxes: [(chart) => drawBlind(chart, o)],
      draw: [(chart) => drawThresholds(chart, o), (chart) => drawForecast(chart, o)],
      setCursor: [(chart) => o.onCursor(chart.cursor.idx ?? null)],
      setSelect: [
        (chart) => {
          const { left, width } = chart.select;
          if (width < 8) return;
          const [from, to] = [left, left + width].map((px) => chart.posToVal(px, 'x') * 1_000) as [number, number];
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          o.onMark({ from, to });
        },
      ],
    },
  };
  return new uPlot(options, [[], ...o.series.map(() => [])] as uPlot.AlignedData, box);
}

/** Points only where the line has nothing to join. */
function singles(chart: uPlot, series: number): number[] {
  const values = chart.data[series] as (number | null)[];
  return values.flatMap((value, i) => (value != null && values[i - 1] == null && values[i + 1] == null ? [i] : []));
}

function drawBlind(chart: uPlot, { style, state }: ChartSetup): void {
  const { ctx, bbox } = chart;
  const fill = hatch(ctx, style.faint);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const { from, to } of state().blind) {
    const left = chart.valToPos(from / 1_000, 'x', true);
    const width = Math.max(1, chart.valToPos(to / 1_000, 'x', true) - left);
    ctx.globalAlpha = 0.13;
    ctx.fillStyle = style.faint;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.globalAlpha = 0.55;
    ctx.fillStyle = fill;
    ctx.fillRect(left, bbox.top, width, bbox.height);
  }
  ctx.restore();
}

/** Diagonal lines: told apart from an empty chart without colour. */
function hatch(ctx: CanvasRenderingContext2D, colour: string): CanvasPattern | string {
  const unit = Math.round(8 * devicePixelRatio);
  const tile = document.createElement('canvas');
  tile.width = unit;
  tile.height = unit;
  const pen = tile.getContext('2d');
  if (!pen) return colour;
  pen.strokeStyle = colour;
  pen.lineWidth = devicePixelRatio;
  pen.beginPath();
  for (const shift of [-unit, 0, unit]) {
    pen.moveTo(shift, unit);
    pen.lineTo(shift + unit, 0);
  }
  pen.stroke();
  return ctx.createPattern(tile, 'repeat') ?? colour;
}

function drawThresholds(chart: uPlot, { style, state, value, levelName }: ChartSetup): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.font = style.font.replace(/[\d.]+px/, (size) => `${Number.parseFloat(size) * devicePixelRatio}px`);
  ctx.textAlign = 'left';
  ctx.lineWidth = 1.5 * devicePixelRatio;
  const left = bbox.left + 6 * devicePixelRatio;
  const lineHeight = Number.parseFloat(ctx.font.replace(/^.*?([\d.]+)px.*$/, '$1')) * 1.2;
  const told: Label[] = [];
  const gap = 10 * devicePixelRatio;
  const name = (words: string, top: number) => {
    const label = placed({ left, top, width: ctx.measureText(words).width, height: lineHeight }, told, gap);
    ctx.fillText(words, label.left, top);
    told.push(label);
  };
  ctx.textBaseline = 'top';
  let aboveTold = false;
  for (const { level, value: at } of state().thresholds) {
    const y = chart.valToPos(at, 'y', true);
    ctx.strokeStyle = style.levels[level];
    ctx.fillStyle = style.levels[level];
    const words = `${levelName(level)} ${value(at)}`;
    if (y >= bbox.top) {
      ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      // At the top of the scale there is no room above the line.
      name(words, y - lineHeight >= 0 ? y - lineHeight + devicePixelRatio : y + 2 * devicePixelRatio);
    } else if (!aboveTold) {
      // Too far away to be drawn: the next one is named at the edge.
      aboveTold = true;
      name(`↑ ${words}`, bbox.top + 3 * devicePixelRatio);
    }
  }
  ctx.restore();
}

function drawForecast(chart: uPlot, { state, style }: ChartSetup): void {
  const { forecast } = state();
  if (!forecast) return;
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.strokeStyle = style.text;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 5 * devicePixelRatio]);
  ctx.beginPath();
  for (const point of [forecast.from, forecast.to]) {
    ctx.lineTo(chart.valToPos(point.at / 1_000, 'x', true), chart.valToPos(point.value, 'y', true));
  }
  ctx.stroke();
  ctx.restore();
}
