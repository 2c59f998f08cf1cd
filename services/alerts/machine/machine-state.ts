/** What one rule remembers between readings. Plain JSON, so that it survives a restart as it is. */
import {
  type AlertLevel,
  type ConditionState,
  levelRank,
  type RaisedLevel,
  type ShownLevel,
} from '../../../shared/contracts/alert.ts';

/** Time and samples for which a value has been at a level. */
export type Held = { ms: number; samples: number };

export type MachineState = {
  condition: ConditionState;
  /** Level in force. In `no-data` the last one known: nothing is resolved by missing data. */
  level: AlertLevel;
  held: Partial<Record<RaisedLevel, Held>>;
  clear: Held;
  /** Samples of the smoothing time, oldest first. */
  recent: { capturedAt: number; value: number }[];
  last?: { seq: number; capturedAt: number; value: number };
  /** Missing pictures: since when by the caller's clock, and for how long as counted step by step. */
  silence?: { lastAt: number; ms: number; noticed: boolean };
};

/** Before the first picture nothing is known, so nothing is normal. */
export const initialState = (): MachineState => ({
  condition: 'no-data',
  level: 'normal',
  held: {},
  clear: { ms: 0, samples: 0 },
  recent: [],
});

/** What people are shown: `unknown` without a fresh picture, but a latched `alert` or `severe` stays. */
export function shownLevel(state: Pick<MachineState, 'condition' | 'level'>): ShownLevel {
  return state.condition === 'no-data' && levelRank(state.level) < levelRank('alert') ? 'unknown' : state.level;
}
