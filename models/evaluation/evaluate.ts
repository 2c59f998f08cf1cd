/** Counts labelled pictures on the production path: same decoding, same sessions, same read-out. */
import { availableParallelism } from 'node:os';
import { countPicture } from '../../services/worker/model/count-picture.ts';
import { CrowdCounter } from '../../services/worker/model/crowd-counter.ts';
import { openModel } from '../../services/worker/model/manifest.ts';
import { seedOf } from '../../services/worker/model/noise.ts';
import type { ModelUse } from '../../shared/contracts/reading.ts';
import { readJudged } from './judged-part.ts';
import { decodeLabelled, type LabelledPicture, type Shown } from './labelled-data.ts';
import {
  type CountFigures,
  countFigures,
  type HeadFigures,
  headFigures,
  type Matches,
  matchHeads,
  type Outcome,
} from './metrics.ts';

/** Distances at which located heads count as found, px of the picture. */
const MATCH_DISTANCES_PX = [8, 16] as const;

/** People a picture: sparse scenes and packed ones fail in different ways. */
const BANDS: [name: string, from: number, to: number][] = [
  ['empty', 0, 0],
  ['1-20', 1, 20],
  ['21-100', 21, 100],
  ['101-300', 101, 300],
  ['over 300', 301, Number.POSITIVE_INFINITY],
];

export type Counted = Outcome & { picture: LabelledPicture; found: [number, number][] };

export type Evaluation = CountFigures & {
  steps: number;
  /** Decoding and inference with all cores on one picture, ms. */
  msPerImage: number;
  model: Pick<ModelUse, 'name' | 'version'>;
  heads: Record<string, HeadFigures>;
  byFolder: Record<string, CountFigures>;
  byPeople: Record<string, CountFigures>;
};

export type EvaluateOptions = Omit<Shown, 'width'> & {
  model: string;
  modelsDir?: string;
  steps?: 1 | 2 | 4 | undefined;
  width?: number | undefined;
  /** Judged below this share of the height; the pictures' labels must be of that part (`labelsBelow`). */
  below?: number | undefined;
  onProgress?: (done: number) => void;
};

/** @throws HeadroomError when the model cannot be opened or a picture cannot be read */
export async function evaluate(
  pictures: LabelledPicture[],
  options: EvaluateOptions,
): Promise<{ evaluation: Evaluation; counted: Counted[] }> {
  const model = await openModel(options.modelsDir ?? 'models', options.model);
  const counter = await CrowdCounter.load(model, { provider: 'cpu', threads: availableParallelism() });
  const { manifest } = counter;
  const steps = options.steps ?? manifest.schedule.defaultSteps;
  const counted: Counted[] = [];
  let busyMs = 0;
  for (const picture of pictures) {
    const startedAt = performance.now();
    const decoded = await decodeLabelled(picture, manifest.input, options);
    const estimate = await countPicture(counter, decoded, { steps, seed: seedOf('evaluation') });
    busyMs += performance.now() - startedAt;
    const judged = readJudged(estimate, manifest, picture, options.below ?? 0);
    counted.push({ picture, truth: picture.heads.length, ...judged });
    options.onProgress?.(counted.length);
  }

  const matches = (withinPx: number): Matches[] => counted.map((c) => matchHeads(c.found, c.picture.heads, withinPx));
  return {
    counted,
    evaluation: {
      ...countFigures(counted),
      steps,
      msPerImage: busyMs / Math.max(1, counted.length),
      model: { name: manifest.name, version: manifest.version },
      heads: Object.fromEntries(MATCH_DISTANCES_PX.map((px) => [`${px}px`, headFigures(matches(px))])),
      byFolder: grouped(counted, (c) => c.picture.folder),
      byPeople: grouped(counted, (c) => BANDS.find(([, from, to]) => c.truth >= from && c.truth <= to)?.[0] ?? ''),
    },
  };
}

function grouped(counted: Counted[], by: (one: Counted) => string): Record<string, CountFigures> {
  const groups = Map.groupBy(counted, by);
  return Object.fromEntries([...groups].map(([name, group]) => [name, countFigures(group)]));
}
