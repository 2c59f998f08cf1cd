/** The frame around every service: how it ends. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../helpers/until.ts';

const SECRET = 'tr0ub4dor';

/** Node's arguments for a `main.ts` of this body, which may use what is imported here. */
async function mainOf(t: TestContext, body: string): Promise<string[]> {
  const dir = await mkdtemp(join(tmpdir(), 'hr-service-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const from = (name: string) => JSON.stringify(resolve('shared/runtime', name));
  const file = join(dir, 'main.ts');
  await writeFile(
    file,
    `import { createLogger } from ${from('logger.ts')};
import { runService } from ${from('process.ts')};
import { registerSecret } from ${from('secrets.ts')};
import { watchEventLoop } from ${from('watchdog.ts')};
${body}`,
  );
  return [...process.execArgv, file];
}

/** Runs it as `headroom up` does; its log is the test's to read. */
async function start(t: TestContext, body: string) {
  const child = spawn(process.execPath, await mainOf(t, body), { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

test('an error that nobody catches ends a service without telling its secrets', async (t) => {
  const args = await mainOf(
    t,
    `const secret = process.env.SECRET as string;
registerSecret(secret);
setTimeout(() => {
  throw new Error('lost rtsp://admin:' + secret + '@192.0.2.1/');
}, 100);
await runService(createLogger('test'), async () => ({ close: async () => undefined }));
`,
  );
  const env = { ...process.env, SECRET, HEADROOM_LOG_LEVEL: 'info' };
  const { code, told } = await new Promise<{ code: unknown; told: string }>((done) => {
    execFile(process.execPath, args, { env }, (error, stdout, stderr) =>
      done({ code: error?.code, told: stdout + stderr }),
    );
  });
  assert.equal(code, 1, told);
  assert.match(told, /programming error/);
  assert.ok(told.includes('lost rtsp://') && !told.includes(SECRET), told);
});

test('a log whose reader stands still halts no service, tells what was lost when it goes on, and keeps no stop waiting', async (t) => {
  const child = await start(
    t,
    `const logger = createLogger('test', 'info');
let lines = 0;
setInterval(() => {
  for (let i = 0; i < 20; i++) logger.info({ pad: 'x'.repeat(2000) }, 'line');
  process.send?.((lines += 20));
}, 20);
await runService(logger, async () => ({ close: async () => undefined }));
`,
  );
  let [written, read] = [0, ''];
  child.on('message', (lines) => {
    written = Number(lines);
  });
  // A pipe and all buffers on the way hold far less than this.
  await until('it goes on with its work', async () => written > 2000, 60_000);
  child.stdout?.on('data', (text) => {
    read += text;
  });
  const lost = /"lines":[1-9]\d*,"msg":"log lines lost, nobody took them"/;
  await until('what was lost is told', async () => lost.test(read), 60_000);
  child.stdout?.pause();
  const so = written;
  await until('the pipe is full once more', async () => written > so + 2000, 60_000);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
});

test('a process that hangs is ended and says so; one that was halted for as long, and one that works, are not', async (t) => {
  const child = await start(
    t,
    `watchEventLoop(createLogger('test', 'info'), 2000);
let beats = 0;
setInterval(() => process.send?.((beats += 1)), 20);
process.on('message', () => {
  for (;;) beats += 1;
});
`,
  );
  const ended = once(child, 'exit');
  let [beats, told] = [0, ''];
  child.on('message', (count) => {
    beats = Number(count);
  });
  child.stdout?.on('data', (text) => {
    told += text;
  });
  // Two and a half times as long as it may hang, at work and halted.
  await until('it works', async () => beats > 250, 60_000);
  child.kill('SIGSTOP');
  await delay(5000);
  const before = beats;
  child.kill('SIGCONT');
  await until('it goes on', async () => beats > before + 250, 60_000);
  child.send('hang');
  assert.deepEqual(await ended, [null, 'SIGKILL']);
  assert.match(told, /"level":60,.*"service":"test".*"msg":"the process hangs and is ended"/);
});
