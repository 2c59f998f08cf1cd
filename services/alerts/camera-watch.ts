/** The newest known of every camera, and what may be said of it now. The judgement itself is `publicReading`'s. */
import { type Camera, staleAfterMs } from '../../shared/config/schema.ts';
import type { CameraState } from '../../shared/contracts/camera.ts';
import type { PublicReading, WorkerReading } from '../../shared/contracts/reading.ts';
import { type CameraKnowledge, publicReading } from '../../shared/readings/status.ts';

export class CameraWatch {
  readonly #known = new Map<string, Omit<CameraKnowledge, 'ingestUp' | 'workerUp'>>();
  #services = { ingestUp: true, workerUp: true };

  constructor(cameras: Camera[], now: number) {
    this.setCameras(cameras, now);
  }

  setCameras(cameras: Camera[], now: number): void {
    const ids = new Set(cameras.map((camera) => camera.id));
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
    for (const camera of cameras) {
      const old = this.#known.get(camera.id);
      this.#known.set(camera.id, {
        cameraId: camera.id,
        zones: camera.zones,
        lines: camera.lines,
        staleAfterMs: staleAfterMs(camera),
        reading: old?.reading,
        state: old?.state,
        watchedSince: old?.watchedSince ?? now,
      });
    }
  }

  setServices(services: { ingestUp: boolean; workerUp: boolean }): void {
    this.#services = services;
  }

  takeReading(reading: WorkerReading): void {
    const known = this.#known.get(reading.cameraId);
    if (known) known.reading = reading;
  }

  takeState(state: CameraState): void {
    const known = this.#known.get(state.cameraId);
    if (known) known.state = state;
  }

  get cameraIds(): string[] {
    return [...this.#known.keys()];
  }

  /** What may be said of a camera at `now`; undefined for one that is not configured. */
  look(cameraId: string, now: number): PublicReading | undefined {
    const known = this.#known.get(cameraId);
    return known && publicReading({ ...known, ...this.#services }, now);
  }

  /**
   * What could be said of a camera at an instant of the past, from a reading of then. That it was published shows that
   * camera and services were well; what is known of them by now does not speak about then.
   */
  lookBack(reading: WorkerReading, then: number): PublicReading | undefined {
    const known = this.#known.get(reading.cameraId);
    if (!known) return undefined;
    const state = { cameraId: reading.cameraId, phase: 'live' as const, since: 0, attempt: 0, node: '' };
    return publicReading({ ...known, reading, state, ingestUp: true, workerUp: true }, then);
  }
}
