/** uPlot's options for the count over time: line, 90 % band, axes in the reader's language. */
import type uPlot from 'uplot';
import type { Texts } from '../text/texts.ts';
import { niceTop } from './series.ts';

export type ChartColours = { line: string; band: string; grid: string; text: string; font: string };

export function chartOptions(size: { width: number; height: number }, t: Texts, colours: ChartColours): uPlot.Options {
  const time = new Intl.DateTimeFormat(document.documentElement.lang, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const axis = {
    stroke: colours.text,
    font: colours.font,
    grid: { stroke: colours.grid, width: 1 },
    ticks: { stroke: colours.grid, width: 1, size: 4 },
  };
  const edge = { stroke: 'transparent', points: { show: false } };
  return {
    ...size,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      // The window is set by hand (the last minutes up to now), so that missing time at the end is seen as missing.
      x: { time: true, auto: false },
      y: { range: (_chart, _min, max) => [0, niceTop(max ?? 0)] },
    },
    axes: [
      {
        ...axis,
        values: (_chart, splits) => splits.map((at) => time.format(at * 1_000)),
        space: 70,
        size: 30,
        incrs: [60, 120, 300],
      },
      {
        ...axis,
        values: (_chart, splits) => splits.map((count) => t.format.whole(count)),
        size: 48,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000],
      },
    ],
    series: [
      {},
      { label: t.trend.count, stroke: colours.line, width: 2, spanGaps: false, points: { show: false } },
      { label: 'high', spanGaps: false, ...edge },
      { label: 'low', spanGaps: false, ...edge },
    ],
    bands: [{ series: [2, 3], fill: colours.band }],
  };
}
