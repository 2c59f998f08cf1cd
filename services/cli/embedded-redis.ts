/** Headroom's own Redis, for when none is configured: two servers on private sockets, kept running. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { connectPatient, disconnect, type RedisUrls, whenReady } from '../../shared/runtime/redis.ts';

const RESTART_AFTER_MS = 200;
const START_DEADLINE_MS = 10_000;
const STOP_DEADLINE_MS = 2000;

/** State must survive a crash; pictures must not even touch the disk. */
const ARGUMENTS = {
  state: ['--appendonly', 'yes', '--appendfsync', 'everysec'],
  frames: ['--appendonly', 'no', '--maxmemory', '1gb'],
};

/** What it says of its own files when they cannot be read, as after a power cut. */
const DAMAGED =
  /(Bad file format reading|RDB preamble of) the append only file|AOF manifest|Wrong signature trying to load DB|rdb file reading failure/;

export type EmbeddedRedis = { urls: RedisUrls; close(): Promise<void> };

/**
 * Starts both servers and waits until they answer.
 * @param dataDir where the state is kept
 * @throws HeadroomError REDIS_MISSING, REDIS_UNREACHABLE
 */
export async function startEmbeddedRedis(dataDir: string, logger: Logger): Promise<EmbeddedRedis> {
  // Sockets have short paths only, and nobody else may reach them.
  const socketDir = await mkdtemp(join(tmpdir(), 'headroom-redis-'));
  const servers = await Promise.all(
    (['state', 'frames'] as const).map((name) => keepServer(name, join(dataDir, `redis-${name}`), socketDir, logger)),
  );
  const close = async () => {
    await Promise.all(servers.map((server) => server.close()));
    await rm(socketDir, { recursive: true, force: true });
  };
  const urls = { state: `unix://${socketDir}/state.sock`, frames: `unix://${socketDir}/frames.sock` };
  try {
    for (const url of Object.values(urls)) {
      const redis = connectPatient(url, logger.child({}, { level: 'silent' }), 'launcher');
      await Promise.race([whenReady(redis, START_DEADLINE_MS), ...servers.map((server) => server.failed)]).finally(() =>
        disconnect(redis),
      );
    }
  } catch (error) {
    await close();
    const said = servers.map((server) => server.said()).find((words) => words !== '');
    if (said === undefined || !(error instanceof HeadroomError && error.code === 'REDIS_UNREACHABLE')) throw error;
    throw new HeadroomError('REDIS_UNREACHABLE', `Headroom's own Redis does not start: ${said}`, { cause: error });
  }
  for (const server of servers) server.answered();
  return { urls, close };
}

async function keepServer(name: 'state' | 'frames', dir: string, socketDir: string, logger: Logger) {
  await mkdir(dir, { recursive: true });
  const command = [
    ...['redis-server', '--port', '0', '--unixsocket', join(socketDir, `${name}.sock`), '--unixsocketperm', '700'],
    ...['--dir', dir, '--save', '', '--maxmemory-policy', 'noeviction', '--loglevel', 'warning', '--daemonize', 'no'],
    ...ARGUMENTS[name],
  ];
  // The kernel ends the server when this process dies, however it dies.
  const tether =
    process.platform === 'linux' && existsSync('/usr/bin/setpriv') ? ['setpriv', '--pdeathsig', 'TERM'] : [];
  let closed = false;
  let answered = false;
  let child: ChildProcess;
  let output = '';
  /** Its last line when it last ended. */
  let said = '';
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);

  const start = (): void => {
    if (closed) return;
    const [program, ...args] = [...tether, ...command] as [string, ...string[]];
    // A session of its own: Ctrl-C in the terminal must reach the services first.
    child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    output = '';
    child.stdout?.on('data', (text) => {
      output = `${output}${text}`.slice(-4000);
    });
    const hint = 'Install it (Debian: apt-get install redis-server) or name a running one in REDIS_URL.';
    const ended = (code: number | string | null | undefined): void => {
      if (closed) return;
      // A program that ran before is away for a moment only, as while it is updated.
      if (!answered && (code === 127 || child.pid === undefined)) {
        fail(new HeadroomError('REDIS_MISSING', `redis-server cannot be run. ${hint}`));
        return;
      }
      said = output.trim().split('\n').at(-1) ?? '';
      logger.error({ redis: name, code, said }, 'own redis ended, restarting');
      setTimeout(() => {
        if (!closed) void (DAMAGED.test(output) ? putAside() : Promise.resolve()).then(start, start);
      }, RESTART_AFTER_MS).unref();
    };
    // What it holds is seconds old: better to begin without it than not at all.
    const putAside = async (): Promise<void> => {
      const kept = `${dir}.damaged`;
      await rm(kept, { recursive: true, force: true });
      await rename(dir, kept);
      await mkdir(dir);
      logger.error({ redis: name, kept }, 'own redis cannot read its files, begun without them');
    };
    // Its last words come before this. One that was not even begun has an error instead.
    child.once('close', (code) => {
      if (child.pid !== undefined) ended(code);
    });
    child.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (child.pid === undefined) ended(code);
    });
  };
  start();

  const close = async (): Promise<void> => {
    closed = true;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await gone;
    clearTimeout(force);
  };
  return {
    close,
    failed,
    said: () => said,
    answered() {
      answered = true;
    },
  };
}
