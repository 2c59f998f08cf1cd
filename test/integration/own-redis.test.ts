/** Headroom's own Redis, kept running by the launcher. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { startEmbeddedRedis } from '../../services/cli/embedded-redis.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { redisOptions } from '../../shared/runtime/redis.ts';
import { until } from '../helpers/until.ts';

test('a server that dies while its program is away, as during an update, is started when it is back', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'hr-own-'));
  const path = process.env.PATH;
  const link = async (name: string): Promise<void> =>
    symlink(execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(dir, name));
  await link('setpriv');
  await link('redis-server');
  const lines: { code?: unknown }[] = [];
  const logger = createLogger('test', 'info', { write: (line) => void lines.push(JSON.parse(line)) });
  process.env.PATH = dir;
  const own = await startEmbeddedRedis(dir, logger);
  const client = new Redis(redisOptions(own.urls.state));
  client.on('error', () => undefined);
  try {
    await client.set('kept', 'yes');
    const pid = Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1]);
    await rm(join(dir, 'redis-server'));
    process.kill(pid, 'SIGKILL');
    await until('it cannot be started', () => lines.some(({ code }) => code === 127), 10_000);
    process.env.PATH = path;
    await until('it answers again', async () => (await client.ping()) === 'PONG', 10_000);
    assert.equal(await client.get('kept'), 'yes', 'with what it held');
  } finally {
    process.env.PATH = path;
    client.disconnect();
    await own.close();
    await rm(dir, { recursive: true, force: true });
  }
});

test('where there is no such program, the start says what to install', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'hr-own-'));
  const path = process.env.PATH;
  process.env.PATH = dir;
  try {
    await assert.rejects(startEmbeddedRedis(dir, createLogger('test', 'silent')), { code: 'REDIS_MISSING' });
  } finally {
    process.env.PATH = path;
    await rm(dir, { recursive: true, force: true });
  }
});

test('files that a power cut has damaged are put aside; a server that cannot start is quoted', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'hr-own-'));
  const lines: { msg?: string }[] = [];
  const logger = createLogger('test', 'info', { write: (line) => void lines.push(JSON.parse(line)) });
  const log = join(dir, 'redis-state', 'appendonlydir');
  try {
    const before = await startEmbeddedRedis(dir, logger);
    const client = new Redis(redisOptions(before.urls.state));
    for (let i = 0; i < 50; i++) await client.set(`key-${i}`, 'x'.repeat(50));
    client.disconnect();
    await before.close();
    const file = join(log, (await readdir(log)).find((name) => name.endsWith('.incr.aof')) as string);
    const text = await readFile(file);
    await writeFile(file, text.fill(0, text.length >> 1, (text.length >> 1) + 99));

    const own = await startEmbeddedRedis(dir, logger);
    const after = new Redis(redisOptions(own.urls.state));
    assert.equal(await after.set('key', 'new'), 'OK');
    after.disconnect();
    await own.close();
    assert.ok(lines.some(({ msg }) => msg === 'own redis cannot read its files, begun without them'));
    assert.ok((await readdir(join(dir, 'redis-state.damaged'))).length > 0, 'and kept');

    await rm(log, { recursive: true });
    await writeFile(log, 'a file where a folder must be');
    await assert.rejects(startEmbeddedRedis(dir, logger), {
      code: 'REDIS_UNREACHABLE',
      message: /own Redis does not start: .*append/i,
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
