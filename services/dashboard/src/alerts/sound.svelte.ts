/** The alarm of this screen: on after the first gesture, muted by hand for as long as the page lives, and always told. */
import type { AlarmSignal } from './alarm-pattern.ts';
import { AlarmSound } from './alarm-sound.ts';

export class Sound {
  /** Whether the browser lets us sound. */
  on = $state(false);
  /** Not kept over a reload: a mute that somebody forgot would outlive its reason. */
  muted = $state(false);
  readonly #alarm = new AlarmSound((running) => {
    this.on = running;
  });

  constructor() {
    // Any gesture will do: nobody should need to look for a button first.
    for (const gesture of ['pointerdown', 'keydown'] as const) {
      addEventListener(gesture, () => !this.on && this.#alarm.unlock(), { capture: true });
    }
  }

  unlock(): void {
    this.#alarm.unlock();
  }

  play(signal: AlarmSignal | undefined): void {
    this.#alarm.play(this.muted ? undefined : signal);
  }
}
