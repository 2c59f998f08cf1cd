/** The alarm of this screen: on after the first gesture, muted by hand with all pages of this browser, and always told. */
import type { AlarmSignal } from './alarm-pattern.ts';
import { AlarmSound } from './alarm-sound.ts';
import { SharedMute } from './shared-mute.ts';

export class Sound {
  /** Whether the browser lets us sound. */
  on = $state(false);
  #muted = $state(false);
  readonly #shared = new SharedMute({
    muted: () => this.#muted,
    set: (muted) => {
      this.#muted = muted;
    },
  });
  readonly #alarm = new AlarmSound((running) => {
    this.on = running;
  });

  constructor() {
    // Any gesture will do: nobody should need to look for a button first.
    for (const gesture of ['pointerdown', 'keydown'] as const) {
      addEventListener(gesture, () => !this.on && this.#alarm.unlock(), { capture: true });
    }
  }

  get muted(): boolean {
    return this.#muted;
  }

  toggleMute(): void {
    this.#muted = !this.#muted;
    this.#shared.tell();
  }

  unlock(): void {
    this.#alarm.unlock();
  }

  play(signal: AlarmSignal | undefined): void {
    this.#alarm.play(this.muted ? undefined : signal);
  }
}
