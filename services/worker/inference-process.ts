/**
 * Child process: one set of ONNX sessions. `session.run` blocks this thread and a native crash ends this process;
 * neither touches the worker, its locks or its metrics.
 */
import { performance } from 'node:perf_hooks';
import type { Zone } from '../../shared/config/schema.ts';
import { encodeHeatmap } from '../../shared/contracts/heatmap.ts';
import { ZoneDensities } from '../../shared/geometry/zone-densities.ts';
import { HeadroomError, messageOf } from '../../shared/runtime/errors.ts';
import { heatmapOf, readPicture } from './density/picture-reading.ts';
import { rasterise } from './density/zone-mask.ts';
import type { FromChild, InferenceRequest, InferenceResult, InferenceSetup, ToChild } from './inference-messages.ts';
import { countPicture } from './model/count-picture.ts';
import { CrowdCounter } from './model/crowd-counter.ts';
import { proveGolden } from './model/golden.ts';
import { seedOf } from './model/noise.ts';
import { decodePicture, type Picture } from './model/picture.ts';
import type { Coverage } from './model/read-out.ts';
import { SceneMemory } from './scene-memory.ts';
import { steadied } from './steadied.ts';

const counters = new Map<string, CrowdCounter>();
/** Models that nobody asks for any more: one may be told of while it is still loading. */
const forgotten = new Set<string>();
const scenes = new SceneMemory();
const densities = new ZoneDensities();
const coverages = new Map<string, Coverage>();

/** Pictures are decoded as they come and counted one after the other. */
let counting: Promise<unknown> = Promise.resolve();

const say = (message: FromChild): void => void process.send?.(message);

// The worker is gone, however it went: nobody wants our results.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group; the worker decides when we stop.
process.on('SIGINT', () => undefined);

process.on('message', (message: ToChild) => {
  if (message.type === 'setup') void setUp(message.setup);
  else if (message.type === 'forget') {
    forgotten.add(message.model);
    counters.delete(message.model);
  } else {
    void count(message)
      .catch((error): InferenceResult => ({ ok: false, reason: 'inference-failed', detail: messageOf(error) }))
      .then((result) => say({ type: 'result', id: message.id, result }));
  }
});

async function setUp({ models, provider, threads }: InferenceSetup): Promise<void> {
  try {
    const memoryBytes: Record<string, number> = {};
    for (const [name, model] of Object.entries(models)) {
      const before = process.memoryUsage.rss();
      const counter = await CrowdCounter.load(model, { provider, threads });
      if (model.golden) await proveGolden(counter, model.golden);
      counters.set(name, counter);
      // Where an earlier model's scratch memory is used again the process hardly grows: its weights it holds in any case.
      const weightBytes = model.encoder.byteLength + model.denoiser.byteLength;
      memoryBytes[name] = Math.max(weightBytes, process.memoryUsage.rss() - before);
    }
    for (const name of forgotten) {
      counters.delete(name);
      delete memoryBytes[name];
    }
    say({ type: 'ready', memoryBytes });
  } catch (error) {
    say({
      type: 'unusable',
      code: error instanceof HeadroomError ? error.code : 'MODEL_INVALID',
      message: messageOf(error),
    });
  }
}

async function count(request: InferenceRequest): Promise<InferenceResult> {
  const counter = counters.get(request.model);
  if (!counter) return { ok: false, reason: 'inference-failed', detail: `model ${request.model} is not loaded` };
  const startedAt = performance.now();
  const { jpeg, inferenceWidth, farField } = request;
  const picture = await decodePicture(jpeg, counter.manifest.input, inferenceWidth, farField).catch(() => undefined);
  if (!picture) return { ok: false, reason: 'undecodable', detail: 'the picture cannot be decoded' };
  const decodeMs = performance.now() - startedAt;
  const turn = counting.then(() => readingOf(request, counter, picture, decodeMs));
  counting = turn.catch(() => undefined);
  return turn;
}

async function readingOf(
  request: InferenceRequest,
  counter: CrowdCounter,
  picture: Picture,
  decodeMs: number,
): Promise<InferenceResult> {
  say({ type: 'begun', id: request.id });
  const { cameraId, seq, capturedAt } = request;
  const { manifest } = counter;
  const startedAt = performance.now();
  const key = `${cameraId} ${request.model}`;
  const before = request.warmStart ? scenes.before(key, picture, capturedAt) : undefined;
  const previous = manifest.schedule.warmStart && before?.latents;
  const steps = request.steps ?? manifest.schedule.defaultSteps;
  const estimate = await countPicture(counter, picture, { steps, seed: seedOf(cameraId), previous });
  const { latents, heads, noise } = estimate;
  const counted = steadied(estimate, before);
  const { map, blocks } = counted;
  const { calibration } = request;
  const aspect = picture.native.widthPx / picture.native.heightPx;
  const reading = readPicture(
    { ...counted, heads, noise },
    manifest,
    request.zones,
    (zone) => coverageOf(zone, map, blocks),
    calibration &&
      ((zone, zoneCount, spread) => densities.measure(calibration, zone.polygon, map, aspect, zoneCount, spread)),
  );
  if (!reading) return { ok: false, reason: 'invalid-output', detail: 'the model’s output is not a number or absurd' };
  scenes.remember(key, picture, { latents, counted }, capturedAt, previous !== undefined);

  return {
    ok: true,
    picture: reading,
    headsAt: heads,
    model: {
      name: manifest.name,
      version: manifest.version,
      steps: previous ? 1 : steps,
      warmStart: previous !== undefined,
    },
    heatmap: encodeHeatmap(heatmapOf(map, heads, { cameraId, seq, capturedAt })),
    inferenceMs: performance.now() - startedAt,
    decodeMs,
  };
}

function coverageOf(
  zone: Zone,
  map: { width: number; height: number },
  blocks: { width: number; height: number },
): Coverage {
  // Pictures of one map may have a row of blocks more or less.
  const sizes = `${map.width}x${map.height} ${blocks.width}x${blocks.height}`;
  const key = `${sizes} ${JSON.stringify(zone.polygon)}`;
  let coverage = coverages.get(key);
  if (!coverage) {
    // Zones and sizes change with the configuration only; a bound keeps years of edits from adding up.
    if (coverages.size > 1000) coverages.clear();
    coverage = rasterise(zone.polygon, map, blocks);
    coverages.set(key, coverage);
  }
  return coverage;
}
