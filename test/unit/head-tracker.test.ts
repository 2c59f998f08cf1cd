/** Who is who from picture to picture. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { joinHeads, type Sighting, type Track } from '../../services/worker/lines/head-tracker.ts';

const at = (x: number, y: number): Sighting => ({ place: [x, y], picture: [x, y], error: 0.01 });
const track = (x: number, y: number, more: Partial<Track> = {}): Track => ({
  ...{ place: [x, y], picture: [x, y], velocity: [0, 0], seenAt: 0, sightings: 1, missed: 0 },
  ...more,
});

describe('who is who', () => {
  it('two who pass each other keep their names, whoever comes first in the list', () => {
    const pair = [
      track(0, 0, { velocity: [1, 0], sightings: 4 }),
      track(1.1, 0.3, { velocity: [-1, 0], sightings: 4 }),
    ];
    const { tracks, from } = joinHeads(pair, [at(0.1, 0.3), at(1, 0)], 1000, 2.5);
    assert.deepEqual(
      tracks.map(({ place }) => place),
      [
        [1, 0],
        [0.1, 0.3],
      ],
    );
    assert.deepEqual(from, [0, 1]);
  });
  it('the cheapest assignment overall, not the nearest first', () => {
    const { tracks } = joinHeads([track(0, 0), track(1, 0)], [at(0.55, 0), at(1.5, 0)], 1000, 1.2);
    assert.deepEqual(
      tracks.map(({ place }) => place[0]),
      [0.55, 1.5],
    );
  });
  it('of hundreds who may all be each other, the nearest first', () => {
    const joinedBeside = (crowd: number) => {
      const places = Array.from({ length: crowd }, (_, i): [number, number] => [2.15 + i / 1000, 0]);
      const before = [track(0, 0), track(1, 0), ...places.map(([x, y]) => track(x, y))];
      const heads = [at(0.55, 0), at(1.5, 0), ...places.map(([x, y]) => at(x, y))];
      const { tracks, from } = joinHeads(before, heads, 1000, 1.2);
      assert.deepEqual(
        from.slice(2, before.length),
        before.slice(2).map((_, i) => i + 2),
      );
      return tracks.slice(0, 2).map(({ place, missed }) => missed === 0 && place[0]);
    };
    assert.deepEqual(joinedBeside(50), [0.55, 1.5]);
    assert.deepEqual(joinedBeside(250), [false, 0.55]);
  });
  it('nobody runs faster than people do', () => {
    const { tracks, from } = joinHeads([track(0, 0)], [at(3, 0)], 1000, 2.5);
    assert.deepEqual(from, [0, -1]);
    assert.equal(tracks[0]?.missed, 1);
  });
  it('a head may be as far off as it is unsure, twice, and no further', () => {
    const joined = (x: number) => joinHeads([track(0, 0)], [{ ...at(x, 0), error: 0.5 }], 400, 2.5).from;
    assert.deepEqual(joined(1.9), [0]);
    assert.deepEqual(joined(2.1), [0, -1]);
  });
  it('a head may be hidden in two pictures, not in three', () => {
    let tracks = [track(0, 0, { velocity: [1, 0], sightings: 5 })];
    for (const second of [1, 2]) ({ tracks } = joinHeads(tracks, [], second * 1000, 2.5));
    assert.equal(joinHeads(tracks, [at(3, 0)], 3000, 2.5).from[0], 0);
    ({ tracks } = joinHeads(tracks, [], 3000, 2.5));
    assert.equal(tracks.length, 0);
  });
  it('every head is in one track, and no track has two', () => {
    const heads = fc.array(
      fc.tuple(fc.double({ min: 0, max: 5, noNaN: true }), fc.double({ min: 0, max: 5, noNaN: true })),
      { maxLength: 25 },
    );
    fc.assert(
      fc.property(heads, heads, (before, now) => {
        const { tracks, from } = joinHeads(
          before.map(([x, y]) => track(x, y)),
          now.map(([x, y]) => at(x, y)),
          500,
          2.5,
        );
        const seen = tracks.filter(({ missed }) => missed === 0);
        assert.equal(seen.length, now.length);
        const taken = from.filter((index) => index >= 0);
        assert.equal(new Set(taken).size, taken.length);
        assert.equal(taken.length, before.length);
      }),
    );
  });
});
