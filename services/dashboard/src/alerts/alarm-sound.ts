/**
 * The alarm: one loop per level, mixed once and repeated by the browser, so that a slow hidden tab does not thin it out.
 * Starts only after a gesture of the user, as browsers demand; until then the panel says that the sound is off.
 */
import { alarmSamples } from './alarm-pattern.ts';
import type { LoudLevel } from './loud.ts';

export class AlarmSound {
  readonly #onRunning: (running: boolean) => void;
  #context: AudioContext | undefined;
  #playing: { level: LoudLevel; node: AudioBufferSourceNode } | undefined;
  #level: LoudLevel | undefined;

  constructor(onRunning: (running: boolean) => void) {
    this.#onRunning = onRunning;
  }

  /** Call from within a gesture of the user. */
  unlock(): void {
    if (!this.#context) {
      const context = new AudioContext();
      context.onstatechange = () => {
        this.#onRunning(context.state === 'running');
        this.#apply();
      };
      this.#context = context;
    }
    void this.#context.resume().catch(() => undefined);
    this.#onRunning(this.#context.state === 'running');
  }

  /** What shall sound; undefined for nothing. */
  play(level: LoudLevel | undefined): void {
    this.#level = level;
    this.#apply();
  }

  #apply(): void {
    const context = this.#context;
    if (!context || this.#playing?.level === this.#level) return;
    this.#playing?.node.stop();
    this.#playing = undefined;
    if (!this.#level) return;
    const samples = alarmSamples(this.#level, context.sampleRate);
    const buffer = context.createBuffer(1, samples.length, context.sampleRate);
    buffer.copyToChannel(samples, 0);
    const node = new AudioBufferSourceNode(context, { buffer, loop: true });
    node.connect(context.destination);
    node.start();
    this.#playing = { level: this.#level, node };
  }
}
