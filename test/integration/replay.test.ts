/** Heat maps for looking back: kept by the worker's own writer in a real Redis, handed out by a real gateway. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import { type Gateway, startGateway } from '../../services/gateway/service.ts';
import { type ReplaySettings, ReplayWriter } from '../../services/worker/replay-writer.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { decodeHeatmap, encodeHeatmap } from '../../shared/contracts/heatmap.ts';
import type { WorkerReading } from '../../shared/contracts/reading.ts';
import { decodeReplayRecords, encodeReplayRecord, replayKey } from '../../shared/contracts/replay.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

const config = parseConfig(`
gateway: { port: 0 }
replay: { everyMs: 5000, keepMs: 60000 }
cameras:
  - { id: gate, url: rtsp://192.0.2.1/s }
  - { id: idle, url: rtsp://192.0.2.1/t }
`);
let redis: TestRedis;
let gateway: Gateway;

before(async () => {
  redis = await startRedis();
  gateway = await startGateway({
    config,
    redisUrls: { state: redis.url, frames: redis.framesUrl },
    logger: createLogger('test', 'silent'),
  });
});
after(async () => {
  await gateway?.close();
  await redis?.stop();
});

const frames = async () => {
  const client = redis.client();
  await client.select(1);
  return client;
};
const writer = async (settings: Partial<ReplaySettings> = {}) =>
  new ReplayWriter(await frames(), () => ({ ...config.replay, ...settings }));

function picture(seq: number, capturedAt: number): [Extract<WorkerReading, { status: 'ok' }>, Uint8Array] {
  const zone = { zoneId: 'z', name: 'Z', count: seq, interval: [0, seq] as [number, number], calibrated: false };
  const reading = {
    ...{ cameraId: 'gate', seq, capturedAt, status: 'ok' as const, count: seq, heads: 1, publishedAt: capturedAt },
    interval: [0, seq + 1] as [number, number],
    zones: [zone],
    model: { name: 'm', version: '1', steps: 1, warmStart: false },
  };
  const values = new Uint8Array(96 * 54).fill(0);
  values[seq] = 200;
  const map = { cameraId: 'gate', seq, capturedAt, width: 96, height: 54, peoplePerUnit: 0.01, values, heads: [] };
  return [reading, encodeHeatmap(map)];
}

async function ask(query = '', camera = 'gate') {
  const response = await fetch(`${gateway.url}/api/cameras/${camera}/replay${query}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { response, records: response.ok ? decodeReplayRecords(bytes) : [] };
}

test('of two pictures a second, offered by two workers in turn, one map in five seconds is kept and given back whole', async () => {
  const workers = [await writer(), await writer()];
  const begin = Date.now() - 30_000;
  let kept = 0;
  for (let seq = 1; seq <= 60; seq++) {
    const [reading, map] = picture(seq, begin + seq * 500);
    if ((await workers[seq % 2]?.offer(reading, map)) === 'kept') kept += 1;
  }
  assert.equal(kept, 6);
  const { response, records } = await ask();
  assert.equal(response.headers.get('x-replay-every-ms'), '5000');
  assert.equal(response.headers.get('x-replay-keep-ms'), '60000');
  assert.equal(records.length, 6);
  for (const [index, { summary, deflatedMap }] of records.entries()) {
    const before = records[index - 1]?.summary.capturedAt;
    if (before !== undefined) assert.ok(summary.capturedAt - before >= 5000);
    const map = decodeHeatmap(inflateRawSync(deflatedMap));
    assert.equal(map.capturedAt, summary.capturedAt);
    assert.equal(map.seq, summary.count);
    assert.equal(map.values[map.seq], 200, 'the map is the one of the count');
    assert.equal(summary.zones[0]?.count, summary.count);
  }
});

test('a long hour comes in parts: from an instant, so many at a time', async () => {
  const all = (await ask()).records.map(({ summary }) => summary.capturedAt);
  const first = (await ask('?limit=4')).records.map(({ summary }) => summary.capturedAt);
  const rest = (await ask(`?from=${(first.at(-1) as number) + 1}`)).records.map(({ summary }) => summary.capturedAt);
  assert.deepEqual([...first, ...rest], all);
  assert.deepEqual((await ask(`?from=${all[1]}&to=${all[2]}`)).records.length, 2);
});

test('maps older than is kept go, the last of them with the camera', async () => {
  const [reading, map] = picture(7, Date.now() + 45_000);
  assert.equal(await (await writer()).offer(reading, map), 'kept');
  const { records } = await ask();
  assert.ok(records.length > 0);
  assert.ok(records.every(({ summary }) => summary.capturedAt >= reading.capturedAt - 60_000));
  const lifeMs = await (await frames()).pttl(replayKey('gate'));
  assert.ok(lifeMs > 0 && lifeMs <= 60_000, `the stream ends by itself, in ${lifeMs} ms`);
});

test('after the clock was set back, maps are kept again at once', async () => {
  const [reading, map] = picture(8, Date.now() - 3_600_000);
  assert.equal(await (await writer()).offer(reading, map), 'kept');
  const kept = await (await frames()).xrange(replayKey('gate'), '-', '+');
  assert.deepEqual(
    kept.map(([id]) => id),
    [`${reading.capturedAt}-0`],
  );
});

test('turned off, nothing is kept; a camera without maps has none; an unknown one does not exist', async () => {
  const [reading, map] = picture(9, Date.now() + 100_000);
  assert.equal(await (await writer({ keepMs: 0 })).offer(reading, map), 'not-due');
  assert.equal((await ask('', 'idle')).records.length, 0);
  assert.equal((await ask('', 'nobody')).response.status, 404);
  assert.equal((await ask('?limit=0')).response.status, 400);
});

test('when memory runs short no map is kept, so that pictures still find room', async () => {
  const client = await frames();
  const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  const [reading, map] = picture(10, Date.now() + 200_000);
  await client.config('SET', 'maxmemory', Math.round(used * 1.2));
  try {
    assert.equal(await (await writer()).offer(reading, map), 'full');
    assert.equal(await client.set('picture', 'fits'), 'OK');
  } finally {
    await client.config('SET', 'maxmemory', 0);
  }
  assert.equal(await (await writer()).offer(reading, map), 'kept');
});

test('of a camera that went dark, maps that are older than is kept are not handed out', async () => {
  const client = await frames();
  await client.del(replayKey('idle'));
  // Written before the camera went dark: the stream lives on until its newest map is too old.
  const record = (at: number) => {
    const summary = { capturedAt: at, count: 1, interval: [0, 2] as [number, number], zones: [] };
    return Buffer.from(encodeReplayRecord({ summary, deflatedMap: new Uint8Array(4) }));
  };
  const now = Date.now();
  for (const at of [now - 90_000, now - 70_000, now - 30_000])
    await client.xadd(replayKey('idle'), `${at}-0`, 'record', record(at));
  const { records } = await ask('', 'idle');
  assert.deepEqual(
    records.map(({ summary }) => now - summary.capturedAt),
    [30_000],
  );
});

test('while the memory is needed for pictures, what is old goes all the same', async () => {
  const client = await frames();
  await client.del(replayKey('gate'));
  const begin = Date.now() - 100_000;
  for (const [seq, at] of [
    [1, begin],
    [2, begin + 30_000],
  ] as const) {
    assert.equal(await (await writer()).offer(...picture(seq, at)), 'kept');
  }
  await client.config('SET', 'maxmemory', '1100000');
  try {
    assert.equal(await (await writer()).offer(...picture(3, begin + 80_000)), 'full');
  } finally {
    await client.config('SET', 'maxmemory', '0');
  }
  assert.deepEqual(
    (await client.xrange(replayKey('gate'), '-', '+')).map(([id]) => id),
    [`${begin + 30_000}-0`],
  );
});

test('a time that ends before it begins is refused', async () => {
  assert.equal((await ask('?from=2&to=1')).response.status, 400);
});
