/** The documents speak of errors, log lines, settings, commands, files and headings that exist. Metrics: monitoring.test.ts. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

const PAGES = globSync(['*.md', 'docs/*.md', 'models/**/*.md', 'test/fixtures/*.md'], { cwd: ROOT });

/** Anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const headings = read(page)
    .replace(/^```[\s\S]*?^```/gm, '')
    .matchAll(/^#{1,6} (.+)$/gm);
  return [...headings].map(([, words = '']) =>
    words
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

it('links to documents and headings that are there, on every page', () => {
  assert.ok(PAGES.length > 20, String(PAGES));
  for (const page of PAGES) {
    for (const [, link = ''] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue;
      const [path, anchor] = link.split('#');
      const target = path ? join(dirname(page), path) : page;
      assert.ok(existsSync(join(ROOT, target)), `${page}: ${link}`);
      if (anchor) assert.ok(anchorsOf(target).includes(anchor), `${page}: ${link}`);
    }
  }
});

it('names files that are there', () => {
  for (const page of PAGES.filter((page) => page !== 'CHANGELOG.md')) {
    const named = read(page).matchAll(/`((?:services|shared|infra|models|test|docs)\/[\w./-]+)`/g);
    const missing = [...named].map(([, path = '']) => path).filter((path) => !existsSync(join(ROOT, path)));
    // What a run of fine-tuning leaves behind.
    assert.deepEqual(
      missing.filter((path) => !path.includes('.run/')),
      [],
      page,
    );
  }
});

it('tells every command that the alerts service takes', () => {
  const [, kept = '', asked = ''] =
    /Commands that change something: ([\s\S]*?)\. Commands that ask: ([\s\S]*?)\.\n/.exec(read('docs/alerts.md')) ?? [];
  const told = [...`${kept}${asked}`.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name);
  const contract = read('shared/contracts/alert-command.ts');
  const section = contract.slice(
    contract.indexOf('export const OperatorCommand'),
    contract.indexOf('export const AlertReply'),
  );
  const taken = [...section.matchAll(/type: z\.literal\('([a-z-]+)'\)/g)].map(([, name]) => name);
  assert.ok(taken.length > 20, String(taken));
  assert.deepEqual(told.sort(), taken.sort());
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

it('gives a reason for every package, and for none that is not there', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'));
  const cells = [...read('docs/dependencies.md').matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell = '']) => cell);
  const told = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  assert.deepEqual(told.sort(), [...Object.keys(dependencies), ...Object.keys(devDependencies)].sort());
});
