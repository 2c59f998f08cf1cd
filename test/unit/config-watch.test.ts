/** The configuration file followed while it runs. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { loadConfig } from '../../shared/config/load.ts';
import { settled, watchConfig } from '../../shared/config/watch.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { until } from '../helpers/until.ts';

let dir: string;
let file: string;
let lines: string[];
let seen: string[][];
let stop: (() => void) | undefined;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-watch-'));
  file = join(dir, 'headroom.yaml');
  lines = [];
  seen = [];
});
afterEach(async () => {
  stop?.();
  stop = undefined;
  await rm(dir, { recursive: true, force: true });
});

const write = (...ids: string[]): Promise<void> =>
  writeFile(file, `cameras:\n${ids.map((id) => `  - { id: ${id}, url: "rtsp://192.0.2.1/${id}" }\n`).join('')}`);
const logger = () => createLogger('test', 'info', { write: (line) => void lines.push(line) });
const watch = (): void => {
  stop = watchConfig(file, logger(), ({ cameras }) => seen.push(cameras.map(({ id }) => id)), 20);
};
const taken = (...ids: string[]) =>
  until(`taken: ${ids}`, () => JSON.stringify(seen.at(-1)) === JSON.stringify(ids), 10_000);

test('what is saved while a service starts is taken up when it watches', async () => {
  await write('a');
  await loadConfig(file);
  await write('a', 'b');
  watch();
  await taken('a', 'b');
  await write('b');
  await taken('b');
  assert.deepEqual(seen, [['a', 'b'], ['b']], 'each once');
});

test('a file that is as it was loaded is not taken up again', async () => {
  await write('a');
  await loadConfig(file);
  watch();
  await write('a', 'b');
  await taken('a', 'b');
  assert.equal(seen.length, 1);
});

test('a file that has become empty, as on a full disk, ends the watching over no camera', async () => {
  await write('a');
  await loadConfig(file);
  watch();
  await writeFile(file, '\n');
  await until('it is refused', () => lines.find((line) => line.includes('the file is empty')), 10_000);
  assert.deepEqual(seen, []);
  await writeFile(file, 'cameras: []\n');
  await taken();
});

test('an empty file is none to start from: a restarted service would watch no camera', async () => {
  for (const nothing of ['', '\n\n']) {
    await writeFile(file, nothing);
    await assert.rejects(loadConfig(file), /the file is empty; to watch no camera at all, write "cameras: \[\]"/);
  }
});

test('half a file is not taken for a whole one', async () => {
  const looks = ['cameras:\n', 'cameras:\n  - a', 'cameras:\n  - a\n  - b\n', 'cameras:\n  - a\n  - b\n', 'later'];
  assert.equal(await settled(async () => looks.shift() as string, 1), 'cameras:\n  - a\n  - b\n');
});
