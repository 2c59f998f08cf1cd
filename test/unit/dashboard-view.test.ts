import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readableAge } from '../../services/dashboard/src/camera/age.ts';
import { orderCameras, type Ranked } from '../../services/dashboard/src/camera/order.ts';
import {
  type CameraView,
  cameraView,
  isLive,
  totals,
  type ViewInput,
} from '../../services/dashboard/src/camera/view.ts';
import { announcement } from '../../services/dashboard/src/header/announce.ts';
import { en } from '../../services/dashboard/src/text/en.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';

const NOW = 1_790_000_000_000;
const model = { name: 'standard', version: '1', steps: 1, warmStart: false };

function counted(ageMs: number, count = 12): Extract<PublicReading, { status: 'ok' }> {
  const capturedAt = NOW - ageMs;
  const interval: [number, number] = [count - 1, count + 1];
  return {
    type: 'reading',
    cameraId: 'a',
    seq: 7,
    capturedAt,
    status: 'ok',
    count,
    interval,
    heads: 11,
    zones: [],
    model,
    publishedAt: NOW,
  };
}

const silent: PublicReading = {
  type: 'reading',
  cameraId: 'a',
  status: 'no-signal',
  reason: 'unreachable',
  since: NOW - 9_000,
  zones: [],
};

const input = (change: Partial<ViewInput>): ViewInput => ({
  camera: { staleAfterMs: 3_000 },
  reading: counted(400),
  lastCountedAt: NOW - 400,
  now: NOW,
  connected: true,
  ...change,
});

test('a fresh count is live and tells its age', () => {
  const view = cameraView(input({}));
  assert.ok(isLive(view));
  assert.equal(view.ageMs, 400);
});

test('a count goes stale by the clock alone, with no message saying so', () => {
  const view = cameraView(input({ now: NOW + 2_601 }));
  assert.deepEqual(view, { status: 'stale', reason: 'no-message', sinceAt: NOW + 2_600, lastCountedAt: NOW - 400 });
});

test('without a connection a fresh count is not live, and an old one is not shown', () => {
  const grey = cameraView(input({ connected: false }));
  assert.equal(grey.status, 'ok');
  assert.equal(isLive(grey), false);
  const gone = cameraView(input({ connected: false, now: NOW + 5_000 }));
  assert.equal(gone.status, 'stale');
  assert.equal(gone.status === 'stale' && gone.reason, 'no-connection');
});

test('without a connection a silent camera is not claimed to be in the state it was in', () => {
  const view = cameraView(input({ reading: silent, connected: false }));
  assert.equal(view.status === 'stale' && view.reason, 'no-connection');
});

test('a picture from the future is not fresh', () => {
  const view = cameraView(input({ reading: counted(-3_500) }));
  assert.equal(view.status === 'stale' && view.reason, 'clock-ahead');
  const slightly = cameraView(input({ reading: counted(-50) }));
  assert.ok(isLive(slightly));
  assert.equal(slightly.ageMs, 0);
});

test('before any reading the camera waits for its first picture', () => {
  const view = cameraView(input({ reading: undefined, lastCountedAt: undefined }));
  assert.deepEqual(view, { status: 'no-signal', reason: 'no-picture-yet' });
});

test('whatever happens, nothing older than its limit carries a count', () => {
  fc.assert(
    fc.property(fc.integer({ min: -100_000, max: 100_000 }), fc.boolean(), (ageMs, connected) => {
      const view = cameraView(input({ reading: counted(ageMs), connected }));
      if (Math.abs(ageMs) > 3_000) assert.notEqual(view.status, 'ok');
      if (isLive(view)) assert.ok(connected && Math.abs(ageMs) <= 3_000);
    }),
  );
});

test('totals count live cameras only, and no live camera gives no number', () => {
  const live = cameraView(input({ reading: counted(900, 40) }));
  const grey = cameraView(input({ connected: false }));
  const dark = cameraView(input({ reading: silent }));
  assert.deepEqual(totals([live, cameraView(input({})), grey, dark]), {
    live: 2,
    cameras: 4,
    people: 52,
    oldestAgeMs: 900,
  });
  assert.deepEqual(totals([dark, grey]), { live: 0, cameras: 2, people: undefined, oldestAgeMs: undefined });
});

test('ages are readable and never rounded younger', () => {
  const cases: [number, number, string][] = [
    [0, 0, 'second'],
    [401, 0.5, 'second'],
    [9_900, 9.9, 'second'],
    [9_951, 9, 'second'],
    [12_400, 12, 'second'],
    [61_000, 1, 'minute'],
    [3_600_000, 1, 'hour'],
    [90_000_000, 1, 'day'],
  ];
  for (const [ms, value, unit] of cases) {
    const age = readableAge(ms);
    assert.deepEqual([age.value, age.unit], [value, unit], `${ms} ms`);
  }
  assert.equal(readableAge(-5).value, 0);
});

const ranked = (id: string, count: number | 'no-signal' | 'stale' | 'degraded'): Ranked => {
  const view: CameraView =
    typeof count === 'number'
      ? { status: 'ok', live: true, ageMs: 0, reading: counted(0, count) }
      : { status: count, reason: 'timeout' };
  return { id, name: id, view };
};

test('trouble comes first, then the fullest', () => {
  const order = orderCameras([ranked('a', 3), ranked('b', 'stale'), ranked('c', 90), ranked('d', 'no-signal')], []);
  assert.deepEqual(order, ['d', 'b', 'c', 'a']);
});

test('live cameras swap places only when their counts differ clearly', () => {
  const before = ['a', 'b', 'c'];
  assert.deepEqual(orderCameras([ranked('a', 50), ranked('b', 54), ranked('c', 10)], before), ['a', 'b', 'c']);
  assert.deepEqual(orderCameras([ranked('a', 50), ranked('b', 70), ranked('c', 10)], before), ['b', 'a', 'c']);
});

test('many small differences do not add up to a wrong order', () => {
  const cameras = Array.from({ length: 10 }, (_, index) => ranked(`c${index}`, 10 + index * 3));
  const order = orderCameras(
    cameras,
    cameras.map(({ id }) => id),
  );
  assert.ok(order.indexOf('c9') < order.indexOf('c0'));
  assert.ok(order.indexOf('c9') < 3, order.join(' '));
});

test('every camera appears exactly once in the order', () => {
  const kind = fc.oneof(fc.integer({ min: 0, max: 500 }), fc.constantFrom('no-signal' as const, 'stale' as const));
  fc.assert(
    fc.property(fc.array(kind, { maxLength: 20 }), fc.array(fc.integer({ min: 0, max: 25 })), (kinds, former) => {
      const cameras = kinds.map((value, index) => ranked(`c${index}`, value));
      const order = orderCameras(
        cameras,
        former.map((index) => `c${index}`),
      );
      assert.deepEqual(order.toSorted(), cameras.map(({ id }) => id).toSorted());
    }),
  );
});

const announced = (connected: boolean, ...cameras: Ranked[]) => ({
  connected,
  cameras: new Map(cameras.map(({ id, name, view }) => [id, { name, view }])),
});

test('a screen reader hears single changes by name and many as a number', () => {
  const before = announced(true, ranked('Gate', 5), ranked('b', 1), ranked('c', 1), ranked('d', 1));
  assert.equal(announcement(undefined, before, en), undefined);
  assert.equal(announcement(before, before, en), undefined);
  const one = announced(true, ranked('Gate', 'no-signal'), ranked('b', 1), ranked('c', 1), ranked('d', 1));
  assert.match(announcement(before, one, en) ?? '', /^Gate: No signal\. The camera does not answer/);
  const all = announced(true, ...['Gate', 'b', 'c', 'd'].map((id) => ranked(id, 'stale' as const)));
  assert.equal(announcement(before, all, en), '4 cameras changed state');
  assert.equal(announcement(before, { ...all, connected: false }, en), en.announce.lost);
  assert.equal(announcement({ ...all, connected: false }, before, en), 'Connected again. 4 of 4 cameras live.');
  assert.equal(announcement({ ...all, connected: false }, one, en), 'Connected again. 3 of 4 cameras live.');
});
