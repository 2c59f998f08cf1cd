/** A real Redis for one test: its own server, socket and folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { redisOptions } from '../../shared/runtime/redis.ts';
import { until } from './until.ts';

export type TestRedis = {
  /** `unix://…`, database 0. */
  readonly url: string;
  /** The next database of the same server. */
  readonly framesUrl: string;
  /** A connection for the test itself; closed by stop(). */
  client(): Redis;
  stop(): Promise<void>;
  kill9(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Ends the server the hard way and starts it again on the same socket and data. */
  restart(awayMs?: number): Promise<void>;
};

/** Starts a server. @param extra further redis-server arguments */
export async function startRedis(extra: string[] = []): Promise<TestRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'hr-redis-'));
  const socket = join(dir, 'r.sock');
  const url = `unix://${socket}`;
  const clients: Redis[] = [];
  let child: ChildProcess;

  const start = async (): Promise<void> => {
    const args = ['--port', '0', '--unixsocket', socket, '--dir', dir, '--save', '', '--appendonly', 'yes', ...extra];
    child = spawn('redis-server', args, { stdio: 'ignore' });
    await until('redis answers', async () => {
      const probe = new Redis({ ...redisOptions(url), lazyConnect: true, retryStrategy: () => null });
      probe.on('error', () => undefined);
      try {
        await probe.connect();
        return (await probe.ping()) === 'PONG';
      } catch {
        return false;
      } finally {
        probe.disconnect();
      }
    });
  };
  const end = (signal: NodeJS.Signals): Promise<void> =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('exit', () => resolve());
      child.kill(signal);
    });

  await start();
  return {
    url,
    framesUrl: `${url}?db=1`,
    client() {
      const client = new Redis(redisOptions(url));
      client.on('error', () => undefined);
      clients.push(client);
      return client;
    },
    async stop() {
      for (const client of clients) client.disconnect();
      child.kill('SIGCONT');
      await end('SIGKILL');
      await rm(dir, { recursive: true, force: true });
    },
    kill9: () => end('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async restart(awayMs = 0) {
      await end('SIGKILL');
      if (awayMs > 0) await new Promise((resolve) => setTimeout(resolve, awayMs));
      await start();
    },
  };
}
