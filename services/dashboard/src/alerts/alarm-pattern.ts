/** What the alarm of each level sounds like, and a screen that hears of no alert. Pure. */
import type { LoudLevel } from './loud.ts';

/** `cut-off`: the connection is lost, and with it every alert. */
export type AlarmSignal = LoudLevel | 'cut-off';
type Tone = { atS: number; forS: number; hz: number };
type Pattern = { lengthS: number; tones: readonly Tone[] };

/** Told apart by rhythm, not only by pitch. */
const PATTERNS: Record<AlarmSignal, Pattern> = {
  severe: {
    lengthS: 1,
    tones: [0, 0.25, 0.5].map((atS, index) => ({ atS, forS: 0.2, hz: index % 2 === 0 ? 960 : 760 })),
  },
  alert: {
    lengthS: 2.4,
    tones: [0, 0.45].map((atS) => ({ atS, forS: 0.3, hz: 660 })),
  },
  // Falling, and seldom: a reminder beside others' work.
  'cut-off': {
    lengthS: 10,
    tones: [520, 390].map((hz, index) => ({ atS: index * 0.35, forS: 0.3, hz })),
  },
};
const LOUDNESS = 0.35;
const EDGE_S = 0.015;

/**
 * How far into its round a signal is at a time, s. All screens of a computer begin there: several of them sound as one
 * alarm, and its rhythm, which tells the level, is not blurred.
 */
export const phaseS = (signal: AlarmSignal, nowMs: number): number => (nowMs / 1_000) % PATTERNS[signal].lengthS;

/** One round of a signal's pattern as samples from -1 to 1. */
export function alarmSamples(signal: AlarmSignal, sampleRate: number): Float32Array<ArrayBuffer> {
  const { lengthS, tones } = PATTERNS[signal];
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
