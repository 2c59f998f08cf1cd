/** Start and stop of a service: what was started is closed in reverse order, under one deadline, once. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from './logger.ts';

export interface Service {
  close(): Promise<void>;
}

type Step = { name: string; close: () => unknown };

/** Registered closers, unwound last-in first-out. One failing or hanging step never keeps the others from running. */
export class Lifecycle implements Service {
  readonly #steps: Step[] = [];
  readonly #logger: Logger;
  readonly #stepDeadlineMs: number;
  #closing: Promise<void> | undefined;

  constructor(logger: Logger, stepDeadlineMs = 3000) {
    this.#logger = logger;
    this.#stepDeadlineMs = stepDeadlineMs;
  }

  get closing(): boolean {
    return this.#closing !== undefined;
  }

  /** Registers how to undo what was just started. Returns the thing itself. */
  add<T>(name: string, thing: T, close: (thing: T) => unknown): T {
    this.#steps.push({ name, close: () => close(thing) });
    return thing;
  }

  close(): Promise<void> {
    this.#closing ??= this.#unwind();
    return this.#closing;
  }

  async #unwind(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      const { name, close } = step;
      const cancel = new AbortController();
      const timeout = delay(this.#stepDeadlineMs, 'timeout' as const, { signal: cancel.signal }).catch(() => undefined);
      try {
        if ((await Promise.race([Promise.resolve(close()).then(() => 'closed' as const), timeout])) === 'timeout') {
          this.#logger.warn({ step: name, deadlineMs: this.#stepDeadlineMs }, 'closing took too long');
        }
      } catch (err) {
        this.#logger.warn({ step: name, err }, 'closing failed');
      } finally {
        cancel.abort();
      }
    }
  }
}
