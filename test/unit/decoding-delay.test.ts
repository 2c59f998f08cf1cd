import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodingDelay } from '../../services/ingest/decoding-delay.ts';

/** Pictures twice a second for so long: their delay in ms by our time in s; then whether they are behind at the end. */
function after(seconds: number, delayMs: (atS: number) => number, waits: (atS: number) => boolean, clock = 1) {
  const delay = new DecodingDelay();
  let behindForMs: number | undefined;
  for (let atMs = 0; atMs <= seconds * 1000; atMs += 100) {
    if (atMs % 500 === 0) delay.decoded(((atMs - delayMs(atMs / 1000)) / 1000) * clock, atMs);
    behindForMs = delay.behindForMs(atMs, delay.isLate && waits(atMs / 1000));
  }
  return behindForMs;
}

const always = () => true;
const never = () => false;

const TABLE: [name: string, behindForMs: number | undefined, got: number | undefined][] = [
  ['pictures in time, however much a burst leaves unread', undefined, after(60, () => 200, always)],
  [
    'a tenth of a second later every second: behind once that makes more than two',
    9500,
    after(30, (s) => 100 * s, always),
  ],
  [
    'as late, but nothing waits: the camera stamps wrongly, or the network is slow',
    undefined,
    after(30, (s) => 100 * s, never),
  ],
  [
    'late, and something waits now and then',
    undefined,
    after(
      30,
      (s) => 100 * s,
      (s) => s % 0.5 < 0.3,
    ),
  ],
  ['caught up again', undefined, after(30, (s) => (s < 20 ? 200 * s : 100), always)],
  ['a camera whose clock is a ten-thousandth slow, for ten hours', undefined, after(36_000, () => 0, always, 0.9999)],
  ['a clock set back by an hour is another clock', undefined, after(30, (s) => (s < 10 ? 0 : 3_600_000), always)],
];
for (const [name, expected, got] of TABLE) test(name, () => assert.equal(got, expected));

test('a stream without a clock is never called late', () => {
  const delay = new DecodingDelay();
  for (let now = 0; now < 60_000; now += 500) delay.decoded(Number.NaN, now);
  assert.equal(delay.isLate, false);
});
