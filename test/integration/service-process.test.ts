/** A service under its launcher: whatever keeps it from being started again, the launcher goes on trying. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ServiceProcess } from '../../services/cli/service-process.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { anyProcess } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';

const node = process.execPath;
let redis: TestRedis;
let dir: string;
before(async () => {
  redis = await startRedis();
  dir = await mkdtemp(join(tmpdir(), 'hr-service-'));
});
after(async () => {
  process.execPath = node;
  await redis.stop();
  await rm(dir, { recursive: true, force: true });
});

test('a Node that is away for a moment, as while it is installed anew, ends neither launcher nor service', async () => {
  const config = join(dir, 'headroom.yaml');
  await writeFile(config, 'gateway: { port: 0 }\n');
  const lines: { msg: string; code?: unknown }[] = [];
  const service = new ServiceProcess('gateway', {
    args: ['--config', config],
    env: { ...process.env, REDIS_URL: redis.url, HEADROOM_LOG_LEVEL: 'silent' },
    logger: createLogger('test', 'info', { write: (line) => void lines.push(JSON.parse(line)) }),
  });
  const running = (): Promise<number | undefined> => anyProcess(new RegExp(config)).then(([pid]) => pid);
  try {
    await service.start();
    const first = await until('it runs', running);
    process.execPath = join(dir, 'no-node');
    process.kill(first, 'SIGKILL');
    await until('it could not be started', () => lines.some(({ code }) => code === 'ENOENT'));
    process.execPath = node;
    assert.notEqual(await until('it runs again', running), first);
  } finally {
    await service.close();
  }
  assert.equal(await running(), undefined);
});

test('a service that can never be run says so, and is closed like any other', async () => {
  process.execPath = join(dir, 'no-node');
  const logger = createLogger('test', 'silent');
  const service = new ServiceProcess('gateway', { args: [], env: {}, logger });
  await assert.rejects(service.start(), { code: 'SERVICE_FAILED', message: /cannot be run \(ENOENT\)/ });
  await service.close();
  process.execPath = node;
});
