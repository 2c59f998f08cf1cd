/** Places of people: each gathered out of the map as one person. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { locateHeads, locatePeaks } from '../../services/worker/model/heads.ts';

const WIDTH = 40;
const HEIGHT = 24;

/** One person around a place, spread with this deviation; places and deviation in cells. */
type Person = { x: number; y: number; spread?: number; share?: number };

function mapOf(...people: Person[]) {
  const map = { width: WIDTH, height: HEIGHT, people: new Float32Array(WIDTH * HEIGHT) };
  for (const { x, y, spread = 0.6, share = 1 } of people) {
    const weights = Array.from(map.people, (_, i) => {
      const [dx, dy] = [(i % WIDTH) + 0.5 - x, Math.floor(i / WIDTH) + 0.5 - y];
      return Math.exp(-(dx * dx + dy * dy) / (2 * spread * spread));
    });
    const all = weights.reduce((sum, one) => sum + one, 0);
    for (const [i, weight] of weights.entries()) map.people[i] = (map.people[i] as number) + (share * weight) / all;
  }
  return map;
}

const cells = (heads: [number, number][]) => heads.map(([x, y]) => [x * WIDTH, y * HEIGHT] as const);

function assertNear(heads: [number, number][], people: Person[], within: number): void {
  const found = cells(heads).toSorted((a, b) => a[0] - b[0]);
  const wanted = people.toSorted((a, b) => a.x - b.x);
  assert.equal(found.length, wanted.length);
  for (const [i, { x, y }] of wanted.entries()) {
    const [fx, fy] = found[i] as readonly [number, number];
    assert.ok(Math.hypot(fx - x, fy - y) < within, `${fx}, ${fy} is not ${x}, ${y}`);
  }
}

test('a head is found where it is, to a fraction of a cell', () => {
  for (const person of [
    { x: 10.5, y: 8.5 },
    { x: 20.2, y: 11.9 },
    { x: 1.5, y: 2.5 },
    { x: 38.4, y: 22.5 },
  ]) {
    assertNear(locateHeads(mapOf(person), 0.5), [person], 0.25);
  }
});

test('a head whose place is uncertain is one head, however many peaks it has', () => {
  const uncertain = mapOf(
    { x: 12.5, y: 10.5, spread: 1.8, share: 0.6 },
    { x: 14.5, y: 10.5, share: 0.2 },
    { x: 10.5, y: 10.5, share: 0.2 },
  );
  assertNear(locateHeads(uncertain, 0.5), [{ x: 12.5, y: 10.5 }], 1.2);
  assert.equal(locateHeads(mapOf({ x: 20, y: 12, spread: 3 }), 0.5).length, 1, 'spread over a hundred cells');
});

test('two who stand two cells apart are two, and so are all of a row whose peaks run together', () => {
  const pair = [
    { x: 10.5, y: 8.5 },
    { x: 12.5, y: 8.5 },
  ];
  assertNear(locateHeads(mapOf(...pair), 0.5), pair, 0.6);
  const row = Array.from({ length: 12 }, (_, i) => ({ x: 6 + 2 * i, y: 12, spread: 1 }));
  const found = locateHeads(mapOf(...row), 0.5).length;
  assert.ok(found >= 11 && found <= 13, `${found} of 12`);
});

test('less than half a person is nobody; a lower least finds it too, and the surest come first', () => {
  const map = mapOf({ x: 10.5, y: 8.5 }, { x: 30.5, y: 8.5, share: 0.3 });
  assert.equal(locateHeads(map, 0.5).length, 1);
  const peaks = locatePeaks(map, 0.5, 0.2);
  assert.deepEqual(
    peaks.map(([, , people]) => Math.round(people * 10)),
    [10, 3],
  );
  assert.equal(locatePeaks(map, 0.5, 0.5).length, 1);
});

test('an empty map, and one of nothing but noise below zero and above, hold nobody', () => {
  assert.deepEqual(locateHeads(mapOf(), 0.5), []);
  const noise = mapOf();
  for (let i = 0; i < noise.people.length; i++) noise.people[i] = 0.004 * Math.sin(i * 12.9898);
  assert.deepEqual(locateHeads(noise, 0.5), []);
});

test('an absurd map comes to an end', () => {
  for (const value of [1e12, Number.POSITIVE_INFINITY, Number.NaN]) {
    const map = mapOf({ x: 10.5, y: 8.5 });
    map.people.fill(value, 400, 420);
    assert.ok(locateHeads(map, 0.5).length <= map.people.length);
  }
});

test('there are never more heads than the map has people for, and those of a higher least are among those of a lower', () => {
  const person = fc.record({
    x: fc.double({ min: 1, max: WIDTH - 1, noNaN: true }),
    y: fc.double({ min: 1, max: HEIGHT - 1, noNaN: true }),
    spread: fc.double({ min: 0.5, max: 3, noNaN: true }),
    share: fc.double({ min: 0.1, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(person, { maxLength: 25 }), (people) => {
      const map = mapOf(...people);
      const sum = people.reduce((all, { share }) => all + share, 0);
      const heads = locateHeads(map, 0.5);
      assert.ok(heads.length <= sum / 0.5 + 1e-6);
      const peaks = locatePeaks(map, 0.5, 0.2);
      assert.ok(peaks.reduce((all, [, , share]) => all + share, 0) <= sum + 1e-6);
      assert.equal(peaks.filter(([, , share]) => share >= 0.5).length, heads.length);
    }),
    { numRuns: 60 },
  );
});
