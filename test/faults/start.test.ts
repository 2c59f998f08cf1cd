/** What must not start, does not: one clear message, an exit code that is not 0, nothing half-started. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { anyProcess, descendants, runCli, startSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-start-'));
});
after(() => rm(dir, { recursive: true, force: true }));

const CAMERA = 'cameras: [{ id: a, url: "rtsp://127.0.0.1:9/x" }]\n';

/** Runs `headroom up` with a configuration, expects it to refuse, and gives what it printed. */
async function refused(name: string, text: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const file = join(dir, `${name}.yaml`);
  await writeFile(file, `dataDir: ${join(dir, `${name}-data`)}\n${text}`);
  const { code, stderr } = await runCli(['up', '--config', file], { HEADROOM_LOG_LEVEL: 'silent', ...env });
  assert.notEqual(code, 0);
  assert.notEqual(code, null, 'it ended by itself');
  assert.ok(!/^\s+at /m.test(stderr), `no stack trace:\n${stderr}`);
  assert.deepEqual(await anyProcess(new RegExp(file.replaceAll('.', '\\.'))), [], 'nothing goes on running');
  assert.deepEqual(await anyProcess(new RegExp(`${dir}.*`)), []);
  return stderr.trim();
}

test('a wrong configuration', async () => {
  const message = await refused(
    'wrong',
    'gateway: { port: 0 }\ncameras: [{ id: a, url: "rtsp://h/s", sampelFps: 2 }]\n',
  );
  assert.match(message, /wrong\.yaml:3:\d+ {2}cameras\[0\]\.sampelFps: is not a known setting/);
});

test('no configuration at that place', async () => {
  const { code, stderr } = await runCli(['up', '--config', join(dir, 'nowhere.yaml')]);
  assert.notEqual(code, 0);
  assert.match(stderr, /Cannot read the configuration .*nowhere\.yaml/);
});

test('a camera and a receiver without their secrets keep nothing else from starting, and are named', async () => {
  const receiver = { id: 'page', kind: 'alertmanager', url: 'https://alerts.example.org', bearer: '${HR_TEST_NO_KEY}' };
  const system = await startSystem({
    cameras: [
      { id: 'unset', url: 'rtsp://u:${HR_TEST_NO_SUCH}@127.0.0.1:9/s' },
      { id: 'set', url: 'rtsp://127.0.0.1:9/s' },
    ],
    config: { deliveries: { endpoints: [receiver] } },
  });
  try {
    for (const line of [
      /LEFT OUT {2}Camera unset: the environment variable HR_TEST_NO_SUCH is not set\. Until that is mended and/,
      /LEFT OUT {2}Endpoint page: the environment variable HR_TEST_NO_KEY is not set\. Until that is mended and/,
    ]) {
      assert.match(system.output(), line);
    }
    const reasonOf = async (id: string) => {
      const reading = (await (await fetch(`${system.url}/api/cameras/${id}/reading`)).json()) as { reason?: string };
      return reading.reason;
    };
    await until('it is told for the one camera', async () => (await reasonOf('unset')) === 'auth-failed', 15_000);
    await until('the other is tried', async () => (await reasonOf('set')) === 'refused', 15_000);
    const { code, stdout } = await runCli(['doctor', '--config', join(system.dir, 'headroom.yaml')]);
    assert.equal(code, 1);
    assert.match(stdout, /^FAIL +camera unset: .* HR_TEST_NO_SUCH is not set\. Until .* it is not watched/m);
    assert.match(stdout, /^FAIL +receiver page: .* HR_TEST_NO_KEY is not set\. Until .* it hears of nothing/m);
  } finally {
    await system.stop();
  }
});

test('a missing model', async () => {
  const message = await refused('no-model', `gateway: { port: 0 }\nworker: { model: nowhere }\n${CAMERA}`);
  assert.match(message, /There is no model "nowhere" \(worker\.model\) in .*Found: small, standard\./);
});

test('a wrong model', async () => {
  const models = join(dir, 'models');
  await cp('models/standard', join(models, 'standard'), { recursive: true });
  await writeFile(join(models, 'standard', 'encoder.onnx'), 'not a model');
  const message = await refused('bad-model', `gateway: { port: 0 }\nworker: { modelsDir: ${models} }\n${CAMERA}`);
  assert.match(message, /encoder\.onnx is damaged or of another version/);
});

test('no ffmpeg, and one that is too old', async () => {
  const missing = await refused('no-ffmpeg', `gateway: { port: 0 }\n${CAMERA}`, {
    HEADROOM_FFMPEG: join(dir, 'no-such-ffmpeg'),
  });
  assert.match(missing, /ffmpeg cannot be run\. Install ffmpeg 5 or newer/);
  const old = join(dir, 'old-ffmpeg');
  await writeFile(old, '#!/bin/sh\necho "ffmpeg version 4.4.2"\necho "  libavformat    58. 76.100 / 58. 76.100"\n');
  await chmod(old, 0o755);
  assert.match(
    await refused('old-ffmpeg', `gateway: { port: 0 }\n${CAMERA}`, { HEADROOM_FFMPEG: old }),
    /ffmpeg 4\.4\.2 is too old/,
  );
});

test('no Redis: neither a program nor a server', async () => {
  const bin = join(dir, 'bin');
  await mkdir(bin);
  // ffmpeg is there, redis-server is not.
  await writeFile(join(bin, 'ffmpeg'), `#!/bin/sh\nexec /usr/bin/env PATH="${process.env.PATH}" ffmpeg "$@"\n`);
  await chmod(join(bin, 'ffmpeg'), 0o755);
  const noProgram = await refused('no-redis', `gateway: { port: 0 }\n${CAMERA}`, { PATH: bin, REDIS_URL: '' });
  assert.match(noProgram, /redis-server cannot be run\. Install it/);
  const noServer = await refused('away', `gateway: { port: 0 }\n${CAMERA}`, { REDIS_URL: 'redis://127.0.0.1:9/0' });
  assert.match(noServer, /Redis does not answer at 127\.0\.0\.1:9/);
});

test('a port that is taken', async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  const message = await refused('port', `gateway: { port: ${port} }\n${CAMERA}`);
  assert.match(message, new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}: it is taken`));
  server.close();
});

test('killed with -9 while its services start: none of them goes on running', async () => {
  const file = join(dir, 'killed.yaml');
  await writeFile(file, `gateway: { port: 0 }\ndataDir: ${join(dir, 'killed-data')}\n${CAMERA}`);
  const launcher = spawn(process.execPath, [resolve('services/cli/main.ts'), 'up', '--config', file], {
    stdio: 'ignore',
  });
  await until(
    'the services start',
    () => descendants(launcher.pid as number, /services\/worker\/main\.ts/).then((p) => p[0]),
    60_000,
  );
  launcher.kill('SIGKILL');
  await until('all are gone', async () => (await anyProcess(new RegExp(`${dir}/killed`))).length === 0, 60_000);
});

test('the command line explains itself', async () => {
  const help = await runCli(['--help']);
  assert.equal(help.code, 0);
  for (const command of ['up', 'ingest', 'worker', 'alerts', 'gateway', 'doctor', 'probe', 'evaluate', 'bench']) {
    assert.match(help.stdout, new RegExp(`^ {2}${command}\\b`, 'm'));
  }
  const unknown = await runCli(['fly']);
  assert.notEqual(unknown.code, 0);
  assert.match(unknown.stderr, /unknown command/);
});

test('under a number that no user has, as containers may run', { skip: process.getuid?.() !== 0 }, async () => {
  const { code, stdout, stderr } = await runCli(['drill', '--help'], {}, { uid: 54_321, gid: 54_321 });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /"uid\s+54321"/);
});

test('doctor tells what is right and what is wrong, one line each', async () => {
  const file = resolve(dir, 'doctor.yaml');
  const receivers = `deliveries:
  endpoints:
    - { id: duty, url: "http://127.0.0.1:9/\${HOOK}", allowHttp: true, secrets: ["\${KEY}"] }
    - { id: page, kind: alertmanager, url: "https://alerts.example.org", bearer: "\${NOT_SET}" }
`;
  await writeFile(file, `gateway: { port: 0 }\ndataDir: ${join(dir, 'doctor-data')}\n${receivers}${CAMERA}`);
  const key = `whsec_${Buffer.alloc(24, 3).toString('base64')}`;
  const { code, stdout } = await runCli(['doctor', '--config', file], { HOOK: 'CANARY_hook', KEY: key });
  assert.equal(code, 1, 'the camera does not answer');
  for (const line of [
    /^ok +configuration/m,
    /^ok +ffmpeg: version/m,
    /^ok +redis: own/m,
    /^ok +model standard/m,
    /^ok +database: SQLite, .*headroom\.db, made at the first start$/m,
    /^ok +disk/m,
    /^FAIL +receiver duty: webhook at 127\.0\.0\.1:9: its address is private or reserved/m,
    /^FAIL +receiver page: Endpoint page: the environment variable NOT_SET is not set/m,
    /^FAIL +camera a: Nothing listens/m,
  ]) {
    assert.match(stdout, line);
  }
});
