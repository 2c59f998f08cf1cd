/** The stored history of one zone for the window shown: fetched when the window moves, and again as time goes on. */
import type { AlertEvent } from '../../../../shared/contracts/alert.ts';
import type { HistoryPoint } from '../../../../shared/contracts/history.ts';
import type { Stretch } from './window.ts';
import { fetchEvents, fetchHistory, type Place } from './zone-api.ts';

/** While a window is being moved, only its resting place is fetched. */
const SETTLE_MS = 150;

export class ZoneHistory {
  points: readonly HistoryPoint[] = $state.raw([]);
  events: readonly AlertEvent[] = $state.raw([]);
  /** Step of `points`. */
  stepMs = $state(10_000);
  phase: 'loading' | 'ready' | 'failed' = $state('loading');

  readonly #place: Place;
  #running = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  /** What is shown stays until the answer is there; a newer question makes an older one void. */
  load(stretch: Stretch, stepMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#fetch(stretch, stepMs), SETTLE_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#running.abort();
  }

  async #fetch(stretch: Stretch, stepMs: number): Promise<void> {
    this.#running.abort();
    const own = new AbortController();
    this.#running = own;
    try {
      const [points, events] = await Promise.all([
        fetchHistory(this.#place, stretch, stepMs, own.signal),
        fetchEvents(this.#place, stretch, own.signal),
      ]);
      if (own.signal.aborted) return;
      this.points = points;
      this.events = events;
      this.stepMs = stepMs;
      this.phase = 'ready';
    } catch {
      // Aborted is no failure: another question is under way.
      if (!own.signal.aborted) this.phase = 'failed';
    }
  }
}
