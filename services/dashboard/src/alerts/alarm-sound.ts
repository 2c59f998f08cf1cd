/**
 * The alarm: one loop per level, mixed once and repeated by the browser, so that a slow hidden tab does not thin it out.
 * Starts only after a gesture of the user, as browsers demand; until then the panel says that the sound is off.
 */
import type { LoudLevel } from './loud.ts';

type Tone = { atS: number; forS: number; hz: number };
type Pattern = { lengthS: number; tones: readonly Tone[] };

/** Told apart by rhythm, not only by pitch. */
const PATTERNS: Record<LoudLevel, Pattern> = {
  severe: {
    lengthS: 1,
    tones: [0, 0.25, 0.5].map((atS, index) => ({ atS, forS: 0.2, hz: index % 2 === 0 ? 960 : 760 })),
  },
  alert: {
    lengthS: 2.4,
    tones: [0, 0.45].map((atS) => ({ atS, forS: 0.3, hz: 660 })),
  },
};
const LOUDNESS = 0.35;
const EDGE_S = 0.015;

/** One round of a level's pattern as samples from -1 to 1. Pure. */
export function alarmSamples(level: LoudLevel, sampleRate: number): Float32Array<ArrayBuffer> {
  const { lengthS, tones } = PATTERNS[level];
  const samples = new Float32Array(Math.round(lengthS * sampleRate));
  for (const { atS, forS, hz } of tones) {
    const first = Math.round(atS * sampleRate);
    const count = Math.round(forS * sampleRate);
    for (let n = 0; n < count; n += 1) {
      const s = n / sampleRate;
      const edge = Math.min(1, s / EDGE_S, (forS - s) / EDGE_S);
      samples[first + n] = LOUDNESS * edge * Math.sin(2 * Math.PI * hz * s);
    }
  }
  return samples;
}

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
