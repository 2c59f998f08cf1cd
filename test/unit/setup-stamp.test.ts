/** What `npm start` sets up: packages, programs, and the dashboard when, and only when, its sources have changed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { dashboardSources, installPrograms, NPM_CI, ROOT } from '../../infra/scripts/setup.mjs';

test('every file that the dashboard imports counts: an update must not leave an old page in front of new services', () => {
  const sources: string[] = dashboardSources();
  const known = new Set(sources);
  const modules = sources.filter((file) => /\/dashboard\/src\/.*\.(ts|svelte)$/.test(file));
  assert.ok(modules.length > 50);
  const missing = modules.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?'(\.[^'?]+)/g)]
      .map(([, to = '']) => resolve(dirname(file), to))
      .filter((to) => !known.has(to)),
  );
  assert.deepEqual([...new Set(missing.map((file) => relative(ROOT, file)))], []);
});

test('with NODE_ENV=production, what builds the dashboard is installed all the same', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'hr-setup-'));
  try {
    const json = (path: string, content: object) => writeFile(join(dir, path), JSON.stringify(content));
    await mkdir(join(dir, 'builder'));
    await json('builder/package.json', { name: 'builder', version: '1.0.0' });
    await json('package.json', { name: 'site', version: '1.0.0', devDependencies: { builder: 'file:builder' } });
    const npm = (args: string[]) =>
      promisify(execFile)('npm', [...args, '--offline'], { cwd: dir, env: { ...process.env, NODE_ENV: 'production' } });
    await npm(['install', '--package-lock-only']);
    await npm(NPM_CI);
    assert.ok(existsSync(join(dir, 'node_modules/builder/package.json')));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test('who cannot install redis-server is told that a Redis elsewhere will do', async () => {
  const path = process.env.PATH;
  process.env.PATH = '';
  try {
    await assert.rejects(
      installPrograms(['redis-server'], true, 'or set REDIS_URL'),
      /redis-server \(or set REDIS_URL\)$/,
    );
    await assert.rejects(installPrograms(['ffmpeg'], true, 'or set REDIS_URL'), /apt-get install ffmpeg$/);
  } finally {
    process.env.PATH = path;
  }
});
