import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryDelayMs } from '../../services/ingest/backoff.ts';
import { PictureHealth } from '../../services/ingest/picture-health.ts';
import { Slots } from '../../services/ingest/slots.ts';
import { readStderr } from '../../services/ingest/stderr-reader.ts';

const LINES: [line: string, fact: object][] = [
  [
    '[graph 0 input from stream 0:0 @ 0x1] [verbose] w:768 h:576 pixfmt:yuv420p tb:1/14336',
    { kind: 'source-size', widthPx: 768, heightPx: 576 },
  ],
  ['[h264 @ 0x55] [error] error while decoding MB 12 5, bytestream -7', { kind: 'decode-error' }],
  ['[h264 @ 0x55] [info] concealing 100 DC, 100 AC, 100 MV errors in P frame', { kind: 'decode-error' }],
  ['[swscaler @ 0x5] [swscaler @ 0x6] [warning] deprecated pixel format used', { kind: 'noise' }],
  ['[info] Input #0, concat, from pipe:0', { kind: 'noise' }],
  ['[rtsp @ 0x5] [error] method DESCRIBE failed: 500 Internal Server Error', { kind: 'failure', failure: 'refused' }],
  ['[rtsp @ 0x5] [error] method DESCRIBE failed: 401 Unauthorized', { kind: 'failure', failure: 'auth-failed' }],
  ['[rtsp @ 0x5] [error] method DESCRIBE failed: 404 Not Found', { kind: 'failure', failure: 'not-found' }],
  [
    '[tcp @ 0x5] [error] Connection to tcp://10.0.0.1:554 failed: Connection refused',
    { kind: 'failure', failure: 'refused' },
  ],
  ['[hevc @ 0x55] [error] Could not find ref with POC 18', { kind: 'missing-reference' }],
  ['[info] -1.000000', { kind: 'keyframe' }],
  ['[Eval @ 0x7f] [info] -1.000000', { kind: 'keyframe' }],
  ['[Eval @ 0x7f] [info] 12.345678', { kind: 'decoded', streamS: 12.345678 }],
  ['[Eval @ 0x7f] [info] nan', { kind: 'decoded', streamS: Number.NaN }],
  ['[concat @ 0x5] [error] Something nobody has seen', { kind: 'problem' }],
];
for (const [line, fact] of LINES) {
  test(`reads "${line.slice(0, 60)}"`, () => {
    const { detail, ...rest } = readStderr(line) as { detail?: string };
    assert.deepEqual(rest, fact);
    if ('failure' in fact) assert.ok(detail);
  });
}

test('backoff doubles from half a second to thirty, with jitter', () => {
  const middle = [1, 2, 3, 7, 8, 50].map((attempt) => retryDelayMs(attempt, 'ended', 0.5));
  assert.deepEqual(middle, [500, 1000, 2000, 30_000, 30_000, 30_000]);
  assert.equal(retryDelayMs(1, 'ended', 0), 400);
  assert.equal(retryDelayMs(1, 'ended', 1), 600);
  assert.ok(retryDelayMs(1, 'auth-failed', 0) >= 30_000, 'cameras lock out who asks too often');
});

test('decoder errors mark the picture damaged only above ten a second', () => {
  const health = new PictureHealth();
  health.keyframe();
  for (let i = 0; i < 10; i++) health.decodeError(1000 + i);
  assert.equal(health.judge(1100).trouble, undefined);
  for (let i = 0; i < 5; i++) health.decodeError(1110 + i);
  assert.equal(health.judge(1200).trouble, 'decode-errors');
  assert.equal(health.judge(1900).damagedForMs, 700);
  assert.equal(health.judge(2500).trouble, undefined, 'over when a second passed without');
});

test('a camera that is waited for between two key frames is not given up as damaged', () => {
  const health = new PictureHealth();
  for (let at = 0; at < 8000; at += 40) {
    for (let line = 0; line < 3; line++) health.decodeError(at);
    assert.equal(health.judge(at).damagedForMs, 0);
  }
  assert.equal(health.judge(8000).trouble, 'decode-errors');
});

test('pictures after a lost one are damaged until the next key frame', () => {
  const health = new PictureHealth();
  health.missingReference(1000);
  assert.deepEqual(health.judge(9000), { trouble: 'decode-errors', damagedForMs: 0 }, 'joined between two key frames');
  health.keyframe();
  assert.equal(health.judge(9100).trouble, undefined);
  health.missingReference(10_000);
  health.missingReference(11_000);
  assert.deepEqual(health.judge(12_500), { trouble: 'decode-errors', damagedForMs: 2500 });
});

test('the same picture for ten seconds is frozen, another one thaws it', () => {
  const health = new PictureHealth();
  for (let at = 0; at <= 10_000; at += 500) health.picture(Buffer.from('same'), at);
  assert.equal(health.judge(10_000).trouble, 'frozen');
  health.picture(Buffer.from('other'), 10_500);
  assert.equal(health.judge(10_500).trouble, undefined);
});

test('one picture is not frozen, however long the next one takes', () => {
  const health = new PictureHealth();
  // At a twentieth of a picture a second, the fewest a camera may be set to.
  for (let at = 0; at <= 40_000; at += 20_000) {
    health.picture(Buffer.from(`at ${at}`), at);
    for (const later of [100, 10_000, 19_900]) assert.equal(health.judge(at + later).trouble, undefined);
  }
  health.picture(Buffer.from('at 40000'), 60_000);
  assert.equal(health.judge(60_000).trouble, 'frozen');
});

test('places are given in order, given back once, and left by who gives up', async () => {
  const slots = new Slots(1);
  const never = new AbortController().signal;
  const first = await slots.acquire(never);
  assert.ok(first);
  const impatient = new AbortController();
  const second = slots.acquire(impatient.signal);
  const third = slots.acquire(never);
  impatient.abort();
  assert.equal(await second, undefined);
  first();
  first();
  const got = await third;
  assert.ok(got);
  const fourth = slots.acquire(never);
  assert.equal(
    await Promise.race([fourth, Promise.resolve('waits')]),
    'waits',
    'giving back twice frees one place only',
  );
  got();
  assert.ok(await fourth);
});

test('cameras that fail again and again leave a place to the others, which go first', async () => {
  const slots = new Slots(3);
  const never = new AbortController().signal;
  const inside: string[] = [];
  const leave = new Map<string, () => void>();
  const come = (name: string, failing: boolean) =>
    slots.acquire(never, failing).then((release) => {
      inside.push(name);
      leave.set(name, release as () => void);
    });
  const settled = () => new Promise((done) => setImmediate(done));
  for (const name of ['dead 1', 'dead 2', 'dead 3', 'dead 4']) void come(name, true);
  await settled();
  assert.deepEqual(inside, ['dead 1', 'dead 2']);
  for (const name of ['well 1', 'well 2']) void come(name, false);
  await settled();
  assert.deepEqual(inside.splice(0), ['dead 1', 'dead 2', 'well 1']);
  leave.get('dead 1')?.();
  await settled();
  assert.deepEqual(inside.splice(0), ['well 2'], 'before those that came earlier');
  leave.get('well 1')?.();
  leave.get('well 2')?.();
  await settled();
  assert.deepEqual(inside, ['dead 3'], 'and one place stays free');
});

test('where only one may connect at a time, a failing camera may, too', async () => {
  const slots = new Slots(1);
  const never = new AbortController().signal;
  const release = await slots.acquire(never, true);
  assert.ok(release);
  const [failing, well] = [slots.acquire(never, true), slots.acquire(never)];
  release();
  const first = await Promise.race([failing.then(() => 'failing'), well.then(() => 'well')]);
  assert.equal(first, 'well');
});
