/** Models change under running cameras: no reading is lost or withheld, and a broken model changes nothing. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type RtspServer, startRtspServer } from '../../infra/demo/small-rtsp-server.ts';
import { WorkerModels } from '../../shared/contracts/models.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import { connectLive, type LiveClient } from '../helpers/live-client.ts';
import { changeManifest, copyModel } from '../helpers/model-folder.ts';
import { startSystem, type TestSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';

const WITHIN_MS = 90_000;
const CLIP = 'infra/demo/crowd.mp4';

let dir: string;
let source: RtspServer;
let system: TestSystem;
let live: LiveClient;

// Generous, so that a loaded machine makes no gap of its own: what is judged is which readings come, not when.
const camera = (id: string, change: object = {}) => ({
  id,
  url: source.urls[0] as string,
  sampleFps: 4,
  staleAfterMs: 30_000,
  ...change,
});
const config = () => ({ worker: { modelsDir: dir, processes: 2, inferenceDeadlineMs: 20_000, warmStart: false } });

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-models-'));
  await copyModel(dir, 'standard', (m) => Object.assign(m, { version: '1.0.0' }));
  await copyModel(dir, 'night', (m) => Object.assign(m, { version: '7.0.0' }));
  source = await startRtspServer({ port: 0, streams: [{ path: '/crowd', file: CLIP }] });
  system = await startSystem({ cameras: [camera('a'), camera('b', { model: 'night' })], config: config() });
  live = await connectLive(system.wsUrl);
  for (const id of ['a', 'b']) await live.nextReading(id, ({ status }) => status === 'ok', WITHIN_MS);
});

after(async () => {
  live?.close();
  await system?.stop();
  await source?.close();
  await rm(dir, { recursive: true, force: true });
});

const modelOf = (reading: PublicReading): string =>
  reading.status === 'ok' ? `${reading.model.name} ${reading.model.version}` : `${reading.status}: ${reading.reason}`;
const newest = (id: string): string => modelOf(live.readings(id).at(-1)?.message as PublicReading);
const counted = (id: string, model: string) =>
  until(`${id} is counted by ${model}`, () => newest(id) === model, WITHIN_MS);
const moreReadings = (id: string, more: number) => {
  const from = live.readings(id).length;
  return until(`${more} more readings of ${id}`, () => live.readings(id).length >= from + more, WITHIN_MS);
};
/** Models of a camera's readings in order, each once for a run of it. */
const runs = (id: string, from: number): string[] =>
  live
    .readings(id)
    .slice(from)
    .map(({ message }) => modelOf(message))
    .filter((model, i, all) => model !== all[i - 1]);
const models = async () => {
  const workers = WorkerModels.array().parse(await (await fetch(`${system.url}/api/models`)).json());
  return new Map(workers.flatMap((worker) => worker.models).map((model) => [model.name, model]));
};
const metric = async (line: RegExp) => line.exec(await (await fetch(`${system.url}/metrics`)).text())?.[1];

test('two models count side by side, each camera by its own', async () => {
  assert.equal(newest('a'), 'standard 1.0.0');
  assert.equal(newest('b'), 'night 7.0.0');
  const known = await models();
  assert.deepEqual(known.get('standard')?.cameraIds, ['a']);
  assert.deepEqual(known.get('night')?.cameraIds, ['b']);
  for (const model of known.values()) assert.ok((model.memoryBytes ?? 0) > 1e6, `${model.name} takes memory`);
});

test('a new version takes over between two pictures, and no reading is withheld', async () => {
  const [fromA, fromB] = [live.readings('a').length, live.readings('b').length];
  await moreReadings('a', 3);
  await changeManifest(join(dir, 'standard'), (m) => Object.assign(m, { version: '1.1.0' }));
  await counted('a', 'standard 1.1.0');
  await moreReadings('a', 5);
  await moreReadings('b', 2);
  assert.deepEqual(
    runs('a', fromA),
    ['standard 1.0.0', 'standard 1.1.0'],
    'every reading has a count, and none goes back',
  );
  assert.deepEqual(runs('b', fromB), ['night 7.0.0'], 'the other camera notices nothing');
  assert.equal((await models()).get('standard')?.version, '1.1.0');
  // The gateway has the worker's figures from its last sign of life.
  const info = () => metric(/^headroom_model_info\{[^}]*version="1\.1\.0"[^}]*\} (\d)/m);
  await until('the metric names it', async () => (await info()) === '1', WITHIN_MS);
  assert.equal(await metric(/^headroom_readings_degraded_total\{[^}]*\} ([1-9]\d*)/m), undefined);
});

test('a camera is given another model by the configuration, without a gap', async () => {
  const [fromA, fromB] = [live.readings('a').length, live.readings('b').length];
  await system.configure({
    cameras: [camera('a', { model: 'night' }), camera('b', { model: 'night' })],
    config: config(),
  });
  await counted('a', 'night 7.0.0');
  await moreReadings('b', 3);
  assert.deepEqual(runs('a', fromA).at(-1), 'night 7.0.0');
  assert.ok(runs('a', fromA).length <= 2, runs('a', fromA).join(', '));
  assert.deepEqual(runs('b', fromB), ['night 7.0.0']);
});

test('a model that is not there is refused, naming those that are, and the camera keeps its own', async () => {
  const from = live.readings('b').length;
  await system.configure({
    cameras: [camera('a', { model: 'night' }), camera('b', { model: 'nowhere' })],
    config: config(),
  });
  const refused = await until('it is refused', async () => (await models()).get('nowhere')?.refused, WITHIN_MS);
  assert.match(refused.reason, /There is no model "nowhere" \(cameras\[b\]\.model\).*Found: night, standard\./);
  await moreReadings('b', 3);
  assert.deepEqual(runs('b', from), ['night 7.0.0']);
  await system.configure({
    cameras: [camera('a', { model: 'night' }), camera('b', { model: 'night' })],
    config: config(),
  });
  await until('nothing is refused any more', async () => !(await models()).get('nowhere'), WITHIN_MS);
});

type Broken = [what: string, breakIt: (folder: string) => Promise<void>, reason: RegExp];
const BROKEN: Broken[] = [
  [
    'counts otherwise than its golden vectors',
    (folder) =>
      changeManifest(folder, (m) => {
        m.version = '7.1.0';
        m.latent.peakToPeople *= 3;
      }),
    /golden vectors say/,
  ],
  ['has a damaged file', (folder) => writeFile(join(folder, 'denoiser.onnx'), 'no model'), /sha256/],
];
for (const [what, breakIt, reason] of BROKEN) {
  test(`a new version that ${what} is refused with its reason; the old one goes on, a crash included`, async () => {
    await copyModel(dir, 'night', (m) => Object.assign(m, { version: '7.0.0' }));
    await until('nothing is refused', async () => !(await models()).get('night')?.refused, WITHIN_MS);
    const from = live.readings('a').length;
    await breakIt(join(dir, 'night'));
    const refused = await until('it is refused', async () => (await models()).get('night')?.refused, WITHIN_MS);
    assert.match(refused.reason, reason);
    assert.match(system.output(), /"model":"night".*"msg":"model refused, the one before goes on"/);
    await until(
      'metrics tell',
      async () => (await metric(/^headroom_model_refused\{[^}]*model="night"[^}]*\} (\d)/m)) === '1',
      WITHIN_MS,
    );
    await until(
      'the system state tells',
      () =>
        live.messages.some(
          ({ message }) => message.type === 'heartbeat' && message.system.refusedModels?.includes('night'),
        ),
      WITHIN_MS,
    );
    await moreReadings('a', 3);
    assert.deepEqual(runs('a', from), ['night 7.0.0']);

    // What replaces a dead process is the accepted model, not what lies in the folder now.
    for (const pid of await system.processes(/inference-process\.ts/)) process.kill(pid, 'SIGKILL');
    const at = live.readings('a').length;
    await until(
      'it counts again',
      () =>
        live
          .readings('a')
          .slice(at)
          .some(({ message }) => modelOf(message) === 'night 7.0.0'),
      WITHIN_MS,
    );
  });
}
