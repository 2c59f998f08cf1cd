/** Fruin's letters at the edges of his tables. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { levelOfService } from '../../shared/readings/level-of-service.ts';

/** Upper ends of A to E in people per m², as tables in metres print them (rounded to two digits). */
const TABLES = [
  ['moving', 'walkway', [0.31, 0.43, 0.72, 1.08, 2.15]],
  ['stairs', 'stairs', [0.54, 0.72, 1.08, 1.54, 2.69]],
  ['queue', 'queue', [0.83, 1.08, 1.54, 3.59, 5.38]],
  ['standing', 'queue', [0.83, 1.08, 1.54, 3.59, 5.38]],
] as const;

for (const [profile, scale, ends] of TABLES) {
  it(`a zone of profile ${profile} is read on the ${scale} scale`, () => {
    for (const [index, end] of ends.entries()) {
      const at = (perSqm: number) => levelOfService(perSqm, profile);
      assert.deepEqual(at(end - 0.01), { letter: 'ABCDE'[index], scale });
      assert.deepEqual(at(end + 0.01), { letter: 'BCDEF'[index], scale });
    }
    assert.equal(levelOfService(0, profile).letter, 'A');
    assert.equal(levelOfService(9, profile).letter, 'F');
  });
}
