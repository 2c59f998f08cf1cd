/** How far the counts are from the clicks, by the very functions that `npm run evaluate` uses. Pure. */
import {
  type CountFigures,
  countFigures,
  type HeadFigures,
  headFigures,
  matchHeads,
  pairHeads,
} from '../../../../models/evaluation/metrics.ts';
import type { Look, LookRun } from '../../../../shared/contracts/bench.ts';
import type { Point, Size } from './clicks.ts';

export type Setting = { steps: number; seed: number };

/** A picture that was looked at and whose every head was clicked. */
export type Compared = Size & { points: readonly Point[]; run: LookRun };
export type Figures = { counts: CountFigures; heads: HeadFigures };

/** The run of a setting; without one, that of the model's own number of steps and the first seed. */
export function exactRunOf({ runs, model }: Look, setting: Setting | undefined): LookRun | undefined {
  const wanted = setting ?? { steps: model.defaultSteps, seed: 1 };
  return runs.find(({ steps, seed }) => steps === wanted.steps && seed === wanted.seed);
}

/** The run to show: that of the setting, else the first there is. */
export const runOf = (look: Look, setting: Setting | undefined): LookRun =>
  exactRunOf(look, setting) ?? (look.runs[0] as LookRun);

type Counted = Size & { complete: boolean; clicks: { points: readonly Point[] }; look: Look };

/**
 * The pictures that the present settings have counted. Others wait to be looked at again, or could not be: figures of two
 * models mixed are those of neither.
 * @param present model, width and far field
 */
export const countedNow = <
  P extends Omit<Counted, 'look'> & { look: Look | undefined; lookedWith: string | undefined },
>(
  pictures: readonly P[],
  present: string,
): (P & Counted)[] =>
  pictures.filter((one): one is P & Counted => one.look !== undefined && one.lookedWith === present);

/** Those whose every head was clicked, each with the very run that is compared. */
export const comparedOf = (pictures: readonly Counted[], setting: Setting | undefined): Compared[] =>
  pictures.flatMap(({ complete, look, clicks, widthPx, heightPx }) => {
    const run = complete && exactRunOf(look, setting);
    return run ? [{ widthPx, heightPx, points: clicks.points, run }] : [];
  });

/** Heads with at least this share of a person, px of the picture. */
export const headsOf = ({ peaks }: LookRun, threshold: number, { widthPx, heightPx }: Size): Point[] =>
  peaks.filter(([, , people]) => people >= threshold).map(([x, y]) => [x * widthPx, y * heightPx]);

/** @returns undefined while nothing can be compared */
export function figuresOf(compared: Compared[], threshold: number, withinPx: number): Figures | undefined {
  if (compared.length === 0) return undefined;
  return {
    counts: countFigures(
      compared.map(({ points, run }) => ({ truth: points.length, count: run.count, interval: run.interval })),
    ),
    heads: headFigures(compared.map((one) => matchHeads(headsOf(one.run, threshold, one), [...one.points], withinPx))),
  };
}

/** Which heads were found and which clicks were met, for the marks over the picture. */
export function matched(found: Point[], points: readonly Point[], withinPx: number) {
  const pairs = pairHeads(found, [...points], withinPx);
  return { found: new Set(pairs.map(([index]) => index)), clicked: new Set(pairs.map(([, index]) => index)) };
}

export type Row = { steps: number; runs: LookRun[]; mean: number; least: number; most: number };

/**
 * The runs side by side: a row for each number of steps, with the spread over its seeds.
 * @param upTo settings beyond these are left out: an earlier look may have more
 */
export function rowsOf(look: Look, upTo: { steps: number | undefined; seeds: number }): Row[] {
  const wanted = look.runs.filter(
    ({ steps, seed }) =>
      seed <= upTo.seeds && (upTo.steps === undefined ? steps === look.model.defaultSteps : steps <= upTo.steps),
  );
  return [...Map.groupBy(wanted, ({ steps }) => steps)]
    .sort(([a], [b]) => a - b)
    .map(([steps, runs]) => {
      const counts = runs.map(({ count }) => count);
      return {
        steps,
        runs,
        mean: counts.reduce((sum, count) => sum + count, 0) / counts.length,
        least: Math.min(...counts),
        most: Math.max(...counts),
      };
    });
}
