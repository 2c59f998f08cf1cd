import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServerClock, sleptBetween } from '../../services/dashboard/src/live/clock.ts';
import {
  type Connection,
  CUT_OFF_AFTER_MS,
  isCutOff,
  nextConnection,
  retryWaitMs,
  SILENCE_MS,
  snapshotAt,
  startConnection,
} from '../../services/dashboard/src/live/connection.ts';
import { parseIncoming } from '../../services/dashboard/src/live/messages.ts';
import { encodeHeatmap } from '../../shared/contracts/heatmap.ts';
import { CLOSE_CODES } from '../../shared/contracts/socket.ts';

const live = (at = 0): Connection => ({ phase: 'live', since: at, attempt: 0, lastMessageAt: at });

test('the first message makes the connection live, not the open socket', () => {
  const start = startConnection(0);
  assert.equal(nextConnection(start, { type: 'tick' }, 100, 0)[0].phase, 'connecting');
  assert.equal(nextConnection(start, { type: 'message' }, 100, 0)[0].phase, 'live');
});

test('five seconds without a message are a lost connection, even with the socket open', () => {
  const [still] = nextConnection(live(), { type: 'tick' }, SILENCE_MS - 1, 0);
  assert.equal(still.phase, 'live');
  const [lost, effect] = nextConnection(live(), { type: 'tick' }, SILENCE_MS, 0);
  assert.equal(lost.phase === 'waiting' && lost.lost, 'silent');
  assert.equal(effect, 'drop');
  const [kept] = nextConnection(live(), { type: 'message' }, 4_000, 0);
  assert.equal(nextConnection(kept, { type: 'tick' }, 8_999, 0)[0].phase, 'live');
});

test('a lost connection is tried again by itself, and keeps saying since when', () => {
  const [lost] = nextConnection(live(0), { type: 'closed', code: 1006 }, 1_000, 0.5);
  assert.ok(lost.phase === 'waiting');
  assert.equal(lost.lost, 'closed');
  const [early] = nextConnection(lost, { type: 'tick' }, lost.retryAt - 1, 0);
  assert.equal(early.phase, 'waiting');
  const [trying, effect] = nextConnection(lost, { type: 'tick' }, lost.retryAt, 0);
  assert.equal(effect, 'open');
  const [again] = nextConnection(trying, { type: 'closed', code: 1006 }, lost.retryAt + 50, 0);
  assert.ok(again.phase === 'waiting');
  assert.equal(again.lostAt, 1_000);
  assert.equal(again.attempt, 2);
  assert.equal(again.lost, 'unreachable');
});

test('whoever has heard nothing for long is cut off, however often it was tried meanwhile', () => {
  assert.equal(isCutOff(live(), 1e9), false);
  assert.equal(isCutOff(startConnection(0), 1e9), false, 'a page that has just been opened');
  const [lost] = nextConnection(live(), { type: 'closed', code: 1006 }, 1_000, 0);
  assert.ok(lost.phase === 'waiting');
  const [trying] = nextConnection(lost, { type: 'tick' }, lost.retryAt, 0);
  for (const state of [lost, trying]) {
    assert.equal(isCutOff(state, 1_000 + CUT_OFF_AFTER_MS - 1), false);
    assert.equal(isCutOff(state, 1_000 + CUT_OFF_AFTER_MS), true);
  }
  assert.equal(isCutOff(nextConnection(trying, { type: 'message' }, 20_000, 0)[0], 1e9), false);
});

test('a server that takes the call and hangs up at once is not hammered', () => {
  let state: Connection = startConnection(0);
  let now = 0;
  for (let round = 0; round < 6; round += 1) {
    [state] = nextConnection(state, { type: 'message' }, now, 1);
    [state] = nextConnection(state, { type: 'closed', code: 1006 }, now + 100, 1);
    assert.ok(state.phase === 'waiting');
    now = state.retryAt;
    [state] = nextConnection(state, { type: 'tick' }, now, 1);
  }
  assert.ok(state.attempt >= 5);
  const settled: Connection = { phase: 'live', since: now, attempt: state.attempt, lastMessageAt: now + 20_000 };
  assert.equal(nextConnection(settled, { type: 'closed', code: 1001 }, now + 20_000, 1)[0].attempt, 1);
});

test('waits are spread between half a second and a ceiling of 15 s', () => {
  assert.equal(retryWaitMs(1, 0), 500);
  assert.equal(retryWaitMs(1, 1), 2_000);
  assert.equal(retryWaitMs(3, 1), 8_000);
  assert.equal(retryWaitMs(50, 1), 15_000);
  assert.equal(retryWaitMs(50, 0), 500);
});

test('a socket that never answers is given up', () => {
  const [state, effect] = nextConnection(startConnection(0), { type: 'tick' }, 8_000, 0);
  assert.equal(state.phase === 'waiting' && state.lost, 'unreachable');
  assert.equal(effect, 'drop');
});

/** Tries of a line that needs so long for the first message, and as long for the next one. */
function triesOver(line: { firstMs: number; nextMs: number; opens?: boolean }, most: number): number | undefined {
  let state: Connection = startConnection(0);
  let now = 0;
  for (let tries = 1; tries <= most; tries++) {
    if (line.opens ?? true) [state] = nextConnection(state, { type: 'opened' }, now, 0);
    for (const ms of [line.firstMs, line.nextMs]) {
      // The clock ticks right before the message comes.
      now += ms;
      [state] = nextConnection(state, { type: 'tick' }, now - 1, 0);
      if (state.phase === 'waiting') break;
      [state] = nextConnection(state, { type: 'message' }, now, 0);
    }
    if (state.phase === 'live') return tries;
    assert.ok(state.phase === 'waiting');
    now = state.retryAt;
    [state] = nextConnection(state, { type: 'tick' }, now, 0);
  }
  return undefined;
}

test('a very slow line is given longer with each try, and a server that does not take the call never', () => {
  assert.equal(triesOver({ firstMs: 8_000, nextMs: 5_000 }, 5), 1);
  assert.equal(triesOver({ firstMs: 30_000, nextMs: 1_000 }, 5), 3);
  assert.equal(triesOver({ firstMs: 60_000, nextMs: 20_000 }, 5), 4);
  assert.equal(triesOver({ firstMs: 1_000, nextMs: 15_000 }, 5), 3);
  assert.equal(triesOver({ firstMs: 70_000, nextMs: 1_000 }, 20), undefined);
  assert.equal(triesOver({ firstMs: 9_000, nextMs: 1_000, opens: false }, 20), undefined);
});

test('a snapshot that was long on its way is as old as it is', () => {
  const [opened] = nextConnection(startConnection(0), { type: 'opened' }, 500, 0);
  const [state] = nextConnection(opened, { type: 'message' }, 7_500, 0);
  const clock = new ServerClock();
  clock.learn(1_000_000, snapshotAt(state, 7_500));
  assert.equal(clock.now(7_500), 1_007_000);
  assert.equal(snapshotAt(nextConnection(startConnection(0), { type: 'message' }, 100, 0)[0], 100), 100);
});

test('what a slow line was given longer ends once it is settled', () => {
  const slow: Connection = { phase: 'live', since: 0, attempt: 4, slow: 4, lastMessageAt: 9_000 };
  assert.equal(nextConnection(slow, { type: 'tick' }, 9_000 + 19_999, 0)[0].phase, 'live');
  assert.equal(nextConnection(slow, { type: 'tick' }, 9_000 + 20_000, 0)[0].phase, 'waiting');
  const [settled] = nextConnection(slow, { type: 'message' }, 12_000, 0);
  const [lost] = nextConnection(settled, { type: 'tick' }, 12_000 + SILENCE_MS, 0);
  assert.deepEqual([lost.phase, lost.attempt, lost.slow], ['waiting', 1, 1]);
});

test('close codes become reasons a reader understands; retry-now and sleep work', () => {
  const reason = (code: number) => {
    const [state] = nextConnection(live(), { type: 'closed', code }, 1, 0);
    return state.phase === 'waiting' && state.lost;
  };
  assert.equal(reason(CLOSE_CODES.tooMany), 'too-many');
  assert.equal(reason(1001), 'closed');
  const [slept, drop] = nextConnection(live(), { type: 'slept' }, 1, 0);
  assert.deepEqual([slept.phase, drop], ['waiting', 'drop']);
  assert.equal(nextConnection(slept, { type: 'retry-now' }, 2, 0)[1], 'open');
  assert.deepEqual(nextConnection(slept, { type: 'closed', code: 1006 }, 2, 0), [slept, undefined]);
});

test('the server clock follows the fastest message and survives a slow one', () => {
  const clock = new ServerClock();
  assert.equal(clock.now(0), undefined);
  clock.learn(1_000_000, 0);
  clock.learn(1_002_000, 5_000); // 3 s late: a clogged network, not a clock set back
  assert.equal(clock.now(6_000), 1_006_000);
  clock.learn(1_010_500, 10_000); // an even faster one: nearer to the truth
  assert.equal(clock.now(10_000), 1_010_500);
});

test('the server clock follows a clock set back within a minute, and at once after a reconnect', () => {
  const clock = new ServerClock();
  clock.learn(1_000_000, 0);
  for (let at = 1_000; at <= 61_000; at += 1_000) clock.learn(1_000_000 + at - 10_000, at);
  assert.equal(clock.now(61_000), 1_051_000);
  clock.reset();
  clock.learn(500_000, 62_000);
  assert.equal(clock.now(62_000), 500_000);
});

test('after a sleep everything is older by as long, until the server is heard again', () => {
  const clock = new ServerClock();
  clock.learn(1_000_000, 0);
  clock.learn(1_000_900, 1_000);
  clock.skip(3_600_000);
  assert.equal(clock.now(1_000), 4_601_000);
  clock.reset();
  clock.learn(4_600_500, 2_000);
  assert.equal(clock.now(2_000), 4_600_500);
});

test('sleep of the machine is noticed, slow timers are not taken for it', () => {
  assert.equal(sleptBetween({ wall: 0, mono: 0 }, { wall: 60_000, mono: 300 }), 59_700);
  assert.equal(sleptBetween({ wall: 0, mono: 0 }, { wall: 60_000, mono: 60_000 }), 0);
});

test('messages are parsed by the contract; strangers are ignored, broken ones reported', () => {
  const system = { ingest: 'up', inference: 'up', redis: 'down', alerts: { leader: 'down' } };
  const heartbeat = { type: 'heartbeat', serverTime: 1, system };
  assert.deepEqual(parseIncoming(JSON.stringify(heartbeat)), { kind: 'message', message: heartbeat });
  assert.deepEqual(parseIncoming('{"type":"weather","id":1}'), { kind: 'unknown', type: 'weather' });
  assert.deepEqual(parseIncoming('{"type":"reading","count":-1}'), { kind: 'broken', problem: 'invalid reading' });
  assert.equal(parseIncoming('{').kind, 'broken');
  assert.equal(parseIncoming('null').kind, 'broken');
});

test('binary messages are heat maps or broken', () => {
  const values = Uint8Array.from([0, 1, 2, 3]);
  const map = { cameraId: 'gate-3', seq: 9, capturedAt: 5, width: 2, height: 2, peoplePerUnit: 0.5, values, heads: [] };
  const bytes = encodeHeatmap(map);
  const read = parseIncoming(bytes.buffer.slice(0) as ArrayBuffer);
  assert.equal(read.kind === 'heatmap' && read.heatmap.cameraId, 'gate-3');
  assert.equal(parseIncoming(bytes.buffer.slice(0, 30) as ArrayBuffer).kind, 'broken');
});
