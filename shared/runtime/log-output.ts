/**
 * Where log lines leave the process. A log whose disk is full, or that nobody reads any more, must neither end nor halt
 * what it tells of: a synchronous write to a pipe whose reader stands still never returns.
 */
import { write } from 'node:fs';

/** Text kept while the lines before it are on their way; what does not fit is lost. */
const MAX_WAITING_CHARACTERS = 64 * 1024;
const TRY_AGAIN_MS = 50;

export class LogOutput {
  readonly #fd: number;
  #waiting = '';
  #busy = false;
  #lost = 0;
  #whenEmpty: (() => void)[] = [];
  /** Told once lines go out again: how many did not. */
  onLost: ((lines: number) => void) | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(line: string): void {
    if (this.#waiting.length + line.length > MAX_WAITING_CHARACTERS) {
      this.#lost += 1;
      return;
    }
    this.#waiting += line;
    if (!this.#busy) this.#next();
  }

  /** Waits until all is written. @returns whether it was, within this time */
  async empty(withinMs: number): Promise<boolean> {
    if (!this.#busy) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#whenEmpty.push(() => resolve(true));
    const timer = setTimeout(() => resolve(false), withinMs);
    return promise.finally(() => clearTimeout(timer));
  }

  #next(): void {
    const text = Buffer.from(this.#waiting);
    this.#waiting = '';
    this.#busy = true;
    this.#send(text);
  }

  #send(text: Buffer): void {
    write(this.#fd, text, (error, bytes) => {
      if (error?.code === 'EAGAIN') setTimeout(() => this.#send(text), TRY_AGAIN_MS);
      // Any other error (a full disk, a reader that is gone) costs these lines; the next ones are tried again.
      else if (!error && bytes < text.length) this.#send(text.subarray(bytes));
      else this.#sent(!error);
    });
  }

  #sent(well: boolean): void {
    this.#busy = false;
    if (well && this.#lost > 0) {
      const lines = this.#lost;
      this.#lost = 0;
      this.onLost?.(lines);
    }
    if (this.#busy) return;
    if (this.#waiting !== '') this.#next();
    else for (const tell of this.#whenEmpty.splice(0)) tell();
  }
}
