/** Looking back at maps: which are fetched, which is shown, and how long each stays. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lastTimeOfDay, localInput } from '../../services/dashboard/src/zone/local-time.ts';
import { gapAfter, isOfAnotherTime, waitMs } from '../../services/dashboard/src/zone/replay-time.ts';
import { MAPS_AT_ONCE, nearestMap, nextStretch } from '../../services/dashboard/src/zone/replay-window.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const NOW = 1_790_000_000_000;
const BEGIN = NOW - 10 * MINUTE;

describe('looking back', () => {
  const times = [0, 5, 10, 40, 45].map((s) => BEGIN + s * SECOND);

  it('a missing map is told; the usual distance is not', () => {
    assert.deepEqual(
      times.map((_, i) => gapAfter(times, i, 5 * SECOND)),
      [undefined, undefined, 30 * SECOND, undefined, undefined],
    );
  });

  it('maps follow each other as fast as asked, and a pause holds nobody up', () => {
    assert.equal(waitMs(0, 5 * SECOND, 10), 500);
    assert.equal(waitMs(0, 5 * SECOND, 120), 5_000 / 120);
    assert.equal(waitMs(0, HOUR, 10), 1_000);
  });
});

describe('looking back over a day', () => {
  const everyMs = 5 * SECOND;
  const span = MAPS_AT_ONCE * everyMs;
  const kept = { everyMs, oldestAt: NOW - 24 * HOUR, newestAt: NOW };

  it('begins with the newest maps, and steps back to the oldest without missing or repeating an instant', () => {
    let shown = nextStretch('newest', undefined, kept);
    assert.deepEqual(shown, { from: NOW - span, to: NOW });
    let steps = 0;
    for (let next = nextStretch('earlier', shown, kept); next; next = nextStretch('earlier', shown, kept)) {
      assert.equal(next.to, (shown?.from ?? 0) - 1);
      assert.ok(next.to - next.from <= span);
      shown = next;
      steps += 1;
    }
    assert.equal(shown?.from, kept.oldestAt);
    assert.ok(steps >= 23);
    for (let next = nextStretch('later', shown, kept); next; next = nextStretch('later', shown, kept)) {
      assert.equal(next.from, (shown?.to ?? 0) + 1);
      shown = next;
    }
    assert.equal(shown?.to, NOW);
  });

  it('asks for no more than there is, and for nothing where nothing is kept', () => {
    const young = { ...kept, oldestAt: NOW - MINUTE };
    assert.deepEqual(nextStretch('newest', undefined, young), { from: NOW - MINUTE, to: NOW });
    assert.equal(nextStretch('earlier', { from: NOW - MINUTE, to: NOW }, young), undefined);
    assert.equal(nextStretch('newest', undefined, { ...kept, oldestAt: Number.POSITIVE_INFINITY }), undefined);
    assert.equal(nextStretch({ at: NOW }, undefined, { ...kept, oldestAt: Number.POSITIVE_INFINITY }), undefined);
  });

  it('jumps to an instant: as much around it as is looked at else, and never beyond what there is', () => {
    const [oldest, half] = [kept.oldestAt, span / 2];
    const cases: [string, number, number, number][] = [
      ['in the middle', NOW - 6 * HOUR, NOW - 6 * HOUR - half, NOW - 6 * HOUR + half],
      ['a minute ago', NOW - MINUTE, NOW - span, NOW],
      ['to come', NOW + HOUR, NOW - span, NOW],
      ['just after the oldest', oldest + MINUTE, oldest, oldest + span],
      ['before the oldest', oldest - HOUR, oldest, oldest + span],
    ];
    for (const [name, at, from, to] of cases)
      assert.deepEqual(nextStretch({ at }, { from: NOW - span, to: NOW }, kept), { from, to }, name);
    assert.deepEqual(nextStretch({ at: NOW }, undefined, { ...kept, oldestAt: NOW - MINUTE }), {
      from: NOW - MINUTE,
      to: NOW,
    });
  });

  it('shows the map nearest to the instant, and knows when it is of another time', () => {
    const times = [10, 20, 30].map((seconds) => NOW + seconds * SECOND);
    for (const [seconds, index] of [
      [0, 0],
      [14, 0],
      [16, 1],
      [20, 1],
      [99, 2],
    ] as const)
      assert.equal(nearestMap(times, NOW + seconds * SECOND), index, `${seconds} s`);
    assert.equal(nearestMap([], NOW), -1);
    assert.ok(!isOfAnotherTime(NOW - 10 * SECOND, NOW, everyMs) && isOfAnotherTime(NOW - 12 * SECOND, NOW, everyMs));
    assert.ok(isOfAnotherTime(NOW + 12 * SECOND, NOW, everyMs));
  });

  it('a time of day is the last one by now, today or yesterday', () => {
    const now = new Date(2026, 6, 14, 22, 5, 30).getTime();
    const cases: [string, string | undefined][] = [
      ['21:40', '2026-07-14T21:40'],
      ['22:05', '2026-07-14T22:05'],
      ['22:06', '2026-07-13T22:06'],
      ['00:00', '2026-07-14T00:00'],
      ['22:05:31', '2026-07-13T22:05'],
      ['24:00', undefined],
      ['9:40', undefined],
      ['', undefined],
    ];
    for (const [written, wanted] of cases) {
      const at = lastTimeOfDay(written, now);
      assert.equal(at === undefined ? undefined : localInput(at), wanted, written);
    }
  });
});
