import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Corrections, corrected } from '../../models/evaluation/corrections.ts';

const label = {
  ...{ image: 'images/a.jpg', width: 360, height: 640 },
  points: [
    [10, 20],
    [11, 20],
    [300, 600],
  ] as [number, number][],
};

test('a correction leaves out and adds, and touches nothing else', () => {
  const correction = { published: 3, remove: [1], add: [[50, 60]] as [number, number][], doubtful: 1 };
  assert.deepEqual(corrected(label, correction), {
    ...label,
    points: [
      [10, 20],
      [300, 600],
      [50, 60],
    ],
  });
  assert.equal(label.points.length, 3);
});

for (const [name, correction, why] of [
  ['of other labels', { published: 4, remove: [], add: [] }, /images\/a\.jpg: it has 3 points.*made of 4/],
  ['that leaves out a point there is not', { published: 3, remove: [1, 3], add: [] }, /point 3, and there are 3.*Mend/],
  ['with a head outside', { published: 3, remove: [], add: [[360, 5]] }, /added head 360, 5 lies outside/],
] as [string, { published: number; remove: number[]; add: [number, number][] }, RegExp][]) {
  test(`a correction ${name} is refused`, () => {
    assert.throws(() => corrected(label, { ...correction, doubtful: 0 }), why);
  });
}

const committed = new URL('../../models/evaluation/corrections/', import.meta.url);
for (const file of readdirSync(committed)) {
  test(`${file} is one of the corrections that can be read, and leaves out no point twice or beyond the published`, () => {
    const { frames } = Corrections.parse(JSON.parse(readFileSync(new URL(file, committed), 'utf8')));
    for (const [name, { published, remove }] of Object.entries(frames)) {
      assert.equal(new Set(remove).size, remove.length, name);
      assert.ok(
        remove.every((place) => place < published),
        name,
      );
    }
  });
}
