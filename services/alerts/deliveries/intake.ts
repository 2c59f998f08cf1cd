/**
 * Stored deliveries on their way into their queues, beside the loop that judges readings. A receiver that was down for
 * days leaves thousands behind, and nobody may wait for them; what Redis does not take now is offered again.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../shared/runtime/errors.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import { scrub } from '../../../shared/runtime/secrets.ts';
import type { Delivery } from './delivery-store.ts';

export type Waiting = Pick<Delivery, 'deliveryId' | 'endpoint' | 'fast' | 'attempts'>;

export type IntakeOptions = {
  /** All that is still to be sent, what comes first foremost. May reject. */
  pending(): Promise<Waiting[]>;
  /** Takes one; the same one again does no harm. May reject: it is offered again. */
  admit(delivery: Waiting): Promise<void>;
  logger: Logger;
};

/** Well within what Redis answers in a second, on a small machine that counts. */
const AT_ONCE = 100;
const AGAIN_MS = 1000;

export class Intake {
  readonly #o: IntakeOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #stop = new AbortController();
  /** What is pending is to be read from the database. */
  #sweepDue = false;
  #running = false;

  constructor(o: IntakeOptions) {
    this.#o = o;
  }

  /** Takes deliveries that could not be queued. */
  take(...deliveries: Waiting[]): void {
    for (const delivery of deliveries) this.#waiting.set(delivery.deliveryId, delivery);
    this.#start();
  }

  /** Takes everything that is still to be sent. */
  sweep(): void {
    this.#sweepDue = true;
    this.#start();
  }

  close(): void {
    this.#stop.abort();
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let complained = false;
    while (!signal.aborted && (this.#sweepDue || this.#waiting.size > 0)) {
      try {
        if (this.#sweepDue) await this.#read();
        await this.#admitSome();
      } catch (error) {
        if (signal.aborted) break;
        const fields = { waiting: this.#waiting.size, reason: scrub(messageOf(error)) };
        if (!complained) this.#o.logger.warn(fields, 'deliveries not queued yet');
        complained = true;
        await delay(AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    this.#running = false;
  }

  async #read(): Promise<void> {
    this.#sweepDue = false;
    try {
      for (const delivery of await this.#o.pending()) this.#waiting.set(delivery.deliveryId, delivery);
    } catch (error) {
      this.#sweepDue = true;
      throw error;
    }
  }

  async #admitSome(): Promise<void> {
    const piece = [...this.#waiting.values()].slice(0, AT_ONCE);
    const offered = await Promise.allSettled(
      piece.map(async (delivery) => {
        await this.#o.admit(delivery);
        this.#waiting.delete(delivery.deliveryId);
      }),
    );
    for (const one of offered) if (one.status === 'rejected') throw one.reason;
  }
}
