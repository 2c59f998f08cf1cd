/**
 * Tries and their entries in the delivery log. The database may be readable and not writable (full, locked, a standby):
 * a try whose entry it did not take is written down later and not made again, or receivers would hear the same message
 * twice a second for as long as that lasts.
 */
import type { DeliveryStatus } from '../store/tables.ts';
import type { Delivery, DeliveryStore } from './delivery-store.ts';
import type { Outcome } from './outcome.ts';

type Made = { attempt: number; at: number; outcome: Outcome };

export class TryLog {
  readonly #store: DeliveryStore;
  /** By delivery: made, and perhaps not written down. */
  readonly #made = new Map<string, Made>();

  constructor(store: DeliveryStore) {
    this.#store = store;
  }

  /**
   * Makes the next try of a delivery and notes it, and where it leaves the delivery.
   * @throws what the database said; called again, it only notes what came of the try
   */
  async make(
    delivery: Delivery,
    send: () => Promise<Outcome>,
    statusAfter: (outcome: Outcome) => DeliveryStatus,
  ): Promise<Outcome> {
    const { deliveryId } = delivery;
    const attempt = delivery.attempts + 1;
    let made = this.#made.get(deliveryId);
    // One of another number was written down after all, though the database did not say so.
    if (made?.attempt !== attempt) {
      const outcome = await send();
      made = { attempt, at: Date.now(), outcome };
      this.#made.set(deliveryId, made);
    }
    await this.#store.noteTry(delivery, attempt, made.outcome, statusAfter(made.outcome), made.at);
    this.#made.delete(deliveryId);
    return made.outcome;
  }
}
