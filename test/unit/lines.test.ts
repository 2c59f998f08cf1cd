/** People over lines: who is who, when a line is crossed, and what a day's tally says. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { crossLine, type Direction, type LineStand } from '../../services/worker/lines/crossings.ts';
import { joinHeads, type Sighting, type Track } from '../../services/worker/lines/head-tracker.ts';
import { advanceLines, type LineState, lineReadings } from '../../services/worker/lines/line-counter.ts';
import { addToTally, lastMinute, newTally } from '../../services/worker/lines/line-tally.ts';
import { Line } from '../../shared/config/lines.ts';
import { CameraCalibration } from '../../shared/geometry/calibration.ts';
import { calibrate } from '../../shared/geometry/ground.ts';
import { hasRoom } from '../../shared/geometry/line-room.ts';
import { midnightBefore } from '../../shared/readings/local-day.ts';
import { random } from '../helpers/random.ts';

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

const level = Line.parse({
  id: 'door',
  points: [
    [0.2, 0.5],
    [0.8, 0.5],
  ],
  in: 'left',
});

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

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 4, 1, 12);
const DAY = Date.UTC(2026, 4, 1);

describe('tally', () => {
  it('begins with the first picture and says so', () => {
    assert.deepEqual([newTally('l', NOON).from, newTally('l', NOON).since], ['start', NOON]);
  });
  it('goes on over midnight from nothing, as of midnight', () => {
    let tally = addToTally(newTally('l', NOON), NOON + 500, ['in', 'in'], DAY, 3000);
    for (let t = NOON + 1000; t < DAY + 24 * HOUR; t += 2500) tally = addToTally(tally, t, [], DAY, 3000);
    tally = addToTally(tally, DAY + 24 * HOUR + 100, ['out'], DAY + 24 * HOUR, 3000);
    assert.deepEqual([tally.in, tally.out, tally.from, tally.since], [0, 1, 'midnight', DAY + 24 * HOUR]);
    assert.equal(tally.blindMs, 0);
  });
  it('says how long it was blind, and of a night only since midnight', () => {
    const once = addToTally(newTally('l', NOON), NOON + 20_000, [], DAY, 3000);
    assert.equal(once.blindMs, 20_000);
    const night = addToTally(once, DAY + 30 * HOUR, [], DAY + 24 * HOUR, 3000);
    assert.deepEqual([night.blindMs, night.since], [6 * HOUR, DAY + 24 * HOUR]);
  });
  it('a clock set back begins no second day', () => {
    const tally = addToTally(newTally('l', NOON), NOON + 500, ['in'], DAY, 3000);
    assert.equal(addToTally(tally, NOON - HOUR / 2, [], DAY, 3000).in, 1);
    const early = addToTally(newTally('l', DAY), DAY + 500, ['in'], DAY, 3000);
    assert.equal(addToTally(early, DAY - 10_000, [], DAY - 24 * HOUR, 3000).in, 1);
  });
  it('a clock that was years ahead begins anew when it is set right, and its days end at midnight again', () => {
    const ahead = addToTally(newTally('l', NOON + 9000 * HOUR), NOON + 9000 * HOUR + 500, ['in'], DAY, 3000);
    const right = addToTally(ahead, NOON, ['out'], DAY, 3000);
    assert.deepEqual([right.in, right.out, right.from, right.since], [0, 1, 'start', NOON]);
    const next = addToTally(right, DAY + 24 * HOUR, [], DAY + 24 * HOUR, 3000);
    assert.deepEqual([next.out, next.from, next.since], [0, 'midnight', DAY + 24 * HOUR]);
  });
  it('a clock set back by an hour costs a minute’s rate, not an hour of them', () => {
    let tally = newTally('l', NOON);
    for (let t = NOON - HOUR; t <= NOON - HOUR + 90_000; t += 500)
      tally = addToTally(tally, t, t % 2000 === 0 ? ['in'] : [], DAY, 3000);
    assert.deepEqual(lastMinute(tally), { inPerMin: 30, outPerMin: 0 });
  });
  it('people a minute: none before a minute, none when a sixth of it was blind', () => {
    let tally = newTally('l', NOON);
    const go = (from: number, to: number, every: number) => {
      for (let t = from; t <= to; t += every)
        tally = addToTally(tally, NOON + t, t % 2000 === 0 ? ['in'] : [], DAY, 3000);
    };
    go(500, 59_500, 500);
    assert.equal(lastMinute(tally), undefined);
    go(60_000, 90_000, 500);
    assert.deepEqual(lastMinute(tally), { inPerMin: 30, outPerMin: 0 });
    tally = addToTally(tally, NOON + 102_000, [], DAY, 3000);
    assert.equal(lastMinute(tally), undefined);
    go(102_500, 170_000, 500);
    assert.deepEqual(lastMinute(tally), { inPerMin: 30, outPerMin: 0 });
  });
  it('of a long gap only what lies within the last minute makes it blind', () => {
    let tally = newTally('l', NOON);
    tally = addToTally(tally, NOON + 90_000, [], DAY, 3000);
    const rateAfter = (ms: number) => {
      for (let t = tally.at + 500; t <= NOON + 90_000 + ms; t += 500) tally = addToTally(tally, t, [], DAY, 3000);
      return lastMinute(tally);
    };
    assert.equal(rateAfter(49_000), undefined, 'eleven seconds of it');
    assert.deepEqual(rateAfter(50_000), { inPerMin: 0, outPerMin: 0 });
  });
  it('a day begins at the camera’s midnight, also where summer time does', () => {
    assert.equal(midnightBefore(NOON, 'Asia/Seoul'), Date.UTC(2026, 3, 30, 15));
    assert.equal(midnightBefore(Date.UTC(2026, 2, 29, 12), 'Europe/Berlin'), Date.UTC(2026, 2, 28, 23));
  });
});

describe('a camera’s pictures, one after the other', () => {
  const aspect = 16 / 9;
  const ground = calibrate(CameraCalibration.parse({ mount: { heightM: 6, tiltDeg: 40 }, verticalFovDeg: 45 }), aspect);
  const view = { aspect, ground };
  const picture = { aspect, lines: [level], midnight: DAY, longestMs: 3000 };
  /** People at even distances, walking down the picture; five pictures a second. */
  const queue = (step: number): [number, number][] =>
    Array.from({ length: 12 }, (_, i): [number, number] => [0.5, i * -0.13 + step * 0.012]).filter(
      ([, y]) => y > 0.02 && y < 0.98,
    );
  const seen = (steps: number, more: object = {}, stepMs = 200): LineState => {
    let state: LineState | undefined;
    for (let step = 0; step < steps; step++) {
      state = advanceLines(state, {
        ...picture,
        ground,
        capturedAt: NOON + step * stepMs,
        heads: queue(step),
        ...more,
      });
    }
    return state as LineState;
  };

  it('counts a queue over a line, each once', () => {
    const [line] = lineReadings(seen(150), [level], view);
    assert.deepEqual([line?.in, line?.out], [0, 10]);
    assert.equal(line?.doubt, undefined);
  });
  it('state survives as JSON at any moment', () => {
    let state: LineState | undefined;
    for (let step = 0; step < 150; step++) {
      state = JSON.parse(
        JSON.stringify(advanceLines(state, { ...picture, ground, capturedAt: NOON + step * 200, heads: queue(step) })),
      );
    }
    assert.equal(lineReadings(state as LineState, [level], view)[0]?.out, 10);
  });
  it('doubts itself when pictures come too seldom, sooner without metres to judge by', () => {
    const alone = { heads: [[0.5, 0.3]] as [number, number][] };
    const doubt = (stepMs: number, more: object = {}) =>
      lineReadings(seen(40, { ...alone, ...more }, stepMs), [level], view)[0]?.doubt;
    assert.deepEqual([doubt(500), doubt(900)], [undefined, 'too-few-pictures']);
    assert.deepEqual(
      [doubt(200, { ground: undefined }), doubt(400, { ground: undefined })],
      [undefined, 'too-few-pictures'],
    );
  });
  it('doubts itself where people stand closer than they walk in a step', () => {
    const packed = Array.from({ length: 30 }, (_, i): [number, number] => [
      0.35 + (i % 6) * 0.03,
      0.45 + Math.floor(i / 6) * 0.03,
    ]);
    const doubt = (heads: [number, number][]) => lineReadings(seen(40, { heads }, 500), [level], view)[0]?.doubt;
    assert.deepEqual([doubt(packed), doubt(packed.slice(0, 1))], ['too-crowded', undefined]);
  });
  it('doubts a line that nobody can be seen on both sides of: at the picture’s edge, or at the horizon', () => {
    const doubtAt = (y: number, on: typeof ground | undefined) => {
      const line = Line.parse({
        ...level,
        points: [
          [0.2, y],
          [0.8, y],
        ],
      });
      const past = { lines: [line], ground: on, heads: [] };
      return lineReadings(seen(40, past), [line], { aspect, ground: on })[0]?.doubt;
    };
    assert.deepEqual([doubtAt(0.99, undefined), doubtAt(0.9, undefined)], ['no-room', undefined]);
    assert.deepEqual([doubtAt(0.97, ground), doubtAt(0.9, ground)], ['no-room', undefined]);
    const flat = calibrate(CameraCalibration.parse({ mount: { heightM: 6, tiltDeg: 5 }, verticalFovDeg: 45 }), aspect);
    assert.deepEqual([doubtAt(0.3, flat), doubtAt(0.8, flat)], ['no-room', undefined]);
    const edge = Line.parse({
      ...level,
      points: [
        [0.999, 0.1],
        [0.999, 0.9],
      ],
    });
    assert.ok(!hasRoom(edge.points, { aspect, ground: undefined }), 'upright, too');
    const across = Line.parse({
      ...level,
      points: [
        [0, 0.5],
        [1, 0.5],
      ],
    });
    assert.ok(hasRoom(across.points, { aspect, ground: undefined }), 'from edge to edge is none along it');
  });
  const low = calibrate(CameraCalibration.parse({ mount: { heightM: 6, tiltDeg: 12 }, verticalFovDeg: 40 }), aspect);
  /** Row of the picture where the head plane of `low` ends. */
  const HORIZON = 0.208;
  const lineAt = (y: number) =>
    Line.parse({
      ...level,
      points: [
        [0.1, y],
        [0.9, y],
      ],
    });

  it('a head at the horizon stands in for nobody near who is hidden', () => {
    const line = lineAt(0.5);
    const next = random(7);
    const scattered = (count: number, from: number, to: number) =>
      Array.from({ length: count }, (): [number, number] => [0.15 + 0.7 * next(), from + (to - from) * next()]);
    const [near, far] = [scattered(20, 0.58, 0.93), scattered(8, HORIZON + 0.001, HORIZON + 0.01)];
    let state: LineState | undefined;
    for (let step = 0; step < 750; step++) {
      const heads = [...near.filter(() => next() < 0.95), ...far.filter(() => next() < 0.5)];
      state = advanceLines(state, { ...picture, lines: [line], ground: low, capturedAt: NOON + step * 400, heads });
    }
    const [told] = lineReadings(state as LineState, [line], { aspect, ground: low });
    assert.deepEqual([told?.in, told?.out, told?.doubt], [0, 0, undefined]);
  });
  it('a head at the horizon or above it is nowhere, one far off is where it is', () => {
    const tracksOf = (y: number) =>
      advanceLines(undefined, { ...picture, ground: low, capturedAt: NOON, heads: [[0.5, y]] }).tracks.length;
    assert.deepEqual([HORIZON - 0.1, HORIZON + 0.002, HORIZON + 0.1, HORIZON + 0.2].map(tracksOf), [0, 0, 0, 1]);
  });
  it('counts over a line far off, and says of one too near to the horizon that nobody can be counted there', () => {
    const told = (y: number) => {
      const line = lineAt(y);
      let state: LineState | undefined;
      for (let step = 0; step < 60; step++) {
        const heads: [number, number][] = [[0.5, y - 0.05 + step * 0.002]];
        state = advanceLines(state, { ...picture, lines: [line], ground: low, capturedAt: NOON + step * 200, heads });
      }
      const [reading] = lineReadings(state as LineState, [line], { aspect, ground: low });
      return [reading?.out, reading?.doubt];
    };
    assert.deepEqual(told(HORIZON + 0.2), [1, undefined]);
    assert.deepEqual(told(HORIZON + 0.1), [0, 'no-room']);
  });
  it('a line that is drawn elsewhere is counted anew, and says so', () => {
    const state = seen(60, {}, 500);
    const moved = {
      ...level,
      points: [
        [0.2, 0.6],
        [0.8, 0.6],
      ] as Line['points'],
    };
    const next = advanceLines(state, { ...picture, lines: [moved], ground, capturedAt: NOON + 30_500, heads: [] });
    const [line] = lineReadings(next, [moved], view);
    assert.deepEqual([line?.out, line?.from, line?.since], [0, 'start', NOON + 30_500]);
  });
  it('who was there before a gap is not joined to who is there after it', () => {
    const before = advanceLines(undefined, { ...picture, ground, capturedAt: NOON, heads: [[0.5, 0.45]] });
    const after = advanceLines(before, { ...picture, ground, capturedAt: NOON + 10_000, heads: [[0.5, 0.55]] });
    assert.deepEqual(
      after.tracks.map(({ sightings }) => sightings),
      [1],
    );
    assert.equal(lineReadings(after, [level], view)[0]?.blindMs, 10_000);
  });
  it('people who stand still go over no line when the camera is calibrated anew, and what was counted stays', () => {
    const line = lineAt(0.5);
    const calibrated = (heightM: number, tiltDeg: number) =>
      calibrate(CameraCalibration.parse({ mount: { heightM, tiltDeg }, verticalFovDeg: 40 }), aspect);
    const next = random(5);
    const heads = Array.from({ length: 60 }, (): [number, number] => [0.15 + 0.7 * next(), 0.42 + 0.2 * next()]);
    const walker = (step: number): [number, number] => [0.95, 0.4 + step * 0.02];
    const wide = { ...line, id: 'wide', points: [line.points[0], [1, 0.5]] as Line['points'] };
    let state: LineState | undefined;
    for (let step = 0; step < 30; step++) {
      const people = step < 12 ? [...heads, walker(step)] : heads;
      const on = step < 20 ? calibrated(6, 12) : calibrated(6.6, 12.6);
      const more = { lines: [line, wide], ground: on, capturedAt: NOON + step * 400, heads: people };
      state = advanceLines(state, { ...picture, ...more });
    }
    const tallies = state?.tallies ?? {};
    assert.deepEqual(
      Object.values(tallies).map((tally) => [tally.in, tally.out]),
      [
        [0, 0],
        [0, 1],
      ],
    );
  });
  it('nor to who was there in a picture from later, or in one measured otherwise', () => {
    const heads: [number, number][] = [[0.5, 0.45]];
    const before = advanceLines(undefined, { ...picture, ground, capturedAt: NOON, heads });
    const sightings = (capturedAt: number, on: typeof ground | undefined) =>
      advanceLines(before, { ...picture, ground: on, capturedAt, heads }).tracks.map((track) => track.sightings);
    assert.deepEqual(sightings(NOON + 200, ground), [2], 'the picture after');
    assert.deepEqual(sightings(NOON - 200, ground), [1], 'a clock set back');
    assert.deepEqual(sightings(NOON + 200, undefined), [1], 'no metres any more');
  });
});
