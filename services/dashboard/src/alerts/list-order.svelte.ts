/** The order alerts stand in on the screen: it holds still while a hand is on the list, so that nobody presses the wrong button. */
import { arrange } from './rank.ts';

/** The list holds still while somebody is about to press something. */
const HOLD_MS = 2_500;
/** A finger that was on its way when the rows moved means the row that was there before. */
const MISSED_MS = 400;

export class ListOrder {
  ids: readonly string[] = $state.raw([]);
  #handAt = Number.NEGATIVE_INFINITY;
  #movedAt = Number.NEGATIVE_INFINITY;

  /** Somebody's hand or focus is on the list. */
  readonly hold = (): void => {
    this.#handAt = performance.now();
  };

  /** @param wanted ids in the order of urgency */
  take(wanted: readonly string[], now: number): void {
    const next = arrange(this.ids, wanted, now - this.#handAt < HOLD_MS);
    if (next.length === this.ids.length && next.every((id, index) => id === this.ids[index])) return;
    if (this.ids.some((id, index) => id !== next[index])) this.#movedAt = performance.now();
    this.ids = next;
  }

  /** Something else moved the rows. */
  moved(): void {
    this.#movedAt = performance.now();
  }

  /** Whether a press now can mean what stands there. */
  get settled(): boolean {
    return performance.now() - this.#movedAt > MISSED_MS;
  }
}
