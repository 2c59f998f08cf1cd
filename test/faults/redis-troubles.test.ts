/** A Redis that is full, slow, or no longer the one that leads: pictures are shed, alerts are not, and nobody has to help. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { stateKeys } from '../../shared/contracts/keys.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import { queueConnection } from '../../shared/runtime/redis.ts';
import { provenDelivered } from '../helpers/alert-proof.ts';
import { freePort } from '../helpers/free-port.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { type RedisProxy, startRedisProxy } from '../helpers/redis-proxy.ts';
import { type Surge, startSurge } from '../helpers/surge.ts';
import { until } from '../helpers/until.ts';

let first: TestRedis;
let second: TestRedis;
let ports: [number, number];
let proxy: RedisProxy;
let surge: Surge;
let started: number[];

before(async () => {
  ports = [await freePort(), await freePort()];
  first = await startRedis(['--port', String(ports[0])]);
  second = await startRedis(['--port', String(ports[1])]);
  proxy = await startRedisProxy(first);
  surge = await startSurge({ env: { REDIS_URL: proxy.url, FRAMES_REDIS_URL: proxy.framesUrl } });
  await surge.round();
  started = await surge.services();
});
after(async () => {
  await surge?.stop();
  await proxy?.close();
  await first?.stop();
  await second?.stop();
});

/** Pictures dropped so far for a reason, over all cameras. */
async function dropped(reason: string): Promise<number> {
  const metrics = await (await fetch(`${surge.system.url}/metrics`)).text();
  const lines = [...metrics.matchAll(/^headroom_frames_dropped_total\{([^}]*)\} (\S+)/gm)];
  return lines
    .filter(([, labels]) => labels?.includes(`reason="${reason}"`))
    .reduce((sum, [, , n]) => sum + Number(n), 0);
}

/** Mean of a histogram over what was observed between two looks at it, s. */
async function meanSince(name: string, from?: [number, number]): Promise<{ mean: number; now: [number, number] }> {
  const metrics = await (await fetch(`${surge.system.url}/metrics`)).text();
  const total = (what: string) =>
    [...metrics.matchAll(new RegExp(`^${name}_${what}(?:\\{[^}]*\\})? (\\S+)`, 'gm'))].reduce(
      (n, [, v]) => n + Number(v),
      0,
    );
  const now: [number, number] = [total('sum'), total('count')];
  const [sum, count] = [now[0] - (from?.[0] ?? 0), now[1] - (from?.[1] ?? 0)];
  return { mean: count > 0 ? sum / count : 0, now };
}

test('full: pictures are dropped and told as such, nothing ends, and it goes on when there is room (fault 23)', async () => {
  const client = first.client();
  const before = await dropped('redis-unavailable');
  const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  await client.config('SET', 'maxmemory', Math.floor(used / 2));
  await until(
    'no count is shown as live',
    async () => {
      const readings = (await (await fetch(`${surge.system.url}/api/readings`)).json()) as PublicReading[];
      return readings.every(({ status }) => status !== 'ok');
    },
    60_000,
  );
  const queue = new Queue(stateKeys.frameQueue, { connection: queueConnection(first.url, 'producer') });
  await until(
    'the workers have drained the queue',
    async () => (await queue.getJobCountByTypes('waiting', 'active')) === 0,
  );
  await queue.close();
  await client.config('SET', 'maxmemory', 0);
  await surge.round();
  await until('the dropped pictures are told', async () => (await dropped('redis-unavailable')) > before);
  assert.deepEqual(await surge.services(), started, 'every service lived through it');
  await provenDelivered(surge.database, surge.listener);
});

test('slow: pictures are shed, the queue stays short, the delay is measured, alerts come (fault 24)', async (t) => {
  const queue = new Queue(stateKeys.frameQueue, { connection: queueConnection(first.url, 'producer') });
  const superseded = await dropped('superseded');
  const quick = await meanSince('headroom_capture_to_push_seconds');
  proxy.delayMs = 200;
  let longest = 0;
  const watch = new AbortController();
  const watching = (async () => {
    while (!watch.signal.aborted) {
      longest = Math.max(longest, await queue.getWaitingCount());
      await delay(50);
    }
  })();
  await surge.round();
  await until('pictures are shed', async () => (await dropped('superseded')) > superseded, 30_000);
  const slow = await meanSince('headroom_capture_to_push_seconds', quick.now);
  watch.abort();
  await watching;
  await queue.close();
  proxy.delayMs = 0;
  t.diagnostic(
    `capture to push ${(quick.mean * 1000).toFixed(0)} → ${(slow.mean * 1000).toFixed(0)} ms; longest queue ${longest}`,
  );
  // A picture is stored, its job is added and its reading is published: three round trips at least.
  assert.ok(slow.mean > 0.4, `${slow.mean} s`);
  assert.ok(longest <= surge.ids.length, `${longest} jobs wait for ${surge.ids.length} cameras`);
  await surge.round();
  assert.deepEqual(await surge.services(), started);
  await provenDelivered(surge.database, surge.listener);
});

test('another one leads: everything finds it, and no alert is lost (fault 25)', async () => {
  const [old, next] = [first.client(), second.client()];
  await next.call('REPLICAOF', '127.0.0.1', String(ports[0]));
  await until('the copy is complete', async () => /master_link_status:up/.test(await next.info('replication')), 30_000);
  // As an operator or an orchestrator does it: the address leads to the new one, the old one refuses writes.
  await next.call('REPLICAOF', 'NO', 'ONE');
  proxy.target = second;
  await old.call('REPLICAOF', '127.0.0.1', String(ports[1]));
  await surge.round();
  // Nothing may still hang on to the old one, or it would be lost with it.
  await first.kill9();
  await surge.round();
  assert.deepEqual(await surge.services(), started);
  await provenDelivered(surge.database, surge.listener);
});
