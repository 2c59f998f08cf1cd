import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PictureAge } from '../../services/ingest/picture-age.ts';

/** Pictures twice a second, for so long; their delay in s by our time in s. @returns the last one's age, s */
function after(seconds: number, delayS: (atS: number) => number, pace = 1): number {
  const age = new PictureAge();
  let last = 0;
  for (let at = 0; at <= seconds; at += 0.5) {
    // As uneven as a network makes it.
    const unevenS = 0.02 * Math.abs(Math.sin(at * 7));
    age.decoded((at - delayS(at)) * pace, (at + unevenS) * 1000);
    last = age.arrived((at + unevenS) * 1000);
  }
  return Math.round(last / 100) / 10;
}

/** Grows from one instant on, s a s, up to a length. */
const queue = (fromS: number, growth: number, fullS: number) => (at: number) =>
  Math.min(fullS, growth * Math.max(0, at - fromS));

const TABLE: [name: string, ageS: number, got: number][] = [
  ['pictures in time', 0, after(600, () => 0)],
  ['always as late as at first: nobody can tell', 0, after(600, () => 5)],
  ['a queue that grew, and is full for ten minutes', 8, after(700, queue(90, 0.5, 8))],
  ['the same while it grows', 4, after(98, queue(90, 0.5, 8))],
  ['a queue that grew from the first picture on', 8, after(300, queue(0, 0.1, 8))],
  ['a queue that was emptied again', 0, after(300, (at) => (at > 90 && at < 120 ? 8 : 0))],
  ['stamps of 25 a second on 12.5 pictures', 0, after(3600, () => 0, 0.5)],
  ['stamps two in a hundred slow', 0, after(3600, () => 0, 0.98)],
  ['the same, and a queue that grew: a share is taken for the pace', 7.4, after(700, queue(90, 0.5, 8), 0.98)],
  ['a clock a ten-thousandth slow, for ten hours', 0, after(36_000, () => 0, 0.9999)],
  ['a clock a ten-thousandth fast, for ten hours', 0, after(36_000, () => 0, 1.0001)],
  ['a clock set back by an hour is another clock', 0, after(300, (at) => (at < 90 ? 0 : 3600))],
  ['a clock put forward by an hour, too', 0, after(300, (at) => (at < 90 ? 0 : -3600))],
];
for (const [name, expected, got] of TABLE) test(name, () => assert.ok(Math.abs(got - expected) <= 0.4, `${got} s`));

test('what becomes known of a delay makes no picture earlier than the one before', () => {
  const age = new PictureAge();
  let before = Number.NEGATIVE_INFINITY;
  let oldest = 0;
  for (let at = 0; at < 200_000; at += 500) {
    age.decoded((at - queue(0, 0.1, 8)(at / 1000) * 1000) / 1000, at);
    const ageMs = age.arrived(at);
    assert.ok(at - ageMs >= before);
    before = at - ageMs;
    oldest = Math.max(oldest, ageMs);
  }
  assert.ok(oldest > 7000, `${oldest} ms`);
});

test('a stream without a clock is as old as it arrives', () => {
  const age = new PictureAge();
  for (let now = 0; now < 60_000; now += 500) age.decoded(Number.NaN, now);
  assert.equal(age.arrived(60_000), 0);
});
