/** People over a line, drawn over time, and where lines have their names. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { flowBlind, flowColumns, flowStepFor, flowSum } from '../../services/dashboard/src/zone/flow.ts';
import { type Label, placed } from '../../services/dashboard/src/zone/label-place.ts';
import type { LineHistoryPoint } from '../../shared/contracts/history.ts';

const MINUTE = 60_000;
const BEGIN = 1_790_000_000_000;

describe('flow over a line', () => {
  const span = (minute: number, inside: number, more: Partial<LineHistoryPoint> = {}): LineHistoryPoint => ({
    ...{ cameraId: 'c', lineId: 'door', at: BEGIN + minute * MINUTE, stepMs: MINUTE, in: inside, out: 1 },
    ...{ coveredMs: MINUTE, blindMs: 0, doubtful: false, ...more },
  });
  // Nobody wrote anything down for three minutes: the next span has the people of four.
  const points = [span(0, 6), span(1, 4), span(5, 20, { coveredMs: 4 * MINUTE, doubtful: true })];
  const window = { from: BEGIN, to: BEGIN + 6 * MINUTE };

  it('rates break where nobody counted, and a long pause is no rush', () => {
    const blind = flowBlind(points, window);
    assert.deepEqual(blind, [{ from: BEGIN + 2 * MINUTE, to: BEGIN + 5 * MINUTE }]);
    const columns = flowColumns(points, blind);
    assert.deepEqual(columns.in, [6, 4, null, 5]);
    assert.deepEqual(columns.out, [1, 1, null, 0.25]);
    assert.deepEqual(
      columns.spans.map((one) => one?.in),
      [6, 4, undefined, 20],
    );
  });

  it('sums what passed, and says when it is doubted', () => {
    assert.deepEqual(flowSum(points), { in: 30, out: 3, blindMs: 0, doubtful: true });
    assert.equal(flowSum([]), undefined);
    assert.deepEqual([flowStepFor(10_000), flowStepFor(3_600_000)], [60_000, 3_600_000]);
  });
});

describe('names of lines', () => {
  const at = (left: number, top: number): Label => ({ left, top, width: 50, height: 12 });
  const cases: [string, Label[], Label, number][] = [
    ['alone', [], at(6, 40), 6],
    ['far below another', [at(6, 40)], at(6, 60), 6],
    ['just below another', [at(6, 40)], at(6, 52), 6],
    ['over another', [at(6, 40)], at(6, 33), 66],
    ['over one that is further down', [at(6, 40)], at(6, 47), 66],
    ['over two side by side', [at(66, 38), at(6, 40)], at(6, 42), 126],
    ['beside one that left room', [at(66, 40)], at(6, 40), 6],
  ];
  for (const [name, told, label, left] of cases)
    it(name, () => assert.deepEqual(placed(label, told, 10), { ...label, left }));
});
