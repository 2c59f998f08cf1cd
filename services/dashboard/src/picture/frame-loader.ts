/** Fetches a camera's newest picture when asked, one request at a time: while one runs, only the latest wish is kept. */
import { isNewer, type Stamp } from './pairing.ts';

export type LoadedFrame<Bitmap> = Stamp & { bitmap: Bitmap };

export type FrameLoaderOptions<Bitmap> = {
  /** Resolves to undefined when there is no picture. Rejects on network trouble, which the connection state tells. */
  fetchFrame: (signal: AbortSignal) => Promise<LoadedFrame<Bitmap> | undefined>;
  onFrame: (frame: LoadedFrame<Bitmap>) => void;
  discard: (bitmap: Bitmap) => void;
};

export class FrameLoader<Bitmap> {
  readonly #options: FrameLoaderOptions<Bitmap>;
  readonly #life = new AbortController();
  #loading = false;
  #wanted: Stamp | undefined;
  #newest: Stamp | undefined;

  constructor(options: FrameLoaderOptions<Bitmap>) {
    this.#options = options;
  }

  /** Asks for the picture of this stamp or a newer one. Does nothing when one is at hand. */
  want({ seq, capturedAt }: Stamp): void {
    this.#wanted = newest(this.#wanted, { seq, capturedAt });
    void this.#run();
  }

  close(): void {
    this.#life.abort();
  }

  async #run(): Promise<void> {
    const asked = this.#wanted;
    if (this.#loading || this.#life.signal.aborted || !asked || !isNewer(asked, this.#newest)) return;
    this.#loading = true;
    try {
      const frame = await this.#options.fetchFrame(this.#life.signal);
      if (frame) this.#take(frame);
    } catch {
      // The next reading asks again; a picture that stays away shows as old by its own stamp.
    } finally {
      this.#loading = false;
      // What was asked for and not had is not asked again: a newer reading will ask for a newer one.
      this.#newest = newest(this.#newest, asked);
    }
    void this.#run();
  }

  #take(frame: LoadedFrame<Bitmap>): void {
    if (this.#life.signal.aborted || !isNewer(frame, this.#newest)) {
      this.#options.discard(frame.bitmap);
      return;
    }
    this.#newest = { seq: frame.seq, capturedAt: frame.capturedAt };
    this.#options.onFrame(frame);
  }
}

const newest = (known: Stamp | undefined, stamp: Stamp): Stamp => (isNewer(stamp, known) ? stamp : (known ?? stamp));
