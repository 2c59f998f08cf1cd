/** Inference processes that die, hang, or cannot be started: what becomes of their pictures, and who is blamed. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import sharp from 'sharp';
import { end, startMember } from '../../services/worker/inference-member.ts';
import type { InferenceResult } from '../../services/worker/inference-messages.ts';
import { InferencePool } from '../../services/worker/inference-pool.ts';
import { openModelFolder } from '../../services/worker/model/manifest.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { inferenceProcesses, JPEG, MODEL, poolOptions, request } from '../helpers/inference.ts';
import { until } from '../helpers/until.ts';

/** Attaches to a process as a debugger does: killed, it stays until the debugger has gone, as one asleep in a driver. */
async function keepFromEnding(pid: number): Promise<ChildProcess> {
  const holder = spawn('strace', ['-qq', '-e', 'trace=none', '-o', '/dev/null', '-p', String(pid)]);
  await until('it is traced', async () => /TracerPid:\t[1-9]/.test(await readFile(`/proc/${pid}/status`, 'utf8')));
  holder.kill('SIGSTOP');
  return holder;
}

test('a process that hangs while it loads in the place of one that died is replaced, too', async () => {
  const pool = await InferencePool.start(await poolOptions({ startDeadlineMs: 10_000 }));
  try {
    const [first] = await inferenceProcesses();
    process.kill(first as number, 'SIGKILL');
    const next = async () => (await inferenceProcesses()).find((pid) => pid !== first);
    process.kill(await until('another process', next, 10_000, 5), 'SIGSTOP');
    assert.equal(pool.ready, false, 'it has not loaded yet');
    await until('a process that counts', () => pool.ready, 40_000);
    assert.ok((await pool.count('a', request()))?.ok);
  } finally {
    await pool.close();
  }
  assert.deepEqual(await inferenceProcesses(), [], 'no process is left');
});

test('a killed process loses its picture only and is replaced', async () => {
  const causes: string[] = [];
  const pool = await InferencePool.start(await poolOptions({ onCrash: (cause) => causes.push(cause) }));
  try {
    const [first] = await inferenceProcesses();
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
  const pool = await InferencePool.start(
    await poolOptions({ deadlineMs: 400, onCrash: (cause) => causes.push(cause) }),
  );
  try {
    const [first] = await inferenceProcesses();
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
  const pool = await InferencePool.start(await poolOptions({ deadlineMs: 400, logger: telling }));
  const [first] = (await inferenceProcesses()) as [number];
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
  const pool = await InferencePool.start(await poolOptions({ deadlineMs: 1000 }));
  const node = process.execPath;
  try {
    const [first] = await inferenceProcesses();
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
  const pool = await InferencePool.start(await poolOptions({ deadlineMs: 1000 }));
  let pending = true;
  try {
    const [first] = await inferenceProcesses();
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
  const pool = await InferencePool.start(await poolOptions({ deadlineMs: 500, onCrash }));
  let come: (nothing: undefined) => void = () => undefined;
  try {
    const late = pool.count('a', () => new Promise((resolve) => (come = resolve)));
    process.kill((await inferenceProcesses())[0] as number, 'SIGSTOP');
    await pool.count('b', request({ cameraId: 'b' }));
    come(undefined);
    await late;
    assert.deepEqual(blamed, ['b']);
  } finally {
    await pool.close();
  }
});

test('a process that cannot even be started, for want of process numbers, is tried again', async () => {
  const pool = await InferencePool.start(await poolOptions());
  const node = process.execPath;
  try {
    const [first] = await inferenceProcesses();
    // To Node, a program that is not there fails as one for which the system has no process left.
    process.execPath = '/nowhere/node';
    process.kill(first as number, 'SIGKILL');
    await until('it is gone', async () => (await inferenceProcesses()).length === 0);
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
  const pool = await InferencePool.start(await poolOptions({ setup, logger: telling }));
  const told = () => lines.filter((line) => line.includes('ONNX Runtime cannot load'));
  try {
    models.standard = { ...good, encoder: Buffer.from('damaged') };
    const tried = new Set(await inferenceProcesses());
    process.kill([...tried][0] as number, 'SIGKILL');
    await until('some tries', async () => {
      for (const pid of await inferenceProcesses()) tried.add(pid);
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
  const large = await sharp(JPEG).resize(8000, 8000, { fit: 'fill' }).jpeg().toBuffer();
  const wide = await sharp(JPEG).resize(1920, 1536, { fit: 'fill' }).jpeg().toBuffer();
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
