/**
 * The alert state machine: `next(state, observation, rule, now)`. Pure; time comes in as an argument.
 *
 *   normal ──► pending ──► firing ◄──► recovering ──► (one level down) ──► normal
 *      └───────────┴──── no-data: level kept, never resolved ────┘
 *
 * Dwell is added up sample by sample between captures, and one sample adds at most `maxStepMs`. So neither a clock
 * step nor a gap can fill a dwell, and a restart goes on where it stopped.
 */
import {
  type AlertLevel,
  levelRank,
  RAISED_LEVELS,
  type RaisedLevel,
  type TransitionReason,
} from '../../../shared/contracts/alert.ts';
import { isClearOf, type Observation, type Rule, reaches } from '../rules/rule.ts';
import type { Held, MachineState } from './machine-state.ts';

/** What is worth an entry in the event log. */
export type Notice = 'raised' | 'changed' | 'no-data' | 'data-restored' | 'resolved';

export type Step = {
  state: MachineState;
  reason: TransitionReason;
  notice?: Notice;
  /** The smoothed value the decision was made on. */
  value?: number;
  threshold?: number;
};

/**
 * One step of one rule's machine.
 * @param now instant of the evaluation, epoch ms; only used to add up silence
 */
export function next(state: MachineState, observation: Observation, rule: Rule, now: number): Step {
  if (observation.kind === 'silent') return withoutPicture(state, rule, now);
  const { last } = state;
  // The same picture told twice is one sample.
  if (last && last.seq === observation.seq && last.capturedAt === observation.capturedAt) {
    return { state, reason: 'repeat' };
  }
  // A figure that is none must not steer anything.
  if (!Number.isFinite(observation.value)) return withoutPicture(state, rule, now);
  return withPicture(state, observation, rule);
}

function withoutPicture(state: MachineState, rule: Rule, now: number): Step {
  const before = state.silence;
  const ms = before ? before.ms + clamp(now - before.lastAt, rule.maxStepMs) : 0;
  const isAlert = state.level !== 'normal';
  const notice = isAlert && !before?.noticed && ms >= rule.noDataNoticeMs;
  return {
    state: {
      ...state,
      condition: 'no-data',
      // What has been seen of a rise stays; a way down must be seen without a break.
      clear: { ms: 0, samples: 0 },
      recent: [],
      silence: { lastAt: now, ms, noticed: (before?.noticed ?? false) || notice },
    },
    reason: notice ? 'picture-long-missing' : state.condition === 'no-data' ? 'picture-missing' : 'picture-lost',
    ...(notice ? { notice: 'no-data' as const } : {}),
  };
}

function withPicture(before: MachineState, sample: Extract<Observation, { kind: 'value' }>, rule: Rule): Step {
  const sinceLastMs = before.last ? sample.capturedAt - before.last.capturedAt : 0;
  const stepMs = clamp(sinceLastMs, rule.maxStepMs);
  const unbroken = before.condition !== 'no-data' && sinceLastMs > 0 && sinceLastMs <= rule.maxStepMs;
  const recent = [
    ...(unbroken ? before.recent : []).filter((r) => r.capturedAt > sample.capturedAt - rule.smoothMs),
    { capturedAt: sample.capturedAt, value: sample.value },
  ];
  const value = median(recent.map((r) => r.value));
  const held = heldAfter(before, rule, value, stepMs);
  const seen: MachineState = {
    condition: before.condition,
    level: before.level,
    held,
    clear: before.clear,
    recent,
    last: { seq: sample.seq, capturedAt: sample.capturedAt, value },
  };

  const reached = highestReached(held, rule);
  if (levelRank(reached) > levelRank(before.level)) {
    return {
      state: { ...seen, condition: 'firing', level: reached, clear: { ms: 0, samples: 0 } },
      reason: 'level-rose',
      notice: before.level === 'normal' ? 'raised' : 'changed',
      value,
      ...thresholdOf(rule, reached),
    };
  }
  if (before.level === 'normal') return { ...belowAllLevels(before, seen), value };
  const step = aboveOrLeaving(before, seen, rule, unbroken ? stepMs : undefined);
  // A level change says as much as "the picture is back" and more.
  return { ...(before.silence?.noticed ? { notice: 'data-restored' as const } : {}), ...step, value };
}

/** No level is in force: normal, or on the way to one. */
function belowAllLevels(before: MachineState, seen: MachineState): Pick<Step, 'state' | 'reason'> {
  if (Object.values(seen.held).some((held) => held.samples > 0)) {
    const reason = before.condition === 'pending' ? 'pending-held' : 'pending-started';
    return { state: { ...seen, condition: 'pending' }, reason };
  }
  const reason =
    before.condition === 'no-data' ? 'picture-back' : before.condition === 'pending' ? 'pending-ended' : 'calm';
  return { state: { ...seen, condition: 'normal' }, reason };
}

/**
 * A level is in force: it stays, or steps down by one after an unbroken run of clear pictures.
 * @param stepMs since the picture before; undefined after a gap, also one that nobody was there to see
 */
function aboveOrLeaving(
  before: MachineState,
  seen: MachineState,
  rule: Rule,
  stepMs: number | undefined,
): Omit<Step, 'value'> {
  const { value } = seen.last ?? { value: Number.NaN };
  const clearOf = (level: AlertLevel): boolean => {
    const limit = level === 'normal' ? undefined : rule.clearAt[level];
    // A level the configuration no longer has is left like any other: after a clear run.
    return limit === undefined || isClearOf(rule, value, limit);
  };
  if (!clearOf(before.level)) {
    const reason =
      before.condition === 'no-data'
        ? 'picture-back'
        : before.condition === 'recovering'
          ? 'clearing-stopped'
          : 'level-held';
    return { state: { ...seen, condition: 'firing', clear: { ms: 0, samples: 0 } }, reason };
  }
  const goesOn = before.condition === 'recovering' && stepMs !== undefined;
  const clear: Held = goesOn
    ? { ms: before.clear.ms + stepMs, samples: before.clear.samples + 1 }
    : { ms: 0, samples: 1 };
  if (clear.ms < rule.clearMs || clear.samples < rule.minSamples) {
    const reason = goesOn ? 'clearing-held' : 'clearing-started';
    return { state: { ...seen, condition: 'recovering', clear }, reason };
  }
  const level = levelBelow(before.level, rule);
  const threshold = thresholdOf(rule, before.level);
  if (level === 'normal') {
    const { state } = belowAllLevels(before, { ...seen, level, clear: { ms: 0, samples: 0 } });
    return { state, reason: 'cleared', notice: 'resolved', ...threshold };
  }
  return {
    state: { ...seen, level, condition: clearOf(level) ? 'recovering' : 'firing', clear: { ms: 0, samples: 1 } },
    reason: 'level-fell',
    notice: 'changed',
    ...threshold,
  };
}

/** Adds a sample to every level it reaches. Between raise and clear line the count pauses; beyond it starts anew. */
function heldAfter(before: MachineState, rule: Rule, value: number, stepMs: number): MachineState['held'] {
  const held: MachineState['held'] = {};
  for (const level of RAISED_LEVELS) {
    const limit = rule.raiseAt[level];
    if (limit === undefined) continue;
    const old = before.held[level] ?? { ms: 0, samples: 0 };
    if (reaches(rule, value, limit)) {
      held[level] = { ms: old.samples > 0 ? old.ms + stepMs : 0, samples: old.samples + 1 };
    } else {
      held[level] = isClearOf(rule, value, rule.clearAt[level] ?? limit) ? { ms: 0, samples: 0 } : old;
    }
  }
  return held;
}

function highestReached(held: MachineState['held'], rule: Rule): AlertLevel {
  const reached = (level: RaisedLevel): boolean => {
    const h = held[level];
    return h !== undefined && h.samples >= rule.minSamples && h.ms >= rule.dwellMs[level];
  };
  return RAISED_LEVELS.findLast(reached) ?? 'normal';
}

/** The next lower level that the rule knows. */
function levelBelow(level: AlertLevel, rule: Rule): AlertLevel {
  return RAISED_LEVELS.findLast((l) => levelRank(l) < levelRank(level) && rule.raiseAt[l] !== undefined) ?? 'normal';
}

function thresholdOf(rule: Rule, level: AlertLevel): { threshold?: number } {
  const threshold = level === 'normal' ? undefined : rule.raiseAt[level];
  return threshold === undefined ? {} : { threshold };
}

/** Elapsed time that may be believed: a clock set back adds nothing, a gap or step forward at most `max`. */
const clamp = (ms: number, max: number): number => Math.min(Math.max(ms, 0), max);

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
