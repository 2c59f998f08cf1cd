/**
 * The inference processes and who works on what. A process that dies or hangs is replaced at once; the picture it had
 * is lost, the next one of that camera is not.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { FromChild, InferenceRequest, InferenceResult, InferenceSetup } from './inference-messages.ts';

const entry = fileURLToPath(new URL('./inference-process.ts', import.meta.url));

/** One picture is counted while the next one is already decoded. */
const IN_HAND = 2;

/** Loading a model from a slow disk is still no reason to give up. */
const START_DEADLINE_MS = 60_000;
const RESPAWN_PAUSE_MS = 500;

type Task = { request: InferenceRequest; settle: (result: InferenceResult) => void };
type Member = { child: ChildProcess; tasks: Task[]; ready: boolean; deadline: NodeJS.Timeout | undefined };

export type PoolOptions = {
  setup: InferenceSetup;
  processes: number;
  /** A picture that takes longer ends its process, ms. */
  deadlineMs: number;
  logger: Logger;
  onCrash?: (cause: 'crash' | 'deadline', cameraId: string | undefined) => void;
};

export class InferencePool {
  readonly #o: PoolOptions;
  readonly #members: Member[] = [];
  readonly #waiting: ((member: Member) => void)[] = [];
  #closed = false;
  #nextId = 1;

  private constructor(options: PoolOptions) {
    this.#o = options;
  }

  /** @throws HeadroomError MODEL_MISSING, MODEL_INVALID, PROVIDER_UNAVAILABLE from the first process that cannot work */
  static async start(options: PoolOptions): Promise<InferencePool> {
    const pool = new InferencePool(options);
    const starts = await Promise.allSettled(Array.from({ length: options.processes }, () => pool.#spawn()));
    const failed = starts.find((start) => start.status === 'rejected');
    if (failed) {
      await pool.close();
      throw failed.reason;
    }
    return pool;
  }

  /** Pictures that can be in hand at the same time. */
  get capacity(): number {
    return this.#o.processes * IN_HAND;
  }

  get ready(): boolean {
    return this.#members.some((member) => member.ready);
  }

  /**
   * Counts a picture. The picture is fetched only when a process has a hand free, so that it is the newest one then.
   * @param cameraId goes to the process that had this camera last, if it has a hand free: warm starts live there
   * @returns undefined when `fetch` finds no picture; never rejects but for `fetch`
   */
  async count(
    cameraId: string,
    fetch: () => Promise<Omit<InferenceRequest, 'type' | 'id'> | undefined>,
  ): Promise<InferenceResult | undefined> {
    const member = await this.#memberFor(cameraId);
    let settle: (result: InferenceResult) => void = () => undefined;
    const result = new Promise<InferenceResult>((resolve) => {
      settle = resolve;
    });
    const place = { request: undefined as unknown as InferenceRequest, settle };
    member.tasks.push(place);
    try {
      const picture = await fetch();
      if (!picture) return undefined;
      place.request = { ...picture, type: 'count', id: this.#nextId++ };
      if (!member.ready || !member.child.connected) {
        return { ok: false, reason: 'inference-failed', detail: 'the inference process ended' };
      }
      this.#armDeadline(member);
      member.child.send(place.request, () => undefined);
      return await result;
    } finally {
      const at = member.tasks.indexOf(place);
      if (at >= 0) member.tasks.splice(at, 1);
      this.#armDeadline(member, true);
      this.#serveWaiting();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      this.#members.map(async ({ child, deadline }) => {
        clearTimeout(deadline);
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        const force = setTimeout(() => child.kill('SIGKILL'), 1500);
        await gone;
        clearTimeout(force);
      }),
    );
  }

  async #memberFor(cameraId: string): Promise<Member> {
    const free = (member: Member) => member.ready && member.tasks.length < IN_HAND;
    const home = this.#members[hash(cameraId) % Math.max(1, this.#members.length)];
    if (home && free(home)) return home;
    const other = this.#members.filter(free).sort((a, b) => a.tasks.length - b.tasks.length)[0];
    return other ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  #serveWaiting(): void {
    for (const member of this.#members) {
      while (member.ready && member.tasks.length < IN_HAND) {
        const next = this.#waiting.shift();
        if (!next) return;
        next(member);
        // The waiter takes its place a moment later: one at a time keeps the count right.
        setImmediate(() => this.#serveWaiting());
        return;
      }
    }
  }

  /** Starts the clock for the picture in hand; `renew` when one was finished and the next begins. */
  #armDeadline(member: Member, renew = false): void {
    if (renew) {
      clearTimeout(member.deadline);
      member.deadline = undefined;
    }
    if (member.deadline || !member.tasks.some((task) => task.request)) return;
    member.deadline = setTimeout(() => {
      this.#o.logger.error(
        { cameraId: member.tasks[0]?.request?.cameraId },
        'inference took too long, process replaced',
      );
      this.#o.onCrash?.('deadline', member.tasks[0]?.request?.cameraId);
      member.ready = false;
      member.child.kill('SIGKILL');
    }, this.#o.deadlineMs);
  }

  async #spawn(index = this.#members.length): Promise<void> {
    const child = fork(entry, [], { serialization: 'advanced', env: { ...process.env, MALLOC_ARENA_MAX: '2' } });
    const member: Member = { child, tasks: [], ready: false, deadline: undefined };
    this.#members[index] = member;
    let startFailed: (error: Error) => void = () => undefined;
    const started = new Promise<void>((resolve, reject) => {
      startFailed = reject;
      const timer = setTimeout(() => {
        reject(new HeadroomError('MODEL_INVALID', 'The model did not load within a minute.'));
      }, START_DEADLINE_MS);
      child.on('message', (message: FromChild) => {
        if (message.type === 'ready') {
          clearTimeout(timer);
          member.ready = true;
          resolve();
          this.#serveWaiting();
        } else if (message.type === 'unusable') {
          clearTimeout(timer);
          reject(new HeadroomError(message.code, message.message));
        } else member.tasks.find((task) => task.request?.id === message.id)?.settle(message.result);
      });
      child.once('exit', () => clearTimeout(timer));
    });
    child.once('exit', (code, signal) => {
      startFailed(
        new HeadroomError('MODEL_INVALID', `An inference process ended while loading the model (${signal ?? code}).`),
      );
      const crashed = member.ready;
      member.ready = false;
      clearTimeout(member.deadline);
      const suspect = member.tasks.find((task) => task.request)?.request.cameraId;
      for (const task of [...member.tasks]) {
        task.settle({ ok: false, reason: 'inference-failed', detail: 'the inference process ended' });
      }
      if (this.#closed) return;
      if (crashed) {
        this.#o.logger.error({ signal, code, cameraId: suspect }, 'inference process ended, replaced');
        this.#o.onCrash?.('crash', suspect);
      }
      setTimeout(
        () => {
          if (!this.#closed) void this.#spawn(index).catch(() => undefined);
        },
        crashed ? 0 : RESPAWN_PAUSE_MS,
      ).unref();
    });
    child.on('error', () => undefined);
    child.send({ type: 'setup', setup: this.#o.setup });
    return started;
  }
}

function hash(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) value = (value * 31 + text.charCodeAt(i)) >>> 0;
  return value;
}
