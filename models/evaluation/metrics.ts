/** Figures of a counting model. Pure. */

/** One counted picture. */
export type Outcome = { truth: number; count: number; interval: [number, number] };

export type CountFigures = {
  images: number;
  /** Mean people a picture. */
  meanTruth: number;
  /** Mean absolute error, people. */
  mae: number;
  /** Root mean square error, people. */
  rmse: number;
  /** Mean error, people; above 0 the model counts too many. */
  bias: number;
  /** Mean absolute error over the truth, of pictures that show anybody. */
  nae: number;
  /** Share of pictures whose truth lies within the interval. */
  coverage: number;
  /** Mean width of the interval, people. */
  intervalWidth: number;
};

export function countFigures(outcomes: Outcome[]): CountFigures {
  const mean = (of: (outcome: Outcome) => number, among = outcomes) =>
    among.length === 0 ? 0 : among.reduce((sum, outcome) => sum + of(outcome), 0) / among.length;
  return {
    images: outcomes.length,
    meanTruth: mean((o) => o.truth),
    mae: mean((o) => Math.abs(o.count - o.truth)),
    rmse: Math.sqrt(mean((o) => (o.count - o.truth) ** 2)),
    bias: mean((o) => o.count - o.truth),
    nae: mean(
      (o) => Math.abs(o.count - o.truth) / o.truth,
      outcomes.filter((o) => o.truth > 0),
    ),
    coverage: mean((o) => (o.truth >= o.interval[0] && o.truth <= o.interval[1] ? 1 : 0)),
    intervalWidth: mean((o) => o.interval[1] - o.interval[0]),
  };
}

/**
 * Mean change of the error between consecutive frames, people: how restless a number is beyond the crowd's own moves.
 * 0 for fewer than two frames.
 */
export function flicker(frames: Pick<Outcome, 'truth' | 'count'>[]): number {
  const errors = frames.map(({ count, truth }) => count - truth);
  const changes = errors.slice(1).map((error, i) => Math.abs(error - (errors[i] as number)));
  return changes.reduce((sum, change) => sum + change, 0) / Math.max(1, changes.length);
}

export type Matches = { found: number; labelled: number; matched: number };

/** How many heads were found; see {@link pairHeads}. */
export function matchHeads(found: [number, number][], labelled: [number, number][], withinPx: number): Matches {
  return { found: found.length, labelled: labelled.length, matched: pairHeads(found, labelled, withinPx).length };
}

/**
 * Pairs found heads with labelled ones, nearest pairs first, each head once.
 * @param withinPx greatest distance of a pair, px of the coordinates given
 * @returns places in both lists
 */
export function pairHeads(
  found: [number, number][],
  labelled: [number, number][],
  withinPx: number,
): [found: number, labelled: number][] {
  const cells = new Map<string, number[]>();
  const cellOf = (x: number, y: number) => `${Math.floor(x / withinPx)},${Math.floor(y / withinPx)}`;
  for (const [i, [x, y]] of labelled.entries()) {
    const key = cellOf(x, y);
    const cell = cells.get(key);
    if (cell) cell.push(i);
    else cells.set(key, [i]);
  }
  const pairs: { distance: number; found: number; labelled: number }[] = [];
  for (const [i, [x, y]] of found.entries()) {
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        for (const j of cells.get(cellOf(x + dx * withinPx, y + dy * withinPx)) ?? []) {
          const [lx, ly] = labelled[j] as [number, number];
          const distance = Math.hypot(lx - x, ly - y);
          if (distance <= withinPx) pairs.push({ distance, found: i, labelled: j });
        }
      }
    }
  }
  pairs.sort((a, b) => a.distance - b.distance);
  const usedFound = new Set<number>();
  const usedLabelled = new Set<number>();
  const kept: [number, number][] = [];
  for (const pair of pairs) {
    if (usedFound.has(pair.found) || usedLabelled.has(pair.labelled)) continue;
    usedFound.add(pair.found);
    usedLabelled.add(pair.labelled);
    kept.push([pair.found, pair.labelled]);
  }
  return kept;
}

export type HeadFigures = { precision: number; recall: number; f1: number };

/** Precision, recall and F1 over many pictures. 0 where there is nothing to divide by. */
export function headFigures(all: Matches[]): HeadFigures {
  const sum = (of: (matches: Matches) => number) => all.reduce((total, matches) => total + of(matches), 0);
  const matched = sum((m) => m.matched);
  const precision =
    matched /
    Math.max(
      1,
      sum((m) => m.found),
    );
  const recall =
    matched /
    Math.max(
      1,
      sum((m) => m.labelled),
    );
  return { precision, recall, f1: matched === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}
