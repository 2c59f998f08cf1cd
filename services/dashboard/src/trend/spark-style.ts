/** The colours of spark lines, read from the design system once: asking the style at every line of a wall is slow. */
import type { SparkStyle } from './draw-spark.ts';

let styles: { live: SparkStyle; old: SparkStyle } | undefined;

export function sparkStyle(live: boolean): SparkStyle {
  styles ??= readStyles();
  return live ? styles.live : styles.old;
}

function readStyles(): { live: SparkStyle; old: SparkStyle } {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const levels = {
    attention: colour('level-attention'),
    caution: colour('level-caution'),
    alert: colour('level-alert'),
    severe: colour('level-severe'),
  };
  const grid = colour('line');
  return {
    live: { line: colour('chart-line'), band: colour('chart-band'), grid, levels },
    old: { line: colour('text-faint'), band: 'transparent', grid, levels },
  };
}
