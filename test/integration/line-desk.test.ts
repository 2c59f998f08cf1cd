/** Lines counted over several workers and restarts, with the state in a real Redis. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Redis } from 'ioredis';
import { LineDesk } from '../../services/worker/lines/line-desk.ts';
import { Camera } from '../../shared/config/schema.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import { type LineReading, WorkerReading } from '../../shared/contracts/reading.ts';
import { publishReading } from '../../shared/readings/reading-publisher.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

const camera = Camera.parse({
  id: 'gate',
  url: 'rtsp://h/s',
  sampleFps: 5,
  timeZone: 'Asia/Seoul',
  lines: [
    {
      id: 'door',
      points: [
        [0, 0.5],
        [1, 0.5],
      ],
      in: 'left',
    },
  ],
});
const NOON = Date.UTC(2026, 4, 1, 3);

let redis: TestRedis;
let state: Redis;
before(async () => {
  redis = await startRedis();
  state = redis.client();
});
after(() => redis.stop());

/** A picture of people that walk down, one behind the other, 0.2 s apart. */
const heads = (step: number): [number, number][] =>
  [0, 1, 2, 3].map((n): [number, number] => [0.3, step * 0.02 - n * 0.2]).filter(([, y]) => y > 0 && y < 1);

async function count(desk: LineDesk, seq: number): Promise<LineReading | undefined> {
  const capturedAt = NOON + seq * 200;
  const { readings, commit } = await desk.advance(camera, { capturedAt, widthPx: 1280, heightPx: 720 }, heads(seq));
  const reading = WorkerReading.parse({
    ...{
      cameraId: 'gate',
      seq,
      capturedAt,
      publishedAt: capturedAt,
      status: 'ok',
      count: 1,
      interval: [0, 2],
      heads: 1,
    },
    ...{ zones: [], lines: readings, model: { name: 'm', version: '1', steps: 1, warmStart: false } },
  });
  return (await publishReading(state, reading, commit)) ? readings[0] : undefined;
}

test('pictures that any worker counts, each after a restart, make one day', async () => {
  let last: LineReading | undefined;
  for (let seq = 1; seq <= 70; seq++) last = await count(new LineDesk(state), seq);
  assert.deepEqual([last?.in, last?.out, last?.from, last?.since], [0, 4, 'start', NOON + 200]);
  const told = WorkerReading.parse(JSON.parse((await state.hget(stateKeys.readings, 'gate')) ?? ''));
  assert.ok(told.status === 'ok' && told.lines?.[0]?.out === 4, 'the reading itself carries it');
});

test('a worker that was overtaken changes nothing: its crossing is counted by the one that was not', async () => {
  const desk = new LineDesk(state);
  const frame = { widthPx: 1280, heightPx: 720 };
  const slow = await desk.advance(camera, { ...frame, capturedAt: NOON + 71 * 200 }, heads(71));
  assert.ok(await count(desk, 72));
  const held = await state.hget(stateKeys.lines, 'gate');
  const late = WorkerReading.parse({
    ...{
      cameraId: 'gate',
      seq: 73,
      capturedAt: NOON,
      publishedAt: NOON,
      status: 'ok',
      count: 1,
      interval: [0, 2],
      heads: 1,
    },
    ...{ zones: [], model: { name: 'm', version: '1', steps: 1, warmStart: false } },
  });
  assert.equal(await publishReading(state, late, slow.commit), false);
  assert.equal(await state.hget(stateKeys.lines, 'gate'), held);
});

test('Redis killed and started again: the day goes on', async () => {
  const before = await count(new LineDesk(state), 80);
  await redis.restart();
  const after = await count(new LineDesk(state), 81);
  assert.equal(after?.since, before?.since);
  assert.ok(before && after && after.out >= before.out);
});

test('a state that is lost or cannot be read is never a silent zero', async () => {
  await state.hset(stateKeys.lines, 'gate', '{"at":1}');
  const line = await count(new LineDesk(state), 90);
  assert.deepEqual([line?.in, line?.out, line?.from, line?.since], [0, 0, 'start', NOON + 90 * 200]);
});

test('a state that an earlier version wrote keeps its day', async () => {
  const { measure, ...earlier } = JSON.parse((await state.hget(stateKeys.lines, 'gate')) ?? '');
  assert.ok(measure);
  earlier.tallies.door.out = 7;
  await state.hset(stateKeys.lines, 'gate', JSON.stringify(earlier));
  assert.equal((await count(new LineDesk(state), 91))?.out, 7);
});
