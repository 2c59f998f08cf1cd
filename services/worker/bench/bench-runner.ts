/** Holds the bench process: started at the first look, ended when nobody has looked for a while. One look at a time. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LOOK_LIMIT_MS, type LookOptions } from '../../../shared/contracts/bench.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import type { Provider } from '../model/crowd-counter.ts';
import type { ModelFolder } from '../model/manifest.ts';
import { type FromBench, type LookOutcome, type LookRequest, refuse } from './bench-messages.ts';
import { lowPriority } from './low-priority.ts';

const entry = fileURLToPath(new URL('./bench-process.ts', import.meta.url));

/** Its memory is given back after this. */
const IDLE_MS = 60_000;

export class BenchRunner {
  readonly #provider: Provider;
  readonly #logger: Logger;
  readonly #deadlineMs: number;
  #child: ChildProcess | undefined;
  /** Models the process has, as it said last. */
  #known = new Set<string>();
  #idle: NodeJS.Timeout | undefined;
  #nextId = 1;

  constructor(o: { provider: Provider; logger: Logger; deadlineMs?: number }) {
    this.#provider = o.provider;
    this.#logger = o.logger;
    this.#deadlineMs = o.deadlineMs ?? LOOK_LIMIT_MS;
  }

  /** Looks at one picture. A crash or a passed deadline is an outcome as any other. */
  async look(file: Uint8Array, options: LookOptions, model: ModelFolder): Promise<LookOutcome> {
    clearTimeout(this.#idle);
    const child = this.#start();
    const id = this.#nextId++;
    const { fingerprint } = model;
    const request: LookRequest = { type: 'look', id, file, options, provider: this.#provider, fingerprint, model };
    if (this.#known.has(fingerprint)) delete request.model;
    const outcome = await new Promise<LookOutcome>((resolve) => {
      const deadline = setTimeout(() => {
        settle(refuse('too-slow', `Looking took longer than ${this.#deadlineMs / 1000} s; try fewer steps and seeds.`));
        this.#leave(child);
        child.kill('SIGKILL');
      }, this.#deadlineMs);
      const onMessage = (message: FromBench) => {
        if (message.id !== id) return;
        this.#known = new Set(message.held);
        settle(message.outcome);
      };
      const onExit = (code: number | null, signal: string | null) => {
        this.#logger.warn({ code, signal }, 'bench process ended during a look');
        settle(refuse('failed', 'The process that looked at the picture ended.'));
      };
      const settle = (result: LookOutcome) => {
        clearTimeout(deadline);
        child.off('message', onMessage);
        child.off('exit', onExit);
        resolve(result);
      };
      child.on('message', onMessage);
      child.once('exit', onExit);
      child.send(request, () => undefined);
    });
    this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref();
    return outcome;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    this.#leave(child);
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** A process that is being ended still seems to be there for a moment: whoever looks meanwhile gets another one. */
  #leave(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#known.clear();
  }

  #start(): ChildProcess {
    if (this.#child?.connected) return this.#child;
    const { command, args } = lowPriority(process.execPath, []);
    const child = fork(entry, [], {
      execPath: command,
      execArgv: args,
      serialization: 'advanced',
      env: { ...process.env, MALLOC_ARENA_MAX: '2' },
    });
    child.on('error', () => undefined);
    child.once('exit', () => this.#leave(child));
    this.#child = child;
    return child;
  }
}
