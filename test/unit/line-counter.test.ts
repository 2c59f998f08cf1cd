/** People over the lines of a camera's pictures, one after the other: what is counted, and when it is doubted. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { advanceLines, type LineState, lineReadings } from '../../services/worker/lines/line-counter.ts';
import { Line } from '../../shared/config/lines.ts';
import { CameraCalibration } from '../../shared/geometry/calibration.ts';
import { calibrate } from '../../shared/geometry/ground.ts';
import { hasRoom } from '../../shared/geometry/line-room.ts';
import { drawnOf } from '../../shared/readings/drawn.ts';
import { level } from '../helpers/level-line.ts';
import { random } from '../helpers/random.ts';

const NOON = Date.UTC(2026, 4, 1, 12);
const DAY = Date.UTC(2026, 4, 1);

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
    assert.equal(line?.drawn, drawnOf(moved));
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
