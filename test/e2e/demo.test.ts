/** The demo as a newcomer has it: what he sets up is there at the next start, and can be put aside. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { pinnedNode } from '../../infra/scripts/setup.mjs';
import { ConfigView } from '../../shared/contracts/config-api.ts';
import { descendants } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';

const START_MS = 120_000;
let dir: string;
const running: ChildProcess[] = [];

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-demo-'));
});
after(async () => {
  for (const child of running) child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
});

const configFile = () => join(dir, '.headroom/demo/headroom.yaml');

type Started = { url: string | undefined; printed: string; pid: number; stop(): Promise<void> };

/** Runs `headroom up` in the test's own folder until it serves, or ends by itself. */
async function up(...options: string[]): Promise<Started> {
  const child = spawn(pinnedNode(), [resolve('services/cli/main.ts'), 'up', ...options], {
    cwd: dir,
    env: { ...process.env, NODE_ENV: 'test' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.push(child);
  let printed = '';
  child.stderr.on('data', (data) => {
    printed += data;
  });
  const gone = () => child.exitCode !== null || child.signalCode !== null;
  await until('it serves or ends', () => gone() || /Stop with Ctrl-C/.test(printed), START_MS);
  return {
    url: /Dashboard: (http:\S+)/.exec(printed)?.[1],
    printed,
    pid: child.pid as number,
    async stop() {
      child.kill('SIGTERM');
      await until('it has stopped', gone, START_MS);
    },
  };
}

async function view(url: string | undefined): Promise<ConfigView> {
  return ConfigView.parse(await (await fetch(`${url}/api/config`)).json());
}
const picture = (url: string | undefined) =>
  until(
    'the demo camera gives a picture',
    async () => (await fetch(`${url}/api/cameras/demo-plaza/frame.jpg`)).ok,
    START_MS,
  );

test('what is set up in the demo is there at its next start, until it is put aside', { timeout: 600_000 }, async () => {
  const first = await up();
  assert.match(first.printed, /no headroom\.yaml here, starting the demo camera/);
  assert.doesNotMatch(first.printed, /is kept/);
  const { cameras, version } = await view(first.url);
  const saved = await fetch(`${first.url}/api/config/cameras/demo-plaza`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', 'if-match': `"${version}"` },
    body: JSON.stringify({ actor: 'Kim', change: { name: 'My plaza', sampleFps: 1 } }),
  });
  assert.equal(saved.status, 200);

  // Another one beside it does not touch the file of the first.
  const text = await readFile(configFile(), 'utf8');
  const second = await up('--demo');
  assert.equal(second.url, undefined);
  assert.match(second.printed, /Headroom already runs with the data folder/);
  assert.equal(await readFile(configFile(), 'utf8'), text);
  await first.stop();

  await writeFile(configFile(), `# My own words.\n${await readFile(configFile(), 'utf8')}`);
  const again = await up('--demo');
  assert.match(again.printed, /What you set up in an earlier demo is kept; npm start -- --reset-demo begins anew\./);
  const kept = (await view(again.url)).cameras[0];
  assert.deepEqual([kept?.name, kept?.sampleFps], ['My plaza', 1]);
  assert.notEqual(kept?.url, cameras[0]?.url, 'the camera serves at the address of this start');
  await picture(again.url);
  await again.stop();
  assert.match(await readFile(configFile(), 'utf8'), /^# My own words\./);

  const anew = await up('--reset-demo');
  assert.doesNotMatch(anew.printed, /is kept/);
  assert.equal((await view(anew.url)).cameras[0]?.name, 'Demo plaza');
  await anew.stop();
  assert.match(await readFile(`${configFile()}.before-reset`, 'utf8'), /My plaza/);
});

test('a demo file broken by hand is told with the way out, and not lost', { timeout: 300_000 }, async () => {
  const broken = 'gateway: { port: 8080 }\ncameras: [{ id: demo-plaza, sampelFps: 2 }]\n';
  await writeFile(configFile(), broken);
  const refused = await up('--demo');
  assert.equal(refused.url, undefined);
  assert.match(refused.printed, /sampelFps: is not a known setting[\s\S]*npm start -- --reset-demo/);
  await writeFile(configFile(), 'cameras: [');
  const unreadable = await up('--demo');
  assert.match(unreadable.printed, /--reset-demo/);
  assert.equal(await readFile(configFile(), 'utf8'), 'cameras: [');
});

test('beside another server at its port, the demo stays at the address it printed', { timeout: 300_000 }, async () => {
  const other = createServer();
  // Whoever has it: it is taken.
  await new Promise((taken) => other.once('error', taken).listen(8080, '127.0.0.1', () => taken(undefined)));
  const demo = await up('--reset-demo');
  try {
    assert.ok(demo.url);
    assert.doesNotMatch(demo.url, /:8080/);
    const gateway = async () => (await descendants(demo.pid, /services\/gateway\/main\.ts/))[0];
    const before = await gateway();
    process.kill(before as number, 'SIGKILL');
    await until('another gateway', async () => ![undefined, before].includes(await gateway()));
    await until('the page is there again', async () => (await fetch(`${demo.url}/`)).ok, 30_000);
  } finally {
    await demo.stop();
    other.close();
  }
});
