/**
 * Takes things one by one and hands them on together, a short while after the first: a screen that is brought up to date
 * for every picture of a hundred cameras looks at all hundred each time, and falls behind the messages for good.
 */
export class Batch<T> {
  readonly #waitMs: number;
  readonly #take: (items: T[]) => void;
  #items: T[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(waitMs: number, take: (items: T[]) => void) {
    this.#waitMs = waitMs;
    this.#take = take;
  }

  add(item: T): void {
    this.#items.push(item);
    this.#timer ??= setTimeout(() => this.flush(), this.#waitMs);
  }

  /** Hands on at once what has come: before anything that must not overtake it. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const items = this.#items;
    this.#items = [];
    if (items.length > 0) this.#take(items);
  }

  /** Forgets what has come. */
  clear(): void {
    this.#items = [];
    this.flush();
  }
}
