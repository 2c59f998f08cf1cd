/** How much of each cell of a grid a polygon covers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { polygonCoverage } from '../../shared/geometry/polygon-coverage.ts';
import { close } from '../helpers/scene.ts';

describe('polygon coverage', () => {
  it('sums to the polygon’s area', () => {
    const triangle: [number, number][] = [
      [0.1, 0.2],
      [0.9, 0.3],
      [0.4, 0.95],
    ];
    const sum = polygonCoverage(triangle, 96, 54).reduce((a, b) => a + b, 0) / (96 * 54);
    const truth = Math.abs((0.9 - 0.1) * (0.95 - 0.2) - (0.4 - 0.1) * (0.3 - 0.2)) / 2;
    close(sum, truth, 0.002, 'area');
  });

  it('is exact for cells that are cut straight', () => {
    assert.deepEqual(
      [
        ...polygonCoverage(
          [
            [0, 0],
            [0.5, 0],
            [0.5, 1],
            [0, 1],
          ],
          3,
          1,
        ),
      ],
      [1, 0.5, 0],
    );
  });

  it('leaves out what lies outside the picture, and stays within 0 and 1', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: -1, max: 2, noNaN: true }), fc.double({ min: -1, max: 2, noNaN: true })), {
          minLength: 3,
          maxLength: 8,
        }),
        (polygon) => {
          for (const share of polygonCoverage(polygon, 16, 9)) assert.ok(share >= -1e-6 && share <= 1 + 1e-5);
        },
      ),
    );
  });
});
