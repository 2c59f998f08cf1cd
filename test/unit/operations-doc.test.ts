/** docs/operations.md and docs/gpu.md speak of errors, log lines and settings that exist. Metrics: monitoring.test.ts. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../../shared/config/load.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');
const doc = read('docs/operations.md');
const code = globSync(['services/**/*.ts', 'shared/**/*.ts'], { cwd: ROOT })
  .filter((file) => !file.startsWith('services/dashboard/'))
  .map(read)
  .join('\n');

/** USAGE explains itself; the other only ends one term of an alerts process. */
const UNTOLD = ['USAGE', 'ALERTS_DEPOSED'];

it('tells every error code, and none that does not exist', () => {
  const thrown = code.matchAll(/(?:new HeadroomError|super)\(\s*'([A-Z][A-Z_]+)'/g);
  const real = new Set([...thrown].map(([, name]) => name as string));
  const told = [...doc.matchAll(/^\| `([A-Z]+(?:_[A-Z]+)+)` \|/gm)].map(([, name]) => name as string);
  assert.deepEqual(told.sort(), [...real].filter((name) => !UNTOLD.includes(name)).sort());
});

it('quotes log lines as they are written', () => {
  const section = doc.slice(doc.indexOf('\n## Logs'), doc.indexOf('\n## Metrics'));
  const lines = [...section.matchAll(/^\| `([^`]+)` \| `/gm)]
    .map(([, line]) => line as string)
    .filter((line) => line !== 'msg');
  assert.ok(lines.length > 10);
  for (const line of lines) assert.ok(code.includes(`'${line}'`), line);
});

it('names drop reasons as the services count them', () => {
  const [, row = ''] = /`headroom_frames_dropped_total` \| counter \| `camera`, `reason` \| (.*)/.exec(doc) ?? [];
  const reasons = [...code.matchAll(/type (?:Worker)?DropReason =([^;]+);/g)].flatMap(([, union = '']) =>
    [...union.matchAll(/'([a-z-]+)'/g)].map(([, reason]) => reason),
  );
  const told = [...row.matchAll(/`([a-z-]+)`/g)].map(([, reason]) => reason);
  assert.deepEqual(told.sort(), reasons.sort());
});

it('links to documents that are there', () => {
  for (const path of ['docs/operations.md', 'docs/gpu.md', 'docs/configuration.md']) {
    for (const [, target] of read(path).matchAll(/\]\(([a-z.-]+\.md)\)/g)) assert.ok(read(`docs/${target}`));
  }
});

it('names the install settings of the GPU as they stand', () => {
  const gpu = read('docs/gpu.md');
  assert.match(gpu, /\*\*Not tried\.\*\*/);
  assert.match(read('.npmrc'), /^onnxruntime-node-install=skip$/m);
  assert.equal(JSON.parse(read('package.json')).allowScripts['onnxruntime-node'], false);
  assert.ok(read('node_modules/onnxruntime-node/script/install-metadata.js').includes("'linux/x64': ['cuda12']"));
  const [, block = ''] = /```yaml\n([\s\S]*?)```/.exec(gpu) ?? [];
  assert.equal(parseConfig(block).worker.provider, 'cuda');
});
