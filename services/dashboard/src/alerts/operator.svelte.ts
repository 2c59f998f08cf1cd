/** Who acts at this screen: asked for once, kept in the browser. */
const KEY = 'headroom.operator';
export const LONGEST_NAME = 120;

export class Operator {
  name = $state(read());
  /** Somebody must say a name before what they asked for is done. */
  asking = $state(false);
  #waiting: ((name: string | undefined) => void) | undefined;

  constructor() {
    // Said on another page of this browser: nobody acts here under the name of whoever went home.
    addEventListener('storage', ({ key }) => {
      if (key === KEY) this.name = read();
    });
  }

  /** The name; asks for it where there is none. Undefined when they would not say. */
  async identify(): Promise<string | undefined> {
    return this.name === '' ? this.ask() : this.name;
  }

  ask(): Promise<string | undefined> {
    this.#waiting?.(undefined);
    this.asking = true;
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** The answer to the question; undefined when it was turned down. */
  answer(given: string | undefined): void {
    const name = given?.trim().slice(0, LONGEST_NAME);
    if (name) {
      this.name = name;
      try {
        localStorage.setItem(KEY, name);
      } catch {
        // Storage may be full or forbidden: the name then lasts as long as the page.
      }
    }
    this.asking = false;
    this.#waiting?.(name || undefined);
    this.#waiting = undefined;
  }
}

function read(): string {
  try {
    return localStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}
