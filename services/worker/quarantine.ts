/** Keeps a camera whose pictures crash the model from taking the others' processes down with it. Pure. */

const CRASHES = 3;
const WITHIN_MS = 60_000;
const PAUSE_MS = 60_000;

export class Quarantine {
  readonly #crashes = new Map<string, number[]>();

  /** @param now ms, any clock, the same in every call */
  crashed(cameraId: string, now: number): void {
    const recent = (this.#crashes.get(cameraId) ?? []).filter((at) => now - at < WITHIN_MS);
    this.#crashes.set(cameraId, [...recent, now]);
  }

  /** Whether the camera's pictures are left out for now. */
  holds(cameraId: string, now: number): boolean {
    const crashes = this.#crashes.get(cameraId);
    if (!crashes || crashes.length < CRASHES) return false;
    if (now - (crashes.at(-1) as number) < PAUSE_MS) return true;
    this.#crashes.delete(cameraId);
    return false;
  }
}
