/** A service as a child process of `headroom up`: started, watched, started again when it dies. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { EXIT_CANNOT_START } from '../../shared/runtime/process.ts';

export const SERVICES = ['ingest', 'worker', 'alerts', 'gateway'] as const;
export type ServiceName = (typeof SERVICES)[number];

const FIRST_RESTART_MS = 200;
const LONGEST_RESTART_MS = 5000;
const HEALTHY_AFTER_MS = 10_000;
/** Shorter than the launcher's own: it must not be gone before its children. */
const STOP_DEADLINE_MS = 7000;

export class ServiceProcess {
  readonly name: ServiceName;
  readonly #args: string[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #logger: Logger;
  #child: ChildProcess | undefined;
  #closed = false;
  #restartMs = FIRST_RESTART_MS;

  constructor(name: ServiceName, o: { args: string[]; env: NodeJS.ProcessEnv; logger: Logger }) {
    this.name = name;
    this.#args = o.args;
    this.#env = o.env;
    this.#logger = o.logger;
  }

  /**
   * Starts the service and waits until it says it is ready.
   * @returns the address it serves, if it serves one
   * @throws HeadroomError SERVICE_FAILED; the service has said why on standard error
   */
  start(): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      const failed = (why: string): void =>
        reject(new HeadroomError('SERVICE_FAILED', `The ${this.name} service could not start: ${why}.`));
      this.#spawn((url) => resolve(url))
        .once('exit', (code) => failed(code === EXIT_CANNOT_START ? 'see above' : `it ended with code ${code}`))
        .once('error', (error: NodeJS.ErrnoException) => failed(`it cannot be run (${error.code})`));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await gone;
    clearTimeout(force);
  }

  #spawn(onReady: (url: string | undefined) => void): ChildProcess {
    const main = fileURLToPath(new URL(`../${this.name}/main.ts`, import.meta.url));
    const child = spawn(process.execPath, [main, ...this.#args], {
      env: this.#env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    let readyAt: number | undefined;
    child.on('message', (message: { type?: string; url?: string }) => {
      if (message.type !== 'ready') return;
      readyAt = Date.now();
      onReady(message.url);
    });
    const ended = (how: { code?: number | string | null | undefined; signal?: string | null }): void => {
      // Before it was ever ready, start() tells; a service that once ran is brought back.
      if (this.#closed || (readyAt === undefined && this.#restartMs === FIRST_RESTART_MS)) return;
      if (readyAt !== undefined && Date.now() - readyAt > HEALTHY_AFTER_MS) this.#restartMs = FIRST_RESTART_MS;
      this.#logger.error({ name: this.name, ...how, restartMs: this.#restartMs }, 'service ended, restarting');
      setTimeout(() => {
        if (!this.#closed) this.#spawn(() => undefined);
      }, this.#restartMs);
      this.#restartMs = Math.min(this.#restartMs * 2, LONGEST_RESTART_MS);
    };
    child.once('exit', (code, signal) => ended({ code, signal }));
    // Not even begun: no memory or process left, or Node is being installed anew. That is no end of the launcher.
    child.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (child.pid === undefined) ended({ code });
    });
    return child;
  }
}
