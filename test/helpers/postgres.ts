/** A real PostgreSQL for one test: its own cluster, port and folder, as a user who is not root. */
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { postgresFolder } from '../../infra/scripts/setup.mjs';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export type TestPostgres = {
  /** `postgres://…` of a database that is new and empty. */
  database(): Promise<string>;
  /** The same address with another part. */
  readonly port: number;
  readonly password: string;
  /** Runs SQL as the owner. */
  query(url: string, sql: string): Promise<Record<string, unknown>[]>;
  /** Ends the server as a crash does: open transactions are lost, nothing is flushed. */
  kill9(): Promise<void>;
  start(): Promise<void>;
  /** Halts and continues all of its processes: it takes connections, and says nothing. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
};

const run = promisify(execFile);
const USER = 'headroom';

/** Starts a cluster. Its password is random, so that a test can look for it where it must not be. */
export async function startPostgres(): Promise<TestPostgres> {
  const bin = postgresFolder();
  if (!bin) throw new Error('PostgreSQL is not installed: apt-get install postgresql');
  const dir = await mkdtemp(join(tmpdir(), 'hr-postgres-'));
  const data = join(dir, 'data');
  const account = await servantAccount();
  const asServant = (program: string, args: string[]): Promise<{ stdout: string }> =>
    run(join(bin, program), args, { ...account, cwd: '/', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  const password = `pw ${randomBytes(9).toString('hex')}%/@`;
  const passwordFile = join(dir, 'password');
  await mkdir(data);
  await writeFile(passwordFile, password);
  if (account) for (const path of [dir, data, passwordFile]) await chown(path, account.uid, account.gid);
  await chmod(data, 0o700);
  await asServant('initdb', ['-D', data, '-U', USER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8']);
  const port = await freePort();
  const address = (database: string): string =>
    `postgres://${USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
  const query = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query(sql)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  const start = async (): Promise<void> => {
    const options = `-p ${port} -h 127.0.0.1 -k ${dir} -c max_connections=40 -c shared_buffers=16MB`;
    await asServant('pg_ctl', ['-D', data, '-w', '-t', '120', '-l', join(dir, 'log'), '-o', options, 'start']);
    await until('postgres answers', () => query(address('postgres'), 'select 1').catch(() => undefined), 60_000);
  };
  const signalAll = async (signal: NodeJS.Signals): Promise<void> => {
    const master = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
    const pid = Number(master.split('\n')[0]);
    if (!pid) return;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
    for (const each of [pid, ...children.trim().split(' ').filter(Boolean).map(Number)]) kill(each, signal);
    if (signal === 'SIGKILL') await until('postgres is gone', () => !isAlive(pid));
  };
  let databases = 0;

  await start();
  return {
    port,
    password,
    query,
    start,
    async database() {
      const name = `headroom_${++databases}`;
      await query(address('postgres'), `create database ${name}`);
      return address(name);
    },
    kill9: () => signalAll('SIGKILL'),
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    async stop() {
      await signalAll('SIGCONT');
      await signalAll('SIGKILL');
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** PostgreSQL refuses to run as root; its package brings an account. */
async function servantAccount(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
