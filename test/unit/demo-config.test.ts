/** The demo's configuration at its later starts: what is not understood is left alone, what is written is whole. */
import assert from 'node:assert/strict';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type DemoStart, writeDemoConfig } from '../../services/cli/demo-config.ts';
import { ConfigError, loadConfig } from '../../shared/config/load.ts';

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-demo-config-'));
});
after(() => rm(dir, { recursive: true, force: true }));

const start = (): DemoStart => ({
  url: 'rtsp://127.0.0.1:2/new',
  host: '127.0.0.1',
  dataDir: dir,
  portFor: async (wanted) => wanted,
});

const FAULTY: [what: string, text: string][] = [
  ['an empty file', ''],
  ['a list', '- id: demo-plaza\n  url: rtsp://127.0.0.1:1/x\n'],
  ['a word', 'cameras\n'],
  ['a reference to nothing', 'cameras:\n  - { id: demo-plaza, url: "rtsp://127.0.0.1:1/x", name: *later }\n'],
  ['a list where a section belongs', 'gateway: [1]\ncameras: []\n'],
];
for (const [what, text] of FAULTY) {
  test(`${what} is refused by name and stays as it is`, async () => {
    const file = join(dir, 'faulty.yaml');
    await writeFile(file, text);
    await assert.rejects(writeDemoConfig(file, start()), (error: Error) => {
      return error instanceof ConfigError && error.message.includes(file);
    });
    assert.equal(await readFile(file, 'utf8'), text);
  });
}

test('the file is replaced whole: who has the old one open reads it to its end', async () => {
  const file = join(dir, 'headroom.yaml');
  assert.equal(await writeDemoConfig(file, { ...start(), url: 'rtsp://127.0.0.1:1/old' }), false);
  const old = await open(file);
  try {
    assert.equal(await writeDemoConfig(file, start()), false);
    assert.match(await old.readFile('utf8'), /127\.0\.0\.1:1\/old/);
  } finally {
    await old.close();
  }
  assert.equal((await loadConfig(file)).cameras[0]?.url, 'rtsp://127.0.0.1:2/new');
  assert.deepEqual(
    (await readdir(dir)).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

test('sections without a line in them mean their defaults', async () => {
  const file = join(dir, 'sparse.yaml');
  await writeFile(file, 'gateway:\ncameras:\n');
  assert.equal(await writeDemoConfig(file, start()), true);
  assert.equal((await loadConfig(file)).gateway.port, 8080);
});
