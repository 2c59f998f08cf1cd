/**
 * A fixed number of places for cameras to connect. Cameras that fail again and again stand in a line of their own and
 * leave one place free, so that a camera that is there does not wait for a hundred that are not.
 */

/** Who waits, and how many of these have a place, of how many at most. */
type Line = { waiting: (() => void)[]; taken: number; readonly most: number };

export class Slots {
  readonly #count: number;
  readonly #first: Line;
  readonly #failing: Line;

  constructor(count: number) {
    this.#count = count;
    this.#first = { waiting: [], taken: 0, most: count };
    this.#failing = { waiting: [], taken: 0, most: Math.max(1, count - 1) };
  }

  /**
   * Takes a place. Resolves with the function that gives it back (safe to call twice), or undefined when the signal
   * aborts first.
   * @param failing one that has failed before and is not known to be back: all others go first
   */
  async acquire(signal: AbortSignal, failing = false): Promise<(() => void) | undefined> {
    if (signal.aborted) return undefined;
    const line = failing ? this.#failing : this.#first;
    const got = await new Promise<boolean>((resolve) => {
      const take = () => {
        signal.removeEventListener('abort', giveUp);
        resolve(true);
      };
      const giveUp = () => {
        line.waiting.splice(line.waiting.indexOf(take), 1);
        resolve(false);
      };
      line.waiting.push(take);
      signal.addEventListener('abort', giveUp, { once: true });
      this.#admit();
    });
    if (!got) return undefined;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      line.taken -= 1;
      this.#admit();
    };
  }

  #admit(): void {
    for (const line of [this.#first, this.#failing]) {
      while (this.#first.taken + this.#failing.taken < this.#count && line.taken < line.most) {
        const next = line.waiting.shift();
        if (!next) break;
        line.taken += 1;
        next();
      }
    }
  }
}
