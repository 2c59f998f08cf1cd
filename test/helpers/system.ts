/** The whole of Headroom as its users run it: `headroom up --config FILE`, with its own processes and Redis. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { pinnedNode } from '../../infra/scripts/setup.mjs';
import { until } from './until.ts';

export type TestCamera = { id: string; url: string; sampleFps?: number; [setting: string]: unknown };

export type SystemOptions = {
  cameras: TestCamera[];
  /** Further sections of the configuration. */
  config?: Record<string, unknown>;
  env?: NodeJS.ProcessEnv;
  /** File descriptor for the log instead of {@link TestSystem.output}. */
  log?: number;
};

export type TestSystem = {
  readonly url: string;
  readonly wsUrl: string;
  readonly dir: string;
  readonly launcher: ChildProcess;
  /** All that the launcher and its services have printed. */
  output(): string;
  /** Rewrites the configuration; the running services pick it up. */
  configure(options: Pick<SystemOptions, 'cameras' | 'config'>): Promise<void>;
  /** Process ids below the launcher whose command line matches. */
  processes(pattern: RegExp): Promise<number[]>;
  /** SIGTERM (or another signal), and the exit code. Safe to call twice. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
};

const START_DEADLINE_MS = 120_000;

/**
 * Starts Headroom and waits until it serves.
 * @throws Error with everything it printed when it does not come up
 */
export async function startSystem(options: SystemOptions): Promise<TestSystem> {
  const dir = await mkdtemp(join(tmpdir(), 'hr-system-'));
  const configFile = join(dir, 'headroom.yaml');
  const configure = (o: Pick<SystemOptions, 'cameras' | 'config'>) =>
    writeFile(
      configFile,
      stringify({ gateway: { port: 0 }, dataDir: join(dir, 'data'), cameras: o.cameras, ...o.config }),
    );
  await configure(options);

  let output = '';
  const launcher = spawn(pinnedNode(), [resolve('services/cli/main.ts'), 'up', '--config', configFile], {
    env: { ...process.env, NODE_ENV: 'test', ...options.env },
    stdio: ['ignore', options.log ?? 'pipe', 'pipe'],
  });
  for (const stream of [launcher.stdout, launcher.stderr]) {
    stream?.on('data', (data) => {
      output += data;
    });
  }
  const gone = () => launcher.exitCode !== null || launcher.signalCode !== null;
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    if (!gone()) {
      launcher.kill(signal);
      await until('headroom stops', gone, 15_000).catch(() => launcher.kill('SIGKILL'));
      await until('headroom is gone', gone, 5000);
    }
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    return launcher.exitCode;
  };
  try {
    const address = () => /Dashboard: (http:\S+)/.exec(output)?.[1];
    await until('headroom is up', () => address() ?? gone(), START_DEADLINE_MS);
    const url = address();
    if (!url) throw new Error('it ended');
    return {
      url,
      wsUrl: `${url.replace('http', 'ws')}/ws`,
      dir,
      launcher,
      output: () => output,
      configure,
      processes: (pattern) => descendants(launcher.pid as number, pattern),
      stop,
    };
  } catch (cause) {
    await stop('SIGKILL');
    throw new Error(`Headroom did not come up. It printed:\n${output}`, { cause });
  }
}

/** Runs the command line to its end. @param env environment on top of the test's own @param as who runs it, and where */
export async function runCli(
  args: string[],
  env: NodeJS.ProcessEnv = {},
  as: { uid?: number; gid?: number; cwd?: string } = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(pinnedNode(), [resolve('services/cli/main.ts'), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...as,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const code = await new Promise<number | null>((done) => {
    const force = setTimeout(() => child.kill('SIGKILL'), 60_000);
    child.once('exit', (exitCode) => {
      clearTimeout(force);
      done(exitCode);
    });
  });
  return { code, stdout, stderr };
}

/** Processes below one process, by command line. Reads /proc: these tests run on Linux. */
export async function descendants(root: number, pattern: RegExp): Promise<number[]> {
  const { readdir, readFile } = await import('node:fs/promises');
  const parents = new Map<number, { parent: number; command: string }>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (fields[0] === 'Z') continue;
      const command = (await readFile(`/proc/${name}/cmdline`, 'utf8')).replaceAll('\0', ' ');
      parents.set(Number(name), { parent: Number(fields[1]), command });
    } catch {
      // It ended while we looked.
    }
  }
  const isBelow = (pid: number): boolean => {
    for (let at = parents.get(pid)?.parent; at !== undefined; at = parents.get(at)?.parent)
      if (at === root) return true;
    return false;
  };
  return [...parents].filter(([pid, { command }]) => pattern.test(command) && isBelow(pid)).map(([pid]) => pid);
}

/** Every running process whose command line matches, whoever its parent is: for finding orphans. */
export const anyProcess = (pattern: RegExp): Promise<number[]> => descendants(1, pattern);
