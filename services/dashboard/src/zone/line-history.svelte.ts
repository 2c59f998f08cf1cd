/** The stored flow over a camera's lines for the window shown. */
import type { LineHistoryPoint } from '../../../../shared/contracts/history.ts';
import type { Stretch } from './window.ts';
import { fetchLineHistory } from './zone-api.ts';

/** While a window is being moved, only its resting place is fetched. */
const SETTLE_MS = 150;

export class LineHistory {
  /** By line. */
  points: ReadonlyMap<string, readonly LineHistoryPoint[]> = $state.raw(new Map());
  phase: 'loading' | 'ready' | 'failed' = $state('loading');

  readonly #cameraId: string;
  #running = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(cameraId: string) {
    this.#cameraId = cameraId;
  }

  /** What is shown stays until the answer is there; a newer question makes an older one void. */
  load(lineIds: readonly string[], stretch: Stretch, stepMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#fetch(lineIds, stretch, stepMs), SETTLE_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#running.abort();
  }

  async #fetch(lineIds: readonly string[], stretch: Stretch, stepMs: number): Promise<void> {
    this.#running.abort();
    const own = new AbortController();
    this.#running = own;
    try {
      const found = await Promise.all(
        lineIds.map(async (lineId) => {
          const place = { cameraId: this.#cameraId, lineId };
          return [lineId, await fetchLineHistory(place, stretch, stepMs, own.signal)] as const;
        }),
      );
      if (own.signal.aborted) return;
      this.points = new Map(found);
      this.phase = 'ready';
    } catch {
      // Aborted is no failure: another question is under way.
      if (!own.signal.aborted) this.phase = 'failed';
    }
  }
}
