/**
 * The inference processes and who works on what. A process that dies or hangs is replaced at once; the picture it had
 * is lost, the next one of that camera is not.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { HeadroomError, messageOf } from '../../shared/runtime/errors.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { end, isGone, type Member, startMember, suspectOf } from './inference-member.ts';
import type { InferenceRequest, InferenceResult, InferenceSetup, ToChild } from './inference-messages.ts';

/** One picture is counted while the next one is already decoded. */
const IN_HAND = 2;

/** Loading a model from a slow disk is still no reason to give up. */
const START_DEADLINE_MS = 60_000;
const RESPAWN_PAUSE_MS = 500;
const DRAIN_LOOK_MS = 10;

export type PoolOptions = {
  setup: InferenceSetup;
  processes: number;
  /** A picture that takes longer ends its process, ms. */
  deadlineMs: number;
  /** A process that takes longer to load its models is replaced, ms; a minute unless told. */
  startDeadlineMs?: number;
  logger: Logger;
  onCrash?: (cause: 'crash' | 'deadline', cameraId: string | undefined) => void;
};

export class InferencePool {
  readonly #o: PoolOptions;
  #members: Member[] = [];
  #setup: InferenceSetup;
  readonly #waiting: ((member: Member) => void)[] = [];
  /** Killed, and not gone: they hold their memory, and what they sleep in. */
  #undead = 0;
  #closed = false;
  #nextId = 1;
  /** Why no process could be put in the place of one that is gone, as it was told. */
  #trouble: string | undefined;

  private constructor(options: PoolOptions) {
    this.#o = options;
    this.#setup = options.setup;
  }

  /** @throws HeadroomError MODEL_MISSING, MODEL_INVALID, PROVIDER_UNAVAILABLE from the first process that cannot work */
  static async start(options: PoolOptions): Promise<InferencePool> {
    const pool = new InferencePool(options);
    const starts = Array.from({ length: options.processes }, () => pool.#spawn(options.setup));
    pool.#members = starts.map(({ member }) => member);
    const failed = (await Promise.allSettled(starts.map(({ started }) => started))).find(
      (start) => start.status === 'rejected',
    );
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
    if (!member) {
      const picture = await fetch();
      return picture && { ok: false, reason: 'inference-failed', detail: 'no inference process is ready' };
    }
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
      // One that was none took no time: the clock of the picture before it runs on.
      this.#armDeadline(member, place.request !== undefined);
      this.#serveWaiting();
    }
  }

  /** Bytes that a model takes in all processes, as measured when it was loaded. */
  memoryBytes(model: string): number {
    return this.#members.reduce((sum, { memoryBytes }) => sum + (memoryBytes[model] ?? 0), 0);
  }

  /**
   * Goes over to other models without a gap: new processes are started beside the running ones and prove the models;
   * only when all are ready do they take the next pictures, all at once, so that a camera's readings never go back to
   * the model before. The old processes finish what they have and end. Takes twice the memory for that while.
   * @throws HeadroomError from the first new process that cannot work; the running ones then go on as if nothing was
   */
  async exchange(models: InferenceSetup['models']): Promise<void> {
    const setup = { ...this.#setup, models };
    const fresh: Member[] = [];
    try {
      // One after the other: loading takes a core that the pictures need.
      for (let i = 0; i < this.#o.processes; i++) {
        const { member, started } = this.#spawn(setup, true);
        fresh.push(member);
        await started;
        if (this.#closed) throw new HeadroomError('MODEL_INVALID', 'The worker is stopping.');
      }
    } catch (error) {
      await Promise.all(fresh.map(end));
      throw error;
    }
    const old = this.#members;
    for (const member of old) member.retired = true;
    for (const member of fresh) member.retired = false;
    this.#setup = setup;
    this.#members = fresh;
    this.#serveWaiting();
    // A process that was not ready yet may have ended between its word and this line.
    for (const member of fresh) if (isGone(member.child)) this.#refill(member, RESPAWN_PAUSE_MS);
    await Promise.all(
      old.map(async (member) => {
        // A picture given to it a moment ago takes its place a moment later: look after a pause, not before.
        do await delay(DRAIN_LOOK_MS);
        while (member.tasks.length > 0 && !isGone(member.child));
        clearTimeout(member.deadline);
        await end(member);
      }),
    );
  }

  /** Frees a model that no picture will ask for any more. */
  forget(model: string): void {
    const { [model]: _gone, ...models } = this.#setup.models;
    this.#setup = { ...this.#setup, models };
    for (const { child, memoryBytes } of this.#members) {
      delete memoryBytes[model];
      child.send({ type: 'forget', model } satisfies ToChild, () => undefined);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      this.#members.map((member) => {
        clearTimeout(member.deadline);
        return end(member);
      }),
    );
  }

  /** @returns undefined when none has a hand free for as long as a picture may take: none is ready then */
  async #memberFor(cameraId: string): Promise<Member | undefined> {
    const free = (member: Member) => member.ready && member.tasks.length < IN_HAND;
    const home = this.#members[hash(cameraId) % Math.max(1, this.#members.length)];
    if (home && free(home)) return home;
    const other = this.#members.filter(free).sort((a, b) => a.tasks.length - b.tasks.length)[0];
    if (other) return other;
    return new Promise((resolve) => {
      const take = (member: Member): void => {
        clearTimeout(tooLong);
        resolve(member);
      };
      const tooLong = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        resolve(undefined);
      }, this.#o.deadlineMs);
      this.#waiting.push(take);
    });
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
      const cameraId = suspectOf(member);
      this.#o.logger.error({ cameraId }, 'inference took too long, process replaced');
      this.#o.onCrash?.('deadline', cameraId);
      member.kill();
    }, this.#o.deadlineMs);
  }

  /** @param apart not yet in the pool: its end leaves no place to fill */
  #spawn(setup: InferenceSetup, apart = false): { member: Member; started: Promise<void> } {
    const { logger, onCrash, startDeadlineMs: deadlineMs = START_DEADLINE_MS } = this.#o;
    const { member, started } = startMember(
      setup,
      { deadlineMs, retired: apart },
      {
        ready: () => this.#serveWaiting(),
        over: ({ crashed, cameraId, signal, code }) => {
          if (this.#closed || member.retired) return;
          if (crashed) {
            logger.error({ signal, code, cameraId }, 'inference process ended, replaced');
            onCrash?.('crash', cameraId);
          }
          this.#refill(member, crashed ? 0 : RESPAWN_PAUSE_MS);
        },
        undead: (child) => {
          logger.error({ pid: child.pid }, 'inference process does not end when killed, given up');
          this.#undead += 1;
          child.once('exit', () => {
            this.#undead -= 1;
          });
        },
      },
    );
    return { member, started };
  }

  /** Puts a new process in the place of one that is gone, if the place is still there by then. */
  #refill(gone: Member, afterMs: number): void {
    setTimeout(() => {
      const index = this.#members.indexOf(gone);
      if (this.#closed || index < 0) return;
      // The next ones would sleep where these do, and fill the memory, one after the other.
      if (this.#undead > this.#o.processes) return this.#refill(gone, RESPAWN_PAUSE_MS);
      const { member, started } = this.#spawn(this.#setup);
      this.#members[index] = member;
      started.then(
        () => {
          this.#trouble = undefined;
        },
        (error) => {
          const reason = messageOf(error);
          // Tried again twice a second: what is known is not said again.
          if (this.#closed || member.retired || reason === this.#trouble) return;
          this.#trouble = reason;
          this.#o.logger.error({ reason }, 'inference process cannot be replaced, tried again');
        },
      );
    }, afterMs).unref();
  }
}

function hash(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) value = (value * 31 + text.charCodeAt(i)) >>> 0;
  return value;
}
