/**
 * One try at a time, for a receiver where order counts. Who is urgent goes before who waits, and does not wait long for
 * who is under way either: a try that hangs is told to give way.
 */

/** A receiver that is well answers within this: its try is let finish, so that nothing is sent twice for nothing. */
const GRACE_MS = 500;

type Turned = {
  urgent: boolean;
  giveWay: AbortController;
  begin: () => void;
  pressing?: NodeJS.Timeout;
};

export class Turn {
  #now: Turned | undefined;
  #waiting: Turned[] = [];

  /**
   * Does `work` when it is its turn. The signal of work that is not urgent is aborted when something urgent waits for it.
   * @throws what `work` threw
   */
  async take<T>(urgent: boolean, work: (giveWay: AbortSignal) => Promise<T>): Promise<T> {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const mine: Turned = { urgent, giveWay: new AbortController(), begin };
    this.#waiting.push(mine);
    this.#pass();
    await begun;
    try {
      return await work(mine.giveWay.signal);
    } finally {
      clearTimeout(mine.pressing);
      this.#now = undefined;
      this.#pass();
    }
  }

  /** Gives the turn to who is next, or asks who has it to be quick. */
  #pass(): void {
    const urgent = this.#waiting.find((one) => one.urgent);
    const now = this.#now;
    if (now) {
      if (urgent && !now.urgent) now.pressing ??= setTimeout(() => now.giveWay.abort(), GRACE_MS);
      return;
    }
    const next = urgent ?? this.#waiting[0];
    if (!next) return;
    this.#waiting = this.#waiting.filter((one) => one !== next);
    this.#now = next;
    next.begin();
  }
}
