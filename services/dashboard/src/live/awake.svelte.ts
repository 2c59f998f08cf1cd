/**
 * Keeps the device's screen on while a live page is in front. Browsers let only pages over https (or of the machine itself)
 * do so, give the screen back whenever the page is hidden, and may refuse on a low battery.
 */

/** Why this screen may go dark. */
export type MayGoDark = 'insecure' | 'unsupported' | 'refused';

/** A refusal ends with its reason, which the browser does not tell. */
const TRY_AGAIN_MS = 30_000;

export class Awake {
  // In this order: some browsers have the interface over http, too, and refuse whatever is asked of it.
  trouble: MayGoDark | undefined = $state(
    !isSecureContext ? 'insecure' : 'wakeLock' in navigator ? undefined : 'unsupported',
  );
  readonly #can = this.trouble === undefined;
  #wanted = false;
  #asking = false;
  #lock: WakeLockSentinel | undefined;

  constructor() {
    if (!this.#can) return;
    document.addEventListener('visibilitychange', () => void this.#keep());
    setInterval(() => void this.#keep(), TRY_AGAIN_MS);
  }

  want(wanted: boolean): void {
    this.#wanted = wanted;
    void this.#keep();
  }

  async #keep(): Promise<void> {
    if (!this.#can) return;
    if (!this.#wanted) {
      await this.#lock?.release();
      return;
    }
    if (document.hidden || this.#asking || (this.#lock && !this.#lock.released)) return;
    this.#asking = true;
    try {
      this.#lock = await navigator.wakeLock.request('screen');
      this.trouble = undefined;
    } catch {
      // Hidden while it was asked for: no refusal, and asked again when it is seen.
      if (!document.hidden) this.trouble = 'refused';
    }
    this.#asking = false;
    if (!this.#wanted) await this.#lock?.release();
  }
}
