/** The inference processes with the committed model: counting, dying, hanging, refusing. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { end, startMember } from '../../services/worker/inference-member.ts';
import type { InferenceResult } from '../../services/worker/inference-messages.ts';
import { InferencePool, type PoolOptions } from '../../services/worker/inference-pool.ts';
import { openModelFolder } from '../../services/worker/model/manifest.ts';
import { Zone } from '../../shared/config/schema.ts';
import { decodeHeatmap } from '../../shared/contracts/heatmap.ts';
import type { ModelManifest } from '../../shared/contracts/manifest.ts';
import { CameraCalibration } from '../../shared/geometry/calibration.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { descendants } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';

const MODEL = 'models/standard';
const logger = createLogger('test', 'silent');
let dir: string;
let jpeg: Buffer;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-model-'));
  const noise = { type: 'gaussian', mean: 120, sigma: 30 } as const;
  jpeg = await sharp({ create: { width: 320, height: 256, channels: 3, background: 'grey', noise } })
    .jpeg()
    .toBuffer();
});
after(() => rm(dir, { recursive: true, force: true }));

const options = async (change: Partial<PoolOptions> = {}, folder = MODEL): Promise<PoolOptions> => ({
  setup: { models: { standard: await openModelFolder(folder) }, provider: 'cpu', threads: 1 },
  processes: 1,
  deadlineMs: 10_000,
  logger,
  ...change,
});
/** A picture of the demo clip, where more people come from second to second. */
async function frameOfDemo(second: number): Promise<Buffer> {
  const args = `-v error -ss ${second} -i infra/demo/crowd.mp4 -frames:v 1 -q:v 2 -f mjpeg -`.split(' ');
  return (await promisify(execFile)('ffmpeg', args, { encoding: 'buffer' })).stdout;
}

let seq = 0;
const request =
  (change: object = {}) =>
  async () => ({
    cameraId: 'a',
    seq: ++seq,
    capturedAt: Date.now(),
    jpeg,
    model: 'standard',
    inferenceWidth: 'native' as const,
    warmStart: true,
    zones: [],
    ...change,
  });
/** Attaches to a process as a debugger does: killed, it stays until the debugger has gone, as one asleep in a driver. */
async function keepFromEnding(pid: number): Promise<ChildProcess> {
  const holder = spawn('strace', ['-qq', '-e', 'trace=none', '-o', '/dev/null', '-p', String(pid)]);
  await until('it is traced', async () => /TracerPid:\t[1-9]/.test(await readFile(`/proc/${pid}/status`, 'utf8')));
  holder.kill('SIGSTOP');
  return holder;
}

const children = () => descendants(process.pid, /inference-process\.ts/);

/** A copy of the model folder with changed files. */
async function modelCopy(
  name: string,
  change: (manifest: ModelManifest) => unknown,
  encoder?: Buffer,
): Promise<string> {
  const folder = join(dir, name);
  await mkdir(folder);
  const manifest = JSON.parse(await readFile(join(MODEL, 'manifest.json'), 'utf8')) as ModelManifest;
  change(manifest);
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  for (const file of ['encoder.onnx', 'denoiser.onnx']) await copyFile(join(MODEL, file), join(folder, file));
  if (encoder) await writeFile(join(folder, 'encoder.onnx'), encoder);
  return folder;
}

test('counts, repeats itself exactly, starts warm on the next picture', async () => {
  const pool = await InferencePool.start(await options());
  try {
    const cold = await pool.count('a', request({ warmStart: false }));
    const again = await pool.count('a', request({ warmStart: false }));
    assert.ok(cold?.ok && again?.ok);
    assert.equal(again.picture.count, cold.picture.count);
    const warm = await pool.count('a', request());
    assert.ok(warm?.ok && warm.model.warmStart);
    const heat = decodeHeatmap(warm.heatmap);
    assert.equal(heat.cameraId, 'a');
    assert.equal(heat.width * heat.height, heat.values.length);
    assert.equal(await pool.count('a', async () => undefined), undefined, 'no picture, no count');
    const broken = await pool.count('a', request({ jpeg: jpeg.subarray(0, 300) }));
    assert.deepEqual(broken && !broken.ok && broken.reason, 'undecodable');
  } finally {
    await pool.close();
  }
  assert.deepEqual(await children(), [], 'no process is left');
});

test('a process that hangs while it loads in the place of one that died is replaced, too', async () => {
  const pool = await InferencePool.start(await options({ startDeadlineMs: 10_000 }));
  try {
    const [first] = await children();
    process.kill(first as number, 'SIGKILL');
    const next = async () => (await children()).find((pid) => pid !== first);
    process.kill(await until('another process', next, 10_000, 5), 'SIGSTOP');
    assert.equal(pool.ready, false, 'it has not loaded yet');
    await until('a process that counts', () => pool.ready, 40_000);
    assert.ok((await pool.count('a', request()))?.ok);
  } finally {
    await pool.close();
  }
  assert.deepEqual(await children(), [], 'no process is left');
});

test('a zone is counted in pictures that differ by one row, which changes the blocks and not the map', async () => {
  const pool = await InferencePool.start(await options());
  const corners = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ];
  const zones = [Zone.parse({ id: 'z', polygon: corners })];
  try {
    for (const height of [167, 168]) {
      const picture = await sharp(jpeg).resize(320, height, { fit: 'fill' }).jpeg().toBuffer();
      const result = await pool.count('a', request({ jpeg: picture, zones, warmStart: false }));
      assert.ok(result?.ok);
      const [zone] = result.picture.zones;
      for (const number of [zone?.count, ...(zone?.interval ?? [])]) assert.ok(Number.isFinite(number), `${height} px`);
    }
  } finally {
    await pool.close();
  }
});

test('a picture of another size that is made up to the same one is counted, and not steadied by the one before', async () => {
  const pool = await InferencePool.start(await options());
  try {
    const now = Date.now();
    for (const [i, height] of [167, 168, 190].entries()) {
      const picture = await sharp(jpeg).resize(320, height, { fit: 'fill' }).jpeg().toBuffer();
      const result = await pool.count('a', request({ jpeg: picture, capturedAt: now + i * 500 }));
      assert.ok(result?.ok, `${height} px: ${result && !result.ok && result.reason}`);
      assert.equal(result.model.warmStart, false);
    }
  } finally {
    await pool.close();
  }
});

test('a count is steadied by the picture just before, and no longer by one three seconds old', async () => {
  const pool = await InferencePool.start(await options());
  try {
    const [few, many] = await Promise.all([frameOfDemo(0), frameOfDemo(16)]);
    const countOf = async (picture: Buffer, capturedAt: number, warmStart = true) => {
      const result = await pool.count('b', request({ cameraId: 'b', jpeg: picture, capturedAt, warmStart }));
      assert.ok(result?.ok);
      return result.picture.count;
    };
    const now = Date.now();
    const alone = await countOf(many, now, false);
    const first = await countOf(few, now);
    assert.ok(alone > first + 10, `${first} people, then ${alone}`);
    const soon = await countOf(many, now + 200);
    assert.ok(soon > first + 2 && soon < (first + alone) / 2, `${first}, ${soon}, ${alone}`);
    const later = await countOf(many, now + 3100);
    assert.ok(Math.abs(later - alone) < Math.abs(soon - alone) / 4, `${soon}, ${later}, ${alone}`);
  } finally {
    await pool.close();
  }
});

test('a calibrated camera gives people per square metre, another one never does', async () => {
  const pool = await InferencePool.start(await options());
  const zones = [
    Zone.parse({
      id: 'z',
      polygon: [
        [0, 0.5],
        [1, 0.5],
        [1, 1],
        [0, 1],
      ],
    }),
  ];
  const calibration = CameraCalibration.parse({ mount: { heightM: 6.5, tiltDeg: 25 }, verticalFovDeg: 35 });
  try {
    const measured = await pool.count('a', request({ zones, calibration }));
    assert.ok(measured?.ok);
    const [zone] = measured.picture.zones;
    assert.ok(zone?.calibrated && zone.peoplePerSqm !== undefined && zone.peakPeoplePerSqm !== undefined);
    assert.ok(zone.count === 0 || zone.count / zone.peoplePerSqm > 10, 'a plausible area');
    const counted = await pool.count('a', request({ zones }));
    assert.ok(
      counted?.ok && !counted.picture.zones[0]?.calibrated && counted.picture.zones[0]?.peoplePerSqm === undefined,
    );
  } finally {
    await pool.close();
  }
});

test('a killed process loses its picture only and is replaced', async () => {
  const causes: string[] = [];
  const pool = await InferencePool.start(await options({ onCrash: (cause) => causes.push(cause) }));
  try {
    const [first] = await children();
    const lost = pool.count('a', async () => {
      process.kill(first as number, 'SIGKILL');
      return request()();
    });
    const result = await lost;
    assert.equal(result && !result.ok && result.reason, 'inference-failed');
    const next = await pool.count('a', request());
    assert.ok(next?.ok);
    assert.deepEqual(causes, ['crash']);
  } finally {
    await pool.close();
  }
});

test('a process that hangs is replaced at its deadline', async () => {
  const causes: string[] = [];
  const pool = await InferencePool.start(await options({ deadlineMs: 400, onCrash: (cause) => causes.push(cause) }));
  try {
    const [first] = await children();
    process.kill(first as number, 'SIGSTOP');
    const result = await pool.count('a', request());
    assert.equal(result && !result.ok && result.reason, 'inference-failed');
    assert.equal(causes[0], 'deadline');
    const after = await until('the new process counts', async () => {
      const next = await pool.count('b', request({ cameraId: 'b' }));
      return next?.ok ? next : undefined;
    });
    assert.ok(after.ok);
  } finally {
    await pool.close();
  }
});

const noStrace = !existsSync('/usr/bin/strace') && 'no strace here';
test('a process that survives being killed is given up after a second and replaced', { skip: noStrace }, async () => {
  const lines: string[] = [];
  const telling = createLogger('test', 'error', { write: (line) => void lines.push(line) });
  const pool = await InferencePool.start(await options({ deadlineMs: 400, logger: telling }));
  const [first] = (await children()) as [number];
  const holder = await keepFromEnding(first);
  try {
    process.kill(first, 'SIGSTOP');
    const startedAt = performance.now();
    const result = await pool.count('a', request());
    assert.equal(result && !result.ok && result.reason, 'inference-failed');
    assert.ok(performance.now() - startedAt < 4000, 'not waited for');
    const isThere = () => existsSync(`/proc/${first}`);
    assert.ok(isThere(), 'it was killed, and has not gone');
    await until('another one counts', async () => (await pool.count('b', request()))?.ok, 20_000);
    assert.ok(isThere());
    assert.equal(lines.filter((line) => line.includes('does not end when killed')).length, 1);
  } finally {
    holder.kill('SIGKILL');
    await pool.close();
  }
});

test('while no process is ready pictures are answered, not kept waiting', async () => {
  const pool = await InferencePool.start(await options({ deadlineMs: 1000 }));
  const node = process.execPath;
  try {
    const [first] = await children();
    process.execPath = '/nowhere/node';
    process.kill(first as number, 'SIGKILL');
    await until('it is gone', () => !pool.ready);
    const startedAt = performance.now();
    const result = await pool.count('a', request());
    assert.deepEqual(result, { ok: false, reason: 'inference-failed', detail: 'no inference process is ready' });
    assert.ok(performance.now() - startedAt < 3000);
    process.execPath = node;
    await until('pictures are counted again', async () => (await pool.count('a', request()))?.ok, 20_000);
  } finally {
    process.execPath = node;
    await pool.close();
  }
});

test('a picture that hangs has its deadline, however many of its neighbours turn out to be none', async () => {
  const pool = await InferencePool.start(await options({ deadlineMs: 1000 }));
  let pending = true;
  try {
    const [first] = await children();
    process.kill(first as number, 'SIGSTOP');
    const result = pool.count('a', request()).finally(() => {
      pending = false;
    });
    const startedAt = performance.now();
    while (pending && performance.now() - startedAt < 5000) {
      await pool.count('b', async () => void (await new Promise((resolve) => setTimeout(resolve, 50))));
    }
    assert.equal(pending, false, 'given up in time');
    assert.equal((await result)?.ok, false);
  } finally {
    await pool.close();
  }
});

test('a picture that hangs is blamed, though another one that has not come yet stands before it', async () => {
  const blamed: (string | undefined)[] = [];
  const onCrash = (_cause: string, cameraId: string | undefined) => void blamed.push(cameraId);
  const pool = await InferencePool.start(await options({ deadlineMs: 500, onCrash }));
  let come: (nothing: undefined) => void = () => undefined;
  try {
    const late = pool.count('a', () => new Promise((resolve) => (come = resolve)));
    process.kill((await children())[0] as number, 'SIGSTOP');
    await pool.count('b', request({ cameraId: 'b' }));
    come(undefined);
    await late;
    assert.deepEqual(blamed, ['b']);
  } finally {
    await pool.close();
  }
});

/** A process by itself, with two models, and whose picture it ended on. */
async function alone() {
  const models = { standard: await openModelFolder(MODEL), small: await openModelFolder('models/small') };
  let blamed: string | undefined;
  const { member, started } = startMember(
    { models, provider: 'cpu', threads: 1 },
    { deadlineMs: 60_000, retired: false },
    { ready: () => undefined, undead: () => undefined, over: ({ cameraId }) => (blamed = cameraId) },
  );
  let id = 0;
  const give = async (change: object) => {
    const task = { ...(await request(change)()), type: 'count' as const, id: ++id };
    return new Promise<InferenceResult>((settle) => {
      member.tasks.push({ request: task, settle });
      member.child.send(task);
    });
  };
  return { member, started, give, blamed: () => blamed };
}

test('the picture that is being counted is blamed, not one that came before it and is still decoded', async () => {
  const { member, started, give, blamed } = await alone();
  await started;
  const large = await sharp(jpeg).resize(8000, 8000, { fit: 'fill' }).jpeg().toBuffer();
  const wide = await sharp(jpeg).resize(1920, 1536, { fit: 'fill' }).jpeg().toBuffer();
  const given = [
    give({ cameraId: 'slow', jpeg: large, inferenceWidth: 640 }),
    give({ cameraId: 'quick', jpeg: wide, steps: 4 }),
  ];
  await until('a turn begins', () => member.tasks.some(({ begun }) => begun), 20_000, 5);
  member.child.kill('SIGKILL');
  await Promise.all([member.over, ...given]);
  assert.equal(blamed(), 'quick');
});

test('a model that is given up while it loads is not kept; a scene is known to the model that counted it', async () => {
  const { member, started, give } = await alone();
  try {
    await started;
    const ways: (boolean | undefined)[] = [];
    for (const model of ['standard', 'standard', 'small']) {
      const result = await give({ model });
      ways.push(result.ok ? result.model.warmStart : undefined);
    }
    assert.deepEqual(ways, [false, true, false]);
  } finally {
    await end(member);
  }
  const other = await alone();
  try {
    other.member.child.send({ type: 'forget', model: 'small' });
    await other.started;
    assert.deepEqual(Object.keys(other.member.memoryBytes), ['standard']);
    const result = await other.give({ model: 'small' });
    assert.ok(!result.ok && result.detail.includes('is not loaded'));
  } finally {
    await end(other.member);
  }
});

test('a process that cannot even be started, for want of process numbers, is tried again', async () => {
  const pool = await InferencePool.start(await options());
  const node = process.execPath;
  try {
    const [first] = await children();
    // To Node, a program that is not there fails as one for which the system has no process left.
    process.execPath = '/nowhere/node';
    process.kill(first as number, 'SIGKILL');
    await until('it is gone', async () => (await children()).length === 0);
    // Longer than the pause between two tries.
    await new Promise((resolve) => setTimeout(resolve, 700));
    process.execPath = node;
    await until('a process that counts', () => pool.ready, 20_000);
    assert.ok((await pool.count('a', request()))?.ok);
  } finally {
    process.execPath = node;
    await pool.close();
  }
});

test('a process that cannot be replaced is told, once and with the reason, and replaced when it can', async () => {
  const lines: string[] = [];
  const good = await openModelFolder(MODEL);
  const models = { standard: good };
  const setup = { models, provider: 'cpu', threads: 1 } as const;
  const telling = createLogger('test', 'error', { write: (line) => void lines.push(line) });
  const pool = await InferencePool.start(await options({ setup, logger: telling }));
  const told = () => lines.filter((line) => line.includes('ONNX Runtime cannot load'));
  try {
    models.standard = { ...good, encoder: Buffer.from('damaged') };
    const tried = new Set(await children());
    process.kill([...tried][0] as number, 'SIGKILL');
    await until('some tries', async () => {
      for (const pid of await children()) tried.add(pid);
      return tried.size > 3;
    });
    await until('a word of it', () => told().length > 0, 5000);
    models.standard = good;
    await until('a process that counts', () => pool.ready);
    assert.equal(told().length, 1, told().join(''));
  } finally {
    await pool.close();
  }
});

test('an absurd output is withheld, not counted as nobody', async () => {
  const folder = await modelCopy('absurd', (m) => Object.assign(m.interval, { q: 1e308, v0: 1e300 }));
  const pool = await InferencePool.start(await options({}, folder));
  try {
    const result = await pool.count('a', request());
    assert.equal(result && !result.ok && result.reason, 'invalid-output');
  } finally {
    await pool.close();
  }
});

const REFUSED: [what: string, make: () => Promise<string>, message: RegExp][] = [
  ['a missing model', async () => join(dir, 'nowhere'), /There is no model/],
  [
    'a manifest field that is wrong',
    () => modelCopy('field', (m) => Object.assign(m.latent, { std: -1 })),
    /latent\.std/,
  ],
  ['a damaged file', () => modelCopy('damaged', () => undefined, Buffer.from('no model')), /sha256/],
  [
    'an input the manifest lies about',
    () => modelCopy('lies', (m) => Object.assign(m.latent, { channels: 4, spaceToDepth: 2 })),
    /does not keep its contract/,
  ],
];
for (const [what, make, message] of REFUSED) {
  test(`refuses ${what} at start, in plain words`, async () => {
    await assert.rejects(async () => InferencePool.start(await options({}, await make())), message);
    assert.deepEqual(await children(), []);
  });
}
