// `npm test [-- part…]`: set up what is missing, then run every check, or the named ones. Parts that fail do not keep
// the others from running; the exit code is 1 when any failed.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pinnedNode, ROOT, setUp } from './setup.mjs';

try {
  await setUp('test');
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}

const modules = (path) => join(ROOT, 'node_modules', path);
const tests = (folder, ...flags) => {
  const dir = join(ROOT, 'test', folder);
  const files = existsSync(dir)
    ? readdirSync(dir)
        .filter((name) => name.endsWith('.test.ts'))
        .sort()
    : [];
  return files.length === 0
    ? undefined
    : ['--test', '--test-timeout=180000', ...flags, ...files.map((name) => join('test', folder, name))];
};

/** Real programs share two cores. Integration tests mostly wait: together they need less than half a core. */
const THREE_AT_A_TIME = '--test-concurrency=3';
/** Fault and end-to-end tests wait half their time, for clips that play in real time; three at once would be late. */
const TWO_AT_A_TIME = '--test-concurrency=2';
/**
 * A test file that something keeps alive runs for ever, whatever its tests' own limit. Interrupted, Node names the file
 * and the other parts still get their turn. The longest part takes seven minutes on two cores.
 */
const PART_LIMIT_MS = 13 * 60_000;
const PARTS = {
  lint: [modules('@biomejs/biome/bin/biome'), 'ci', '--error-on-warnings', '.'],
  types: [modules('typescript/bin/tsc'), '-p', '.'],
  'dashboard-types': [
    modules('svelte-check/bin/svelte-check'),
    '--workspace',
    'services/dashboard',
    '--fail-on-warnings',
  ],
  unit: tests('unit'),
  integration: tests('integration', THREE_AT_A_TIME),
  faults: tests('faults', TWO_AT_A_TIME),
  e2e: tests('e2e', TWO_AT_A_TIME),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  process.stderr.write(`There is no part "${unknown[0]}": choose from ${Object.keys(PARTS).join(', ')}\n`);
  process.exit(2);
}
const results = [];
for (const [name, args] of Object.entries(PARTS)) {
  if ((wanted.length > 0 && !wanted.includes(name)) || !args) continue;
  process.stdout.write(`\n── ${name} ──\n`);
  const startedAt = Date.now();
  const { status, error } = spawnSync(pinnedNode(), args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, NODE_ENV: 'test' },
    timeout: PART_LIMIT_MS,
    killSignal: 'SIGINT',
  });
  if (error) process.stdout.write(`${name} did not end: ${error.message}\n`);
  results.push({ name, ok: status === 0 && !error, seconds: (Date.now() - startedAt) / 1000 });
}

process.stdout.write('\n');
for (const { name, ok, seconds } of results) {
  process.stdout.write(`${ok ? 'passed' : 'FAILED'}  ${name} (${seconds.toFixed(0)} s)\n`);
}
process.exit(results.every(({ ok }) => ok) ? 0 : 1);
