/** `npm start` builds the dashboard anew when, and only when, what it is built from has changed. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { dashboardSources, ROOT } from '../../infra/scripts/setup.mjs';

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
