/**
 * The alarm: one loop per signal, mixed once and repeated by the browser, so that a slow hidden tab does not thin it out.
 * Starts only after a gesture of the user, as browsers demand; until then the panel says that the sound is off.
 */
import { type AlarmSignal, alarmSamples, phaseS } from './alarm-pattern.ts';

export class AlarmSound {
  readonly #onRunning: (running: boolean) => void;
  #context: AudioContext | undefined;
  #playing: { signal: AlarmSignal; node: AudioBufferSourceNode } | undefined;
  #signal: AlarmSignal | undefined;

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
  play(signal: AlarmSignal | undefined): void {
    this.#signal = signal;
    this.#apply();
  }

  #apply(): void {
    const context = this.#context;
    if (!context || this.#playing?.signal === this.#signal) return;
    this.#playing?.node.stop();
    this.#playing = undefined;
    if (!this.#signal) return;
    const samples = alarmSamples(this.#signal, context.sampleRate);
    const buffer = context.createBuffer(1, samples.length, context.sampleRate);
    buffer.copyToChannel(samples, 0);
    const node = new AudioBufferSourceNode(context, { buffer, loop: true });
    node.connect(context.destination);
    node.start(0, phaseS(this.#signal, Date.now()));
    this.#playing = { signal: this.#signal, node };
  }
}
