/** A start while the configuration file is faulty. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { goodFileOf, loadToStart, readGood } from '../../shared/config/last-good.ts';
import { watchConfig } from '../../shared/config/watch.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { until } from '../helpers/until.ts';

let dir: string;
let file: string;
let lines: string[];
let stop: (() => void) | undefined;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-good-'));
  file = join(dir, 'headroom.yaml');
  lines = [];
});
afterEach(async () => {
  stop?.();
  stop = undefined;
  await rm(dir, { recursive: true, force: true });
});

const FAULTY = 'cameras:\n  - { id: a, url: "rtsp://192.0.2.1/a", sampelFps: 2 }\n';
const write = (...ids: string[]): Promise<void> =>
  writeFile(file, `cameras:\n${ids.map((id) => `  - { id: ${id}, url: "rtsp://192.0.2.1/${id}" }\n`).join('')}`);
const logger = () => createLogger('test', 'info', { write: (line) => void lines.push(line) });
const start = async (): Promise<string[]> => (await loadToStart(file, logger())).cameras.map(({ id }) => id);
const said = (text: string) => lines.find((line) => line.includes(text));

test('a start over a faulty file goes by what was last good of it, and says so with its faults', async () => {
  await write('a', 'b');
  assert.deepEqual(await start(), ['a', 'b']);
  for (const faulty of [FAULTY, '']) {
    await writeFile(file, faulty);
    lines = [];
    assert.deepEqual(await start(), ['a', 'b']);
    const line = said('configuration refused, started with the last good one') ?? '{}';
    assert.equal(JSON.parse(line).level, 50, 'as an error');
    assert.match(line, faulty ? /sampelFps: is not a known setting/ : /the file is empty/);
  }
});

test('what was taken up while it ran is what the next start goes by', async () => {
  await write('a');
  await start();
  const seen: string[][] = [];
  stop = watchConfig(file, logger(), ({ cameras }) => seen.push(cameras.map(({ id }) => id)), 20);
  await write('a', 'b');
  await until('kept', async () => (await readGood(file))?.config.cameras.length === 2, 10_000);
  await writeFile(file, FAULTY);
  await until('refused', () => said('new configuration refused'), 10_000);
  assert.deepEqual(await start(), ['a', 'b'], 'a service that ends now starts again');
});

test('a file that is mended is taken up by what started without it', async () => {
  await write('a');
  await start();
  await writeFile(file, FAULTY);
  assert.deepEqual(await start(), ['a']);
  const seen: string[][] = [];
  stop = watchConfig(file, logger(), ({ cameras }) => seen.push(cameras.map(({ id }) => id)), 20);
  await write('a', 'c');
  await until('taken up', () => seen.some((ids) => ids.join() === 'a,c'), 10_000);
});

test('nothing good was ever there, or no file is: no start', async () => {
  await writeFile(file, FAULTY);
  await assert.rejects(start(), /sampelFps: is not a known setting/);
  await write('a');
  await start();
  await rm(file);
  await assert.rejects(start(), /Cannot read the configuration/);
});

test('the copy may be read by whom the file may, and by nobody else', async () => {
  await write('a');
  await chmod(file, 0o640);
  await start();
  assert.equal((await stat(goodFileOf(file))).mode & 0o777, 0o640);
  assert.deepEqual((await readdir(dir)).sort(), ['headroom.yaml', 'headroom.yaml.good']);
});

test("where the file's folder cannot be written, another one keeps it", async (t) => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'hr-good-dir-'));
  process.env.HEADROOM_LAST_GOOD_DIR = elsewhere;
  t.after(async () => {
    delete process.env.HEADROOM_LAST_GOOD_DIR;
    await rm(elsewhere, { recursive: true, force: true });
  });
  await write('a');
  assert.deepEqual(await start(), ['a']);
  assert.deepEqual(await readdir(elsewhere), ['headroom.yaml.good']);
  assert.deepEqual(await readdir(dir), ['headroom.yaml']);
  await writeFile(file, FAULTY);
  assert.deepEqual(await start(), ['a']);
});
