/** What a day's tally of a line says. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addToTally, lastMinute, newTally } from '../../services/worker/lines/line-tally.ts';
import { midnightBefore } from '../../shared/readings/local-day.ts';

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
