/** What the worker and its bench process say to each other. Both ends are ours: types, no parsing. */
import type { BenchRefusal, Look, LookOptions } from '../../../shared/contracts/bench.ts';
import type { Provider } from '../model/crowd-counter.ts';
import type { ModelFolder } from '../model/manifest.ts';

export type LookRequest = {
  type: 'look';
  id: number;
  file: Uint8Array;
  options: LookOptions;
  provider: Provider;
  /** Which model, and the model itself where the process does not have it yet. */
  fingerprint: string;
  model?: ModelFolder | undefined;
};

export type LookOutcome = { ok: true; look: Look } | { ok: false; refusal: BenchRefusal };
/** `held`: fingerprints of the models the process has by then. */
export type FromBench = { type: 'outcome'; id: number; outcome: LookOutcome; held: string[] };

export const refuse = (why: BenchRefusal['why'], reason: string): LookOutcome => ({
  ok: false,
  refusal: { type: 'refused', why, reason },
});
