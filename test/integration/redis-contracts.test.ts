/** What the services agree on in Redis: fences, leases, sequence numbers. Against a real server. */
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Queue } from 'bullmq';
import { Registry } from 'prom-client';
import sharp from 'sharp';
import { clearDrill } from '../../services/alerts/drill/drill-player.ts';
import { holdLease, releaseLease } from '../../services/ingest/camera-lease.ts';
import { FramePublisher } from '../../services/ingest/frame-publisher.ts';
import { createIngestMetrics } from '../../services/ingest/ingest-metrics.ts';
import { Camera } from '../../shared/config/schema.ts';
import { DRILL_KEY } from '../../shared/contracts/drill.ts';
import { frameKeys, stateKeys } from '../../shared/contracts/keys.ts';
import type { WorkerReading } from '../../shared/contracts/reading.ts';
import { followDrill } from '../../shared/readings/drill-follower.ts';
import { publishReading } from '../../shared/readings/reading-publisher.ts';
import { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { instanceName } from '../../shared/runtime/presence.ts';
import { checkRedis, connectFailFast, disconnect, queueConnection, whenReady } from '../../shared/runtime/redis.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const run = promisify(execFile);
const logger = createLogger('test', 'silent');
let redis: TestRedis;
before(async () => {
  redis = await startRedis();
});
after(() => redis.stop());

const reading = (cameraId: string, seq: number, count: number): WorkerReading => ({
  cameraId,
  seq,
  capturedAt: 1000 + seq,
  publishedAt: 2000,
  status: 'ok',
  count,
  interval: [0, 99],
  heads: 1,
  zones: [],
  model: { name: 'm', version: '1', steps: 1, warmStart: false },
});

test('a late worker cannot overwrite a newer reading', async () => {
  const client = redis.client();
  assert.equal(await publishReading(client, reading('fence', 5, 50)), true);
  assert.equal(await publishReading(client, reading('fence', 4, 40)), false);
  assert.equal(await publishReading(client, reading('fence', 5, 51)), false);
  assert.equal(await publishReading(client, reading('fence', 6, 60)), true);
  assert.equal(JSON.parse((await client.hget(stateKeys.readings, 'fence')) ?? '').count, 60);
  const entries = await client.xrange(stateKeys.events, '-', '+');
  const counts = entries
    .map(([, fields]) => JSON.parse(fields[3] as string))
    .filter((r) => r.cameraId === 'fence')
    .map((r) => r.count);
  assert.deepEqual(counts, [50, 60], 'listeners hear exactly what was published');
});

test('a picture of a drill that is over is not published, however late it was counted', async () => {
  const client = redis.client();
  const id = 'drill--gate';
  assert.equal(await publishReading(client, reading(id, 1, 5)), false);
  await client.set(DRILL_KEY, '{}');
  assert.equal(await publishReading(client, reading(id, 1, 5)), true);
  await client.del(DRILL_KEY);
  assert.equal(await publishReading(client, reading(id, 2, 5)), false);
  await clearDrill(client, redis.client());
  for (const key of [stateKeys.readings, stateKeys.readingFence]) assert.equal(await client.hexists(key, id), 0);
  assert.equal(await client.hexists(stateKeys.readings, 'fence'), 1, 'real cameras stay');
});

test('a drill is followed from its key: begins, changes, ends, and is over when Redis stays silent', async () => {
  const own = await startRedis();
  const lifecycle = new Lifecycle(logger);
  try {
    const client = own.client();
    const follower = connectFailFast(own.url, logger, 'follower');
    await whenReady(follower, 5000);
    lifecycle.add('redis', follower, disconnect);
    const drill = (drillId: string) => ({
      ...{ drillId, exercise: true, by: 'Kim', startedAt: 1, endsAt: 2 },
      scenario: { title: 'x', durationSeconds: 10, cameras: [{ clip: 'crowd.mp4' }] },
    });
    const seen: (string | undefined)[] = [];
    await followDrill({ redis: follower, lifecycle, onDrill: (found) => seen.push(found?.drillId) });
    await client.set(DRILL_KEY, JSON.stringify(drill('a')));
    await until('a', () => seen.at(-1) === 'a');
    await client.set(DRILL_KEY, JSON.stringify(drill('b')));
    await until('b', () => seen.at(-1) === 'b');
    await client.set(DRILL_KEY, 'no drill');
    await until('none', () => seen.at(-1) === undefined);
    await client.set(DRILL_KEY, JSON.stringify(drill('c')), 'PX', 1000);
    await until('c runs out', () => seen.length === 5);
    await client.set(DRILL_KEY, JSON.stringify(drill('d')));
    await until('d', () => seen.at(-1) === 'd');
    await own.kill9();
    await until('d is over', () => seen.at(-1) === undefined, 30_000);
    assert.deepEqual(seen, ['a', 'b', undefined, 'c', undefined, 'd', undefined]);
  } finally {
    await lifecycle.close();
    await own.stop();
  }
});

test('a camera has one holder; a dead one of this machine is replaced at once', async () => {
  const client = redis.client();
  const alive = instanceName();
  assert.equal(await holdLease(client, 'lease', alive), true);
  assert.equal(await holdLease(client, 'lease', alive), true, 'renews');
  assert.equal(await holdLease(client, 'lease', 'other-host:1'), false);
  await releaseLease(client, 'lease', 'other-host:1');
  assert.equal(await holdLease(client, 'lease', 'other-host:1'), false, 'nobody releases for another');
  await releaseLease(client, 'lease', alive);

  const child = spawn('sleep', ['60']);
  const doomed = alive.replace(`-${process.pid}-`, `-${child.pid}-`);
  assert.equal(await holdLease(client, 'lease', doomed), true);
  assert.equal(await holdLease(client, 'lease', alive), false, 'its process lives');
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  assert.equal(await holdLease(client, 'lease', alive), true);
});

test('processes of two containers that share host name and process number are two holders', {
  skip: mayUnshare(),
}, async () => {
  const inContainer = async () => {
    const script = `
      import { instanceName } from './shared/runtime/presence.ts';
      console.log(JSON.stringify([process.pid, instanceName()]));`;
    const node = [process.execPath, '--input-type=module-typescript', '-e', script];
    const { stdout } = await run('unshare', ['--pid', '--mount-proc', '--fork', ...node]);
    return JSON.parse(stdout) as [number, string];
  };
  const [[pid, holder], [otherPid, other]] = await Promise.all([inContainer(), inContainer()]);
  assert.deepEqual([pid, otherPid], [1, 1]);
  const client = redis.client();
  assert.equal(await holdLease(client, 'contained', holder), true);
  assert.equal(await holdLease(client, 'contained', other), false, 'nobody renews for another');
  assert.equal(await holdLease(client, 'contained', instanceName()), false, 'its number says nothing here');
});

test('a lease that is lost while it is renewed is taken again: no other node has the camera', async () => {
  const [client, other] = [redis.client(), redis.client()];
  for (let i = 0; i < 1000; i++) {
    const [held] = await Promise.all([holdLease(client, 'lost', 'this-host:1'), other.flushall()]);
    assert.equal(held, true, `after ${i} renewals`);
  }
});

test('pictures overwrite each other, numbers rise on, and one job waits', async () => {
  const state = connectFailFast(redis.url, logger, 'test');
  const frames = connectFailFast(redis.framesUrl, logger, 'test');
  await Promise.all([whenReady(state, 5000), whenReady(frames, 5000)]);
  const queue = new Queue(stateKeys.frameQueue, { connection: queueConnection(redis.url, 'producer') });
  await queue.waitUntilReady();
  const metrics = createIngestMetrics(new Registry());
  const camera = Camera.parse({ id: 'pub', url: 'rtsp://h/s' });
  const jpeg = await sharp({ create: { width: 32, height: 16, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  const seqNow = async () => Number(await frames.hget(frameKeys.frame('pub'), 'seq'));

  const publisher = new FramePublisher({ camera, frames, state, queue, metrics });
  for (let i = 1; i <= 5; i++) {
    publisher.offer(jpeg, i);
    await until('it is published', async () => (await seqNow()) === i);
  }
  assert.equal(await queue.getWaitingCount(), 1);
  const stored = await frames.hgetall(frameKeys.frame('pub'));
  assert.deepEqual([stored.capturedAt, stored.widthPx, stored.heightPx], ['5', '32', '16']);
  assert.ok((await frames.pttl(frameKeys.frame('pub'))) > 0, 'a picture does not outlive its use');

  await frames.flushdb();
  publisher.offer(jpeg, 6);
  await until('numbers go on after the pictures were lost', async () => (await seqNow()) === 6);

  await frames.flushdb();
  await publishReading(state, reading('pub', 41, 1));
  const restarted = new FramePublisher({ camera, frames, state, queue, metrics });
  restarted.offer(jpeg, 7);
  await until('a new ingest goes on above the last counted picture', async () => (await seqNow()) === 42);

  await queue.close();
  disconnect(state);
  disconnect(frames);
});

test('a Redis that evicts keys is refused', async () => {
  const evicting = await startRedis(['--maxmemory-policy', 'allkeys-lru']);
  try {
    await assert.rejects(checkRedis(evicting.client()), /noeviction/);
  } finally {
    await evicting.stop();
  }
  assert.match((await checkRedis(redis.client())).version, /^\d/);
});

/** Why processes cannot be started as in containers here, if so. */
function mayUnshare(): string | false {
  try {
    execFileSync('unshare', ['--pid', '--mount-proc', '--fork', 'true'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'no right to process numbers of its own';
  }
}
