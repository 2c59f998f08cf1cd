/**
 * What steps, the warm start and noise change: every picture is encoded once, with the tiles of its far field where one is
 * asked for, and its map drawn in each way. The pictures of a folder are taken as consecutive frames, in the order of their
 * names; where a picture names those before it, the warm start begins with them. "warm start" is the server's: cold where
 * the scene was cut or ten seconds have passed; "steadied" takes part of the count before along, as the server does.
 * For folders of single pictures these and the flicker mean nothing.
 */
import { availableParallelism } from 'node:os';
import {
  drawPicture,
  type EncodedPicture,
  encodePicture,
  type PictureEstimate,
} from '../../services/worker/model/count-picture.ts';
import { CrowdCounter, mapOf } from '../../services/worker/model/crowd-counter.ts';
import { openModel } from '../../services/worker/model/manifest.ts';
import { seedOf } from '../../services/worker/model/noise.ts';
import { pasteMap } from '../../services/worker/model/paste.ts';
import type { DensityMap } from '../../services/worker/model/read-out.ts';
import { SceneMemory } from '../../services/worker/scene-memory.ts';
import { steadied } from '../../services/worker/steadied.ts';
import type { ModelManifest } from '../../shared/contracts/manifest.ts';
import type { EvaluateOptions } from './evaluate.ts';
import { readJudged } from './judged-part.ts';
import { decodeLabelled, type LabelledPicture } from './labelled-data.ts';
import { countFigures, flicker, headFigures, type Matches, matchHeads, type Outcome } from './metrics.ts';

/** Between two frames, as at 2 fps: for what the server does by the clock. */
const FRAME_MS = 500;

/** Ways that are also steadied. */
const IN_TIME = ['1 step', 'warm start'] as const;
const DRAWN = ['2 steps', '4 steps', ...IN_TIME] as const;
const WAYS = ['1 step', '2 steps', '4 steps', 'warm start', '1 step, steadied', 'warm start, steadied'] as const;
export type Way = (typeof WAYS)[number];

export type Comparison = {
  folder: string;
  way: Way;
  images: number;
  meanTruth: number;
  /** Of the count shown, people. */
  mae: number;
  bias: number;
  /** Of the sum of the last map alone, people. */
  mapMae: number;
  /** Mean change of the error from one frame to the next, people; of the count and of the number of heads. */
  flicker: number;
  headFlicker: number;
  /** Heads within 8 and 16 px of the picture. */
  f1At8Px: number;
  f1At16Px: number;
};

type Seen = Outcome & { mapSum: number; heads: number; at8: Matches; at16: Matches };

/** @throws HeadroomError when the model cannot be opened or a picture cannot be read */
export async function compare(
  pictures: LabelledPicture[],
  options: Pick<EvaluateOptions, 'model' | 'modelsDir' | 'width' | 'farField' | 'wear' | 'below' | 'onProgress'>,
): Promise<Comparison[]> {
  const model = await openModel(options.modelsDir ?? 'models', options.model);
  const counter = await CrowdCounter.load(model, { provider: 'cpu', threads: availableParallelism() });
  const rows: Comparison[] = [];
  let done = 0;
  for (const [name, group] of Map.groupBy(pictures, (picture) => picture.folder)) {
    const frames = [...group].sort((a, b) => (a.file < b.file ? -1 : 1));
    const seen = new Map<Way, Seen[]>(WAYS.map((way) => [way, []]));
    let scene = new SceneMemory();
    let atMs = 0;
    for (const picture of frames) {
      if (picture.before) scene = new SceneMemory();
      const note = (way: Way, said: PictureEstimate, map: DensityMap) =>
        (seen.get(way) as Seen[]).push(look(picture, said, map, counter.manifest, options.below ?? 0));
      for (const file of [...(picture.before ?? []), picture.file]) {
        const judged = file === picture.file;
        const frame = await decodeLabelled(judged ? picture : { file }, counter.manifest.input, options);
        const encoded = await encodePicture(counter, frame);
        atMs += FRAME_MS;
        for (const way of judged ? DRAWN : IN_TIME) {
          const before = scene.before(way, frame, atMs);
          const previous = way === 'warm start' ? before?.latents : undefined;
          const estimate = await draw(counter, encoded, way, previous);
          if (judged) note(way, estimate, lastMapOf(encoded, estimate, counter.manifest.latent));
          if (way === '2 steps' || way === '4 steps') continue;
          const counted = steadied(estimate, before);
          const { latents } = estimate;
          scene.remember(way, frame, { latents, counted }, atMs, previous !== undefined);
          if (judged) note(`${way}, steadied`, { ...estimate, ...counted }, counted.map);
        }
      }
      options.onProgress?.(++done);
    }
    for (const [way, all] of seen) rows.push({ folder: name, way, ...figuresOf(all) });
  }
  return rows;
}

function draw(
  counter: CrowdCounter,
  encoded: EncodedPicture,
  way: Way,
  previous?: Float32Array[],
): Promise<PictureEstimate> {
  return drawPicture(counter, encoded, {
    steps: way === '4 steps' ? 4 : way === '2 steps' ? 2 : 1,
    seed: seedOf('evaluation'),
    previous,
  });
}

/** The last map, of the latents: the map that is counted is the first. The far field's part of it from the tiles, too. */
function lastMapOf(
  { whole, far }: EncodedPicture,
  { latents }: PictureEstimate,
  spec: ModelManifest['latent'],
): DensityMap {
  const [map, ...tiles] = [whole, ...(far?.tiles ?? [])].map((part, i) =>
    mapOf(part, latents[i] as Float32Array, spec),
  ) as [DensityMap, ...DensityMap[]];
  return far ? pasteMap(map, far.plan, tiles) : map;
}

function look(
  picture: LabelledPicture,
  estimate: PictureEstimate,
  lastMap: DensityMap,
  manifest: ModelManifest,
  below: number,
): Seen {
  const { count, interval, found } = readJudged(estimate, manifest, picture, below);
  return {
    truth: picture.heads.length,
    count,
    interval,
    mapSum: peopleBelow(lastMap, manifest.latent, below),
    heads: found.length,
    at8: matchHeads(found, picture.heads, 8),
    at16: matchHeads(found, picture.heads, 16),
  };
}

/** People of a map below a share of its height, in whole rows of the latent. */
function peopleBelow({ width, height, people }: DensityMap, spec: ModelManifest['latent'], below: number): number {
  const firstRow = Math.ceil((below * height) / spec.spaceToDepth) * spec.spaceToDepth;
  return people.subarray(firstRow * width).reduce((sum, value) => sum + value, 0);
}

function figuresOf(all: Seen[]): Omit<Comparison, 'folder' | 'way'> {
  const { images, meanTruth, mae, bias } = countFigures(all);
  return {
    images,
    meanTruth,
    mae,
    bias,
    mapMae: countFigures(all.map((one) => ({ ...one, count: one.mapSum }))).mae,
    flicker: flicker(all),
    headFlicker: flicker(all.map((one) => ({ truth: one.truth, count: one.heads }))),
    f1At8Px: headFigures(all.map((one) => one.at8)).f1,
    f1At16Px: headFigures(all.map((one) => one.at16)).f1,
  };
}

/** The comparison as lines for people. */
export function comparisonTable(rows: Comparison[]): string {
  const cells = rows.map((row) => [
    row.folder,
    row.way,
    String(row.images),
    row.meanTruth.toFixed(1),
    row.mae.toFixed(2),
    row.bias.toFixed(2),
    row.mapMae.toFixed(2),
    row.flicker.toFixed(2),
    row.headFlicker.toFixed(2),
    row.f1At8Px.toFixed(3),
    row.f1At16Px.toFixed(3),
  ]);
  const head = ['', '', 'frames', 'people', 'MAE', 'bias', 'map MAE', 'flicker', 'heads', 'F1 8px', 'F1 16px'];
  return [head, ...cells]
    .map((line) => line.map((cell, i) => (i === 0 ? cell.padEnd(24) : cell.padStart(i === 1 ? 22 : 9))).join(''))
    .join('\n')
    .concat('\n');
}
