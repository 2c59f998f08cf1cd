/** The state machine by tables, and its invariants for any sequence of readings, gaps, clock steps and restarts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { next, type Step } from '../../services/alerts/machine/machine.ts';
import { initialState, type MachineState, shownLevel } from '../../services/alerts/machine/machine-state.ts';
import type { Observation, Rule } from '../../services/alerts/rules/rule.ts';
import { levelRank } from '../../shared/contracts/alert.ts';

const rule: Rule = {
  key: 'gate~stage~zone-density',
  kind: 'zone-density',
  cameraId: 'gate',
  zoneId: 'stage',
  unit: 'people/m²',
  dangerous: 'above',
  raiseAt: { attention: 2, caution: 3, alert: 4, severe: 5 },
  clearAt: { attention: 1.5, caution: 2.5, alert: 3.5, severe: 4.5 },
  dwellMs: { attention: 30_000, caution: 20_000, alert: 10_000, severe: 4_000 },
  clearMs: 60_000,
  smoothMs: 0,
  minSamples: 2,
  maxStepMs: 3_000,
  noDataNoticeMs: 5_000,
};

/** Feeds one value a second, or silence where `null`, starting at second 0. */
function feed(values: (number | null)[], of: Rule = rule, from: MachineState = initialState(), startS = 0): Step[] {
  let state = from;
  return values.map((value, index) => {
    const at = (startS + index) * 1000;
    const observation: Observation =
      value === null
        ? { kind: 'silent', cause: 'no-signal: timeout' }
        : { kind: 'value', value, seq: startS + index + 1, capturedAt: at };
    const step = next(state, observation, of, at);
    state = step.state;
    return step;
  });
}

const last = (steps: Step[]): Step => {
  const step = steps.at(-1);
  assert.ok(step);
  return step;
};
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('alert state machine', () => {
  it('begins unknown and becomes normal only with a picture', () => {
    assert.equal(shownLevel(initialState()), 'unknown');
    assert.equal(shownLevel(last(feed([null, null])).state), 'unknown');
    const step = last(feed([null, 0.2]));
    assert.equal(step.state.condition, 'normal');
    assert.equal(step.reason, 'picture-back');
    assert.equal(shownLevel(step.state), 'normal');
  });

  const raises: [string, (number | null)[], string, string][] = [
    ['one picture is never enough', [9], 'pending', 'normal'],
    ['four seconds of severe', times(5, 5), 'firing', 'severe'],
    ['just short of it', times(4, 5), 'pending', 'normal'],
    ['exactly at the threshold counts', times(31, 2), 'firing', 'attention'],
    ['just below it does not', times(40, 1.99), 'normal', 'normal'],
    ['a dip into the band pauses the dwell', [5, 5, 5, 4.7, 5, 5], 'firing', 'severe'],
    ['a dip below the band starts it anew', [5, 5, 5, 4.4, 5, 5], 'pending', 'normal'],
    ['a missing picture keeps it', [5, 5, 5, null, 5, 5], 'firing', 'severe'],
    ['NaN is a missing picture', [5, 5, Number.NaN], 'no-data', 'normal'],
    ['infinity is a missing picture', [5, 5, Number.POSITIVE_INFINITY], 'no-data', 'normal'],
  ];
  for (const [name, values, condition, level] of raises) {
    it(`raising: ${name}`, () => {
      const { state } = last(feed(values));
      assert.deepEqual([state.condition, state.level], [condition, level]);
    });
  }

  it('the same picture told again and again is one sample', () => {
    let state = initialState();
    for (let now = 0; now < 60_000; now += 500) {
      const step = next(state, { kind: 'value', value: 9, seq: 7, capturedAt: 0 }, rule, now);
      if (now > 0) assert.equal(step.reason, 'repeat');
      state = step.state;
    }
    assert.equal(state.level, 'normal');
  });

  it('two distinct pictures are needed even where no dwell is asked for', () => {
    const eager = { ...rule, dwellMs: { attention: 0, caution: 0, alert: 0, severe: 0 } };
    assert.equal(last(feed([9], eager)).state.level, 'normal');
    assert.equal(last(feed([9, 9], eager)).state.level, 'severe');
  });

  it('steps down one level after each clear run', () => {
    const steps = feed([...times(5, 6), ...times(250, 0)]);
    const falls = steps.flatMap((step, index) => (step.notice && index > 4 ? [[index, step.state.level]] : []));
    assert.deepEqual(falls, [
      [65, 'alert'],
      [125, 'caution'],
      [185, 'attention'],
      [245, 'normal'],
    ]);
    assert.equal(last(steps).state.condition, 'normal');
  });

  it('stays on a lower level whose threshold still holds', () => {
    const { state } = last(feed([...times(5, 6), ...times(100, 4.2)]));
    assert.deepEqual([state.condition, state.level], ['firing', 'alert']);
  });

  it('a missing picture makes a clear run start anew', () => {
    const { state } = last(feed([...times(5, 6), ...times(50, 0), null, ...times(50, 0)]));
    assert.deepEqual([state.condition, state.level], ['recovering', 'severe']);
  });

  it('so does a gap that nobody was there to see', () => {
    const { state } = last(feed([...times(5, 6), ...times(59, 0)]));
    const after = feed(times(50, 0), rule, state, 1200);
    assert.deepEqual([after[0]?.reason, last(after).state.level], ['clearing-started', 'severe']);
    assert.equal(last(feed(times(61, 0), rule, state, 1200)).state.level, 'alert');
  });

  for (const [value, shown] of [
    [2.2, 'unknown'],
    [3.2, 'unknown'],
    [4.2, 'alert'],
    [5.2, 'severe'],
  ] as const) {
    it(`without pictures, ${value} people/m² is shown as ${shown}`, () => {
      const steps = feed([...times(40, value), ...times(600, null)]);
      assert.equal(last(steps).state.condition, 'no-data');
      assert.equal(shownLevel(last(steps).state), shown);
      assert.equal(steps.filter((step) => step.notice === 'no-data').length, 1);
      assert.ok(!steps.some((step) => step.notice === 'resolved'));
    });
  }

  it('a level the configuration dropped is left like any other', () => {
    const firing = last(feed(times(5, 6))).state;
    const without = { ...rule, raiseAt: { attention: 2 }, clearAt: { attention: 1.5 } };
    const steps = feed(times(70, 1.9), without, firing, 5);
    assert.equal(last(steps).state.level, 'attention');
  });

  it('few is dangerous for minutes to a level', () => {
    const forecast: Rule = {
      ...rule,
      dangerous: 'below',
      raiseAt: { caution: 10, alert: 5 },
      clearAt: { caution: 12, alert: 7 },
    };
    assert.equal(last(feed(times(21, 9), forecast)).state.level, 'caution');
    assert.equal(last(feed(times(21, 11), forecast)).state.level, 'normal');
    assert.equal(last(feed(times(11, 4), forecast)).state.level, 'alert');
    assert.equal(last(feed([...times(11, 4), ...times(100, 6)], forecast)).state.level, 'alert');
    assert.equal(last(feed([...times(11, 4), ...times(62, 60)], forecast)).state.level, 'caution');
  });

  it('a median over the smoothing time shrugs off wild pictures', () => {
    const smooth = { ...rule, smoothMs: 5_000 };
    assert.ok(!feed([...times(9, 1), 50, ...times(9, 1)], smooth).some((step) => step.state.condition !== 'normal'));
  });
});

type Input =
  | { kind: 'value'; value: number; afterMs: number; seqStep: number }
  | { kind: 'silent'; afterMs: number }
  | { kind: 'repeat'; afterMs: number }
  | { kind: 'clock'; byMs: number }
  | { kind: 'restart' };

const input: fc.Arbitrary<Input> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('value' as const),
      value: fc.oneof(
        fc.double({ min: 0, max: 12, noNaN: true }),
        fc.constantFrom(0, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 9),
        fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY),
      ),
      afterMs: fc.constantFrom(100, 500, 1000, 2900, 3100, 30_000),
      // The sequence may begin anew: Redis lost its data.
      seqStep: fc.constantFrom(1, 1, 1, 5, -1000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('silent' as const), afterMs: fc.constantFrom(250, 500, 10_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const), afterMs: fc.constant(250) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('clock' as const),
      byMs: fc.constantFrom(-600_000, -1000, 1000, 600_000),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);

/** Long stays at one value, so that dwells and clear runs really fill. */
const story = fc
  .array(fc.tuple(input, fc.constantFrom(1, 1, 3, 20, 80)), { maxLength: 25 })
  .map((parts) => parts.flatMap(([one, count]) => times(count, one)));

type Told = { step: Step; before: MachineState; observation: Observation };

function live(inputs: Input[], restarts = true): Told[] {
  let state = initialState();
  let now = 1_790_000_000_000;
  let seq = 5_000_000;
  let lastObservation: Observation | undefined;
  const told: Told[] = [];
  for (const one of inputs) {
    if (one.kind === 'clock') {
      now += one.byMs;
      continue;
    }
    if (one.kind === 'restart') {
      if (restarts) state = JSON.parse(JSON.stringify(state)) as MachineState;
      continue;
    }
    now += one.afterMs;
    let observation: Observation = { kind: 'silent', cause: 'x' };
    if (one.kind === 'value') {
      seq += one.seqStep;
      observation = { kind: 'value', value: one.value, seq, capturedAt: now };
      lastObservation = observation;
    } else if (one.kind === 'repeat') {
      if (!lastObservation) continue;
      observation = lastObservation;
    }
    const step = next(state, observation, rule, now);
    told.push({ step, before: state, observation });
    state = step.state;
  }
  return told;
}

describe('alert state machine, for any sequence of readings, gaps, clock steps and restarts', () => {
  const check = (holds: (told: Told[]) => void): void => {
    fc.assert(
      fc.property(story, (inputs) => holds(live(inputs))),
      { numRuns: 400 },
    );
  };
  const isFresh = (o: Observation): boolean => o.kind === 'value' && Number.isFinite(o.value);

  it('is never normal without a fresh picture', () =>
    check((told) => {
      for (const { step, observation } of told) {
        if (step.reason === 'repeat' || isFresh(observation)) continue;
        assert.equal(step.state.condition, 'no-data');
        assert.notEqual(shownLevel(step.state), 'normal');
      }
    }));

  it('is resolved or lowered only by a clear picture, and by one level at a time', () =>
    check((told) => {
      for (const { step, before, observation } of told) {
        const fall = levelRank(before.level) - levelRank(step.state.level);
        if (fall <= 0) continue;
        assert.equal(fall, 1);
        assert.ok(isFresh(observation));
        assert.equal(before.condition, 'recovering');
        const limit = before.level === 'normal' ? 0 : (rule.clearAt[before.level] ?? 0);
        assert.ok(observation.kind === 'value' && observation.value < limit);
      }
    }));

  it('tells of every change of level exactly once: none lost, none twice', () =>
    check((told) => {
      let announced = 0;
      for (const { step, before } of told) {
        const moved = step.state.level !== before.level;
        const says = step.notice === 'raised' || step.notice === 'changed' || step.notice === 'resolved';
        assert.equal(says, moved);
        if (step.notice === 'raised') assert.equal(before.level, 'normal');
        if (step.notice === 'resolved') assert.equal(step.state.level, 'normal');
        if (moved) announced = levelRank(step.state.level);
        assert.equal(announced, levelRank(step.state.level));
      }
    }));

  it('a rise needs two pictures of its level and the level dwell in believable time', () =>
    check((told) => {
      for (const [index, { step }] of told.entries()) {
        if (step.reason !== 'level-rose' || step.state.level === 'normal') continue;
        const held = step.state.held[step.state.level];
        assert.ok(held && held.samples >= 2 && held.ms >= rule.dwellMs[step.state.level]);
        const pictures = told.slice(0, index + 1).filter((t) => isFresh(t.observation) && t.step.reason !== 'repeat');
        assert.ok(pictures.length * rule.maxStepMs >= rule.dwellMs[step.state.level]);
      }
    }));

  it('raises severe whenever fresh pictures hold it long enough, whatever came before', () =>
    check((told) => {
      let ms = 0;
      let before: number | undefined;
      for (const { step, observation } of told) {
        if (step.reason === 'repeat' || observation.kind !== 'value' || !isFresh(observation)) continue;
        const gap = before === undefined ? 0 : observation.capturedAt - before;
        before = observation.capturedAt;
        ms = observation.value >= 5 ? ms + (ms >= 0 ? Math.min(Math.max(gap, 0), rule.maxStepMs) : 0) : -1;
        if (observation.value >= 5 && ms < 0) ms = 0;
        if (ms >= rule.dwellMs.severe + rule.maxStepMs) assert.equal(step.state.level, 'severe');
      }
    }));

  it('a latched alert is shown through any silence', () =>
    check((told) => {
      for (const { step } of told) {
        if (levelRank(step.state.level) >= levelRank('alert')) assert.equal(shownLevel(step.state), step.state.level);
      }
    }));

  it('a restart changes nothing', () =>
    fc.assert(
      fc.property(story, (inputs) => {
        const words = (told: Told[]) => told.map(({ step }) => [step.reason, step.notice, step.state.level]);
        assert.deepEqual(words(live(inputs, true)), words(live(inputs, false)));
      }),
      { numRuns: 200 },
    ));
});
