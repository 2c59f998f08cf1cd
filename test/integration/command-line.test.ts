/** What the command line answers to mistakes that are easily made, and that it leaves nothing behind. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { lockDataDir } from '../../services/cli/data-lock.ts';
import { lookAtPorts } from '../../services/cli/look-at-ports.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { anyProcess, runCli } from '../helpers/system.ts';

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-cli-'));
});
after(() => rm(dir, { recursive: true, force: true }));

/** Runs a command that must refuse. @returns what it said */
async function refusal(code: number, args: string[], env: NodeJS.ProcessEnv = {}, cwd?: string): Promise<string> {
  const ended = await runCli(args, env, cwd ? { cwd } : {});
  assert.equal(ended.code, code, `${ended.stdout}${ended.stderr}`);
  assert.ok(!/^\s+at /m.test(ended.stderr), `no stack trace:\n${ended.stderr}`);
  return ended.stderr;
}

async function configOf(name: string, text: string): Promise<string> {
  const file = join(dir, name);
  await writeFile(file, text);
  return file;
}

/** A port that somebody listens on. */
async function taken(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { server, port: (server.address() as { port: number }).port };
}

describe('wrong arguments end with 1 at once', () => {
  const cases: [what: string, args: string[], said: RegExp][] = [
    ['half a camera', ['bench', 'pipeline', '--cameras', '1.5'], /--cameras.*must be a whole number above 0/],
    ['no picture', ['evaluate', '--data', '.', '--limit', '0'], /--limit.*must be a whole number above 0/],
    ['a benchmark that there is not', ['bench', 'speed'], /Allowed choices are pipeline, model, alerts/],
    ['steps that there are not', ['evaluate', '--data', '.', '--steps', '3'], /must be 1, 2 or 4/],
  ];
  for (const [what, args, said] of cases) {
    test(what, async () => assert.match(await refusal(1, args), said));
  }
});

test('an address that this machine does not have is a matter of gateway.host', async () => {
  const file = await configOf(
    'host.yaml',
    `gateway: { host: 192.0.2.1, port: 0 }\ndataDir: ${dir}/host\ncameras: []\n`,
  );
  assert.match(
    await refusal(2, ['up', '--config', file]),
    /Cannot listen on 192\.0\.2\.1:0: .*Correct gateway\.host\./,
  );
});

test('a level of logs that there is not is told with those that there are', async () => {
  const said = await refusal(2, ['ingest'], { HEADROOM_LOG_LEVEL: 'loud' });
  assert.match(said, /HEADROOM_LOG_LEVEL must be one of fatal, error, warn, info, debug, trace or silent/);
});

describe('probe', () => {
  test('says what an address must look like', async () => {
    assert.match(await refusal(2, ['probe', '192.0.2.1/stream']), /^Address: is not a URL; write for example rtsp:/);
    assert.match(await refusal(2, ['probe', 'rtsps://']), /^Address: (is not a URL|names no host)/);
    assert.match(
      await refusal(2, ['probe', 'ftp://192.0.2.1/x']),
      /scheme must be one of rtsp, rtsps, file, http, https/,
    );
  });

  test('names the variable that is missing', async () => {
    const said = await refusal(2, ['probe', 'rtsp://u:${HR_TEST_NO_SUCH}@192.0.2.1/s']);
    assert.equal(said, 'The environment variable HR_TEST_NO_SUCH is not set.\n');
  });
});

describe('doctor', () => {
  test('takes the port of a Headroom that runs for no fault, and leaves nothing in its folder', async () => {
    const { server, port } = await taken();
    const dataDir = join(dir, 'running');
    await mkdir(dataDir);
    const file = await configOf('running.yaml', `gateway: { port: ${port} }\ndataDir: ${dataDir}\ncameras: []\n`);
    // The folder's lock is no proof: another program may have the port.
    const unlock = await lockDataDir(dataDir);
    try {
      const foreign = await runCli(['doctor', '--config', file]);
      assert.match(foreign.stdout, /^FAIL +port: .*it is taken/m);
      assert.deepEqual(
        (await readdir(dataDir)).filter((name) => name.startsWith('doctor')),
        [],
      );
    } finally {
      await unlock();
      server.close();
    }
    const gateway = createHttpServer((_request, response) => response.end('{"status":"ok"}'));
    await new Promise<void>((done) => gateway.listen(port, '127.0.0.1', done));
    try {
      const { code, stdout } = await runCli(['doctor', '--config', file]);
      assert.match(stdout, new RegExp(`^ok +port: 127\\.0\\.0\\.1:${port} is taken, by a Headroom that runs$`, 'm'));
      assert.equal(code, 0, stdout);
    } finally {
      gateway.close();
    }
  });

  test('looks at health ports, too', async () => {
    const config = (worker: string) => parseConfig(`gateway: { port: 0 }\nworker: { ${worker} }\ncameras: []\n`);
    const { server, port } = await taken();
    try {
      await assert.rejects(lookAtPorts(config(`httpPort: ${port}`)), /it is taken\. Choose another worker\.httpPort\./);
    } finally {
      server.close();
    }
    assert.match(await lookAtPorts(config(`httpPort: ${port}`)), new RegExp(`, ${port} is free$`));
    const twins = parseConfig(`gateway: { port: ${port} }\nalerts: { httpPort: ${port} }\ncameras: []\n`);
    await assert.rejects(lookAtPorts(twins), /gateway\.port and alerts\.httpPort are both/);
  });
});

test('a service that is started alone has the data folder of its configuration, as "up" and doctor have', async () => {
  const cwd = join(dir, 'alone');
  await mkdir(cwd);
  await writeFile(join(cwd, 'headroom.yaml'), 'cameras: []\n');
  const env = { REDIS_URL: 'redis://127.0.0.1:9/0', HEADROOM_DATA_DIR: '' };
  assert.match(await refusal(2, ['alerts', '--config', 'headroom.yaml'], env, cwd), /Redis does not answer/);
  const files = (await readdir(cwd, { recursive: true })).filter((name) => name.endsWith('.db'));
  assert.equal(files.length, 1);
  assert.match(files.join(), /^\.headroom\/headroom-[0-9a-f]{8}\/headroom\.db$/);
});

describe('without headroom.yaml', () => {
  test('drill and doctor look at the demo', async () => {
    const { server, port } = await taken();
    server.close();
    const demo = join(dir, 'stranger', '.headroom', 'demo');
    await mkdir(demo, { recursive: true });
    await writeFile(join(demo, 'headroom.yaml'), `gateway: { port: ${port} }\ndataDir: ${demo}\ncameras: []\n`);
    const cwd = join(dir, 'stranger');
    assert.match(
      await refusal(2, ['drill'], {}, cwd),
      new RegExp(`No Headroom answers at http://127\\.0\\.0\\.1:${port}`),
    );
    const { stdout } = await runCli(['doctor'], {}, { cwd });
    assert.match(stdout, /^ok +configuration: \.headroom\/demo\/headroom\.yaml, 0 camera/m);
    assert.match(await refusal(2, ['drill'], {}, dir), /Cannot read the configuration headroom\.yaml/);
  });
});

test('a benchmark that fails leaves nothing running', async () => {
  // Fewer pictures a second than a camera may be asked for: Headroom does not start.
  await refusal(2, ['bench', 'pipeline', '--cameras', '1', '--fps', '0.01', '--seconds', '1'], { TMPDIR: dir });
  assert.deepEqual(await anyProcess(new RegExp(dir)), []);
});
