/** A fixed number of places; who finds none waits in line. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Takes a place. Resolves with the function that gives it back (safe to call twice), or undefined when the signal
   * aborts first.
   */
  async acquire(signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return undefined;
    if (this.#free > 0) this.#free -= 1;
    else {
      const got = await new Promise<boolean>((resolve) => {
        const take = () => {
          signal.removeEventListener('abort', giveUp);
          resolve(true);
        };
        const giveUp = () => {
          this.#waiting.splice(this.#waiting.indexOf(take), 1);
          resolve(false);
        };
        this.#waiting.push(take);
        signal.addEventListener('abort', giveUp, { once: true });
      });
      if (!got) return undefined;
    }
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    };
  }
}
