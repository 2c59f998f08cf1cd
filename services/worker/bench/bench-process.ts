/**
 * Child process of the test bench: the production path with options. It runs at low priority and dies
 * alone: whatever somebody drops in, the processes that count cameras do not notice.
 */
import { performance } from 'node:perf_hooks';
import { BENCH_LIMITS, type Look, type LookRun } from '../../../shared/contracts/bench.ts';
import { encodeHeatmap } from '../../../shared/contracts/heatmap.ts';
import { messageOf } from '../../../shared/runtime/errors.ts';
import { heatmapOf, readPicture } from '../density/picture-reading.ts';
import { drawPicture, type EncodedPicture, encodePicture } from '../model/count-picture.ts';
import { CrowdCounter, type Provider } from '../model/crowd-counter.ts';
import { proveGolden } from '../model/golden.ts';
import type { ModelFolder } from '../model/manifest.ts';
import { seedOf } from '../model/noise.ts';
import { decodePicture } from '../model/picture.ts';
import type { Steps } from '../model/sampler.ts';
import { type FromBench, type LookOutcome, type LookRequest, refuse } from './bench-messages.ts';

/** Models held at a time: enough to compare two. */
const HELD = 2;
const counters = new Map<string, CrowdCounter>();

process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => undefined);
process.on('message', (request: LookRequest) => {
  void look(request)
    .catch((error) => refuse('failed', messageOf(error)))
    .then((outcome) => {
      const held = [...counters.keys()];
      process.send?.({ type: 'outcome', id: request.id, outcome, held } satisfies FromBench);
    });
});

async function look(request: LookRequest): Promise<LookOutcome> {
  let counter: CrowdCounter;
  try {
    counter = await counterOf(request.fingerprint, request.model, request.provider);
  } catch (error) {
    return refuse('model', messageOf(error));
  }
  const { manifest } = counter;
  const { options, file } = request;
  const startedAt = performance.now();
  const picture = await decodePicture(file, manifest.input, options.width, options.farField).catch(() => undefined);
  if (!picture) return refuse('unreadable', 'The picture cannot be decoded.');
  const decodedAt = performance.now();
  const encoded = await encodePicture(counter, picture);
  const encodedAt = performance.now();

  const runs: LookRun[] = [];
  for (const steps of options.steps ?? [manifest.schedule.defaultSteps]) {
    for (let seed = 1; seed <= options.seeds; seed++) {
      const run = await draw(counter, encoded, steps, seed, options.leastHead);
      if (!run) return refuse('failed', 'The model’s output is not a number or absurd.');
      runs.push(run);
    }
  }
  const answer: Look = {
    model: {
      name: manifest.name,
      version: manifest.version,
      defaultSteps: manifest.schedule.defaultSteps,
      headThreshold: manifest.heads.leastPeople,
      headWeight: manifest.count.headWeight,
      level: manifest.interval.level,
    },
    ...picture.native,
    lookedAtWidthPx: picture.seen.widthPx,
    lookedAtHeightPx: picture.seen.heightPx,
    ...(encoded.far && { farField: detailOf(encoded.far) }),
    decodeMs: decodedAt - startedAt,
    encodeMs: encodedAt - decodedAt,
    runs,
  };
  return { ok: true, look: answer };
}

async function draw(
  counter: CrowdCounter,
  encoded: EncodedPicture,
  steps: Steps,
  seed: number,
  leastHead: number,
): Promise<LookRun | undefined> {
  const { manifest } = counter;
  const startedAt = performance.now();
  const estimate = await drawPicture(counter, encoded, { steps, seed: benchSeed(seed), leastHead });
  const reading = readPicture(estimate, manifest, [], () => ({ map: new Float32Array(), blocks: new Float32Array() }));
  if (!reading) return undefined;
  const { map, blocks, heads, peaks = [] } = estimate;
  return {
    steps,
    seed,
    count: reading.count,
    interval: reading.interval,
    mapCount: sum(map.people),
    blockCount: sum(blocks.mean),
    heads: heads.length,
    peaks: peaks.sort((a, b) => b[2] - a[2]).slice(0, BENCH_LIMITS.peaks),
    heatmap: Buffer.from(
      encodeHeatmap(heatmapOf(map, heads, { cameraId: 'bench', seq: 1, capturedAt: Date.now() })),
    ).toString('base64'),
    ms: performance.now() - startedAt,
  };
}

const detailOf = ({ plan, tiles }: NonNullable<EncodedPicture['far']>): Look['farField'] => ({
  until: plan.until,
  widthPx: plan.picture.widthPx,
  tiles: tiles.length,
});

const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);

/** Seed 1 is the one labelled pictures are evaluated with: both then say the same of a picture. */
const benchSeed = (seed: number): number => seedOf(seed === 1 ? 'evaluation' : `evaluation ${seed}`);

async function counterOf(
  fingerprint: string,
  model: ModelFolder | undefined,
  provider: Provider,
): Promise<CrowdCounter> {
  const known = counters.get(fingerprint);
  if (known) return known;
  if (!model) throw new Error('The model was not given.');
  const counter = await CrowdCounter.load(model, { provider, threads: 1 });
  if (model.golden) await proveGolden(counter, model.golden);
  const oldest = counters.keys().next();
  if (counters.size >= HELD && !oldest.done) counters.delete(oldest.value);
  counters.set(fingerprint, counter);
  return counter;
}
