/** The frame around every service: how it ends. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const SECRET = 'tr0ub4dor';

test('an error that nobody catches ends a service without telling its secrets', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'hr-service-'));
  const from = (path: string) => JSON.stringify(resolve(path));
  try {
    const file = join(dir, 'main.ts');
    await writeFile(
      file,
      `import { createLogger } from ${from('shared/runtime/logger.ts')};
import { runService } from ${from('shared/runtime/process.ts')};
import { registerSecret } from ${from('shared/runtime/secrets.ts')};
const secret = process.env.SECRET as string;
registerSecret(secret);
setTimeout(() => {
  throw new Error('lost rtsp://admin:' + secret + '@192.0.2.1/');
}, 100);
await runService(createLogger('test'), async () => ({ close: async () => undefined }));
`,
    );
    const env = { ...process.env, SECRET, HEADROOM_LOG_LEVEL: 'info' };
    const { code, told } = await new Promise<{ code: unknown; told: string }>((done) => {
      execFile(process.execPath, [...process.execArgv, file], { env }, (error, stdout, stderr) =>
        done({ code: error?.code, told: stdout + stderr }),
      );
    });
    assert.equal(code, 1, told);
    assert.match(told, /programming error/);
    assert.ok(told.includes('lost rtsp://') && !told.includes(SECRET), told);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
