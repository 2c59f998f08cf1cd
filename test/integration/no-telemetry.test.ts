/** Nothing is told to anybody: the runtime of the models is kept from reporting to its maker. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const LOAD = `
  const { CrowdCounter } = await import('./services/worker/model/crowd-counter.ts');
  const { openModelFolder } = await import('./services/worker/model/manifest.ts');
  await CrowdCounter.load(await openModelFolder('models/small'), { provider: 'cpu', threads: 1 });
`;

test('the runtime of the models keeps no number of this machine and reports nothing', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'hr-home-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  // Without CI's variables, by which it keeps quiet of itself.
  const env = { PATH: process.env.PATH, HOME: home };
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', LOAD], { cwd: resolve('.'), env });
  assert.deepEqual(await readdir(home, { recursive: true }), []);
});
