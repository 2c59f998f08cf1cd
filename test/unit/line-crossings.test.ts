/** When a line is crossed, and which way. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { crossLine, type Direction, type LineStand } from '../../services/worker/lines/crossings.ts';
import type { Line } from '../../shared/config/lines.ts';
import { level } from '../helpers/level-line.ts';

/** What a path of one person counts. */
function walk(line: Line, path: [number, number][], sightings = 1): Direction[] {
  let stand: LineStand | undefined;
  return path.flatMap((point, index) => {
    const step = crossLine(line, stand, point, sightings + index, 16 / 9, 0.012);
    stand = step.stand;
    return step.counted;
  });
}

describe('crossing', () => {
  const down: [number, number][] = [0.3, 0.4, 0.45, 0.55, 0.6, 0.7].map((y) => [0.5, y]);
  it('left of a line drawn to the right is above it on the screen', () => {
    assert.deepEqual(walk(level, down), ['out']);
    assert.deepEqual(walk(level, down.toReversed()), ['in']);
    assert.deepEqual(walk({ ...level, in: 'right' }, down), ['in']);
    assert.deepEqual(walk({ ...level, points: [level.points[1], level.points[0]] }, down), ['in']);
  });
  it('counts nothing beyond the line’s ends, or beside it', () => {
    assert.deepEqual(
      walk(
        level,
        down.map(([, y]) => [0.9, y]),
      ),
      [],
    );
    assert.deepEqual(
      walk(level, [
        [0.1, 0.45],
        [0.4, 0.45],
        [0.9, 0.45],
      ]),
      [],
    );
  });
  it('standing on the line counts nothing, however the head wavers', () => {
    const wavering = Array.from({ length: 40 }, (_, i): [number, number] => [
      0.5,
      0.5 + (i % 2 === 0 ? 0.009 : -0.009),
    ]);
    assert.deepEqual(walk(level, [[0.5, 0.4], [0.5, 0.45], ...wavering, [0.5, 0.45]]), []);
    assert.deepEqual(walk(level, [[0.5, 0.4], ...wavering, [0.5, 0.6]]), ['out']);
  });
  it('who comes back is counted both ways', () => {
    assert.deepEqual(walk(level, [...down, ...down.toReversed()]), ['out', 'in']);
  });
  it('waits for three sightings, and then counts', () => {
    assert.deepEqual(
      walk(level, [
        [0.5, 0.4],
        [0.5, 0.6],
      ]),
      [],
    );
    assert.deepEqual(
      walk(level, [
        [0.5, 0.4],
        [0.5, 0.6],
        [0.5, 0.7],
      ]),
      ['out'],
    );
  });
  it('people over any line are as many one way as the other when all come back', () => {
    const point = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(fc.array(point, { minLength: 2, maxLength: 20 }), (path) => {
        const whole: Line = {
          ...level,
          points: [
            [-5, 0.5],
            [5, 0.5],
          ],
        };
        const ways = walk(whole, [[0.5, 0.1], ...path, [0.5, 0.1]], 3);
        assert.equal(ways.filter((way) => way === 'in').length, ways.filter((way) => way === 'out').length);
        for (const [i, way] of ways.entries()) assert.notEqual(way, ways[i - 1]);
      }),
    );
  });
});
