/** A Redis whose connections fall silent without being closed: a server without power, a failover behind one address. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Queue, Worker } from 'bullmq';
import { createLogger } from '../../shared/runtime/logger.ts';
import { connectFailFast, connectPatient, disconnect, queueConnection, whenReady } from '../../shared/runtime/redis.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { type RedisProxy, startRedisProxy } from '../helpers/redis-proxy.ts';
import { until } from '../helpers/until.ts';

/** Far below the quarter of an hour after which the system gives a silent connection up. */
const WITHIN_MS = 15_000;
const logger = createLogger('test', 'silent');
let redis: TestRedis;
let proxy: RedisProxy;
before(async () => {
  redis = await startRedis();
  proxy = await startRedisProxy(redis);
});
after(async () => {
  await proxy?.close();
  await redis?.stop();
});

test('commands are answered again over a new connection', async () => {
  const connection = connectFailFast(proxy.url, logger, 'test');
  try {
    await whenReady(connection, 5000);
    proxy.silence();
    await assert.rejects(connection.ping());
    await until('an answer', () => connection.ping().catch(() => undefined), WITHIN_MS);
  } finally {
    disconnect(connection);
  }
});

test('a blocking read goes on over a new connection', async () => {
  const connection = connectPatient(proxy.url, logger, 'test');
  try {
    await whenReady(connection, 5000);
    const read = connection.xread('BLOCK', 1000, 'STREAMS', 'silence', '$');
    proxy.silence();
    const settled = read.then(
      () => true,
      () => true,
    );
    let over = false;
    void settled.then(() => {
      over = true;
    });
    await until('the read is over', () => over, WITHIN_MS);
    let answered = false;
    void connection.ping().then(() => {
      answered = true;
    });
    await until('an answer', () => answered, WITHIN_MS);
  } finally {
    disconnect(connection);
  }
});

test('jobs are taken again over new connections', async () => {
  const done: string[] = [];
  const worker = new Worker('silence', async (job) => void done.push(job.name), {
    connection: queueConnection(proxy.url, 'worker', 1000),
    drainDelay: 1,
    lockDuration: 1500,
    stalledInterval: 500,
  });
  worker.on('error', () => undefined);
  const queue = new Queue('silence', { connection: queueConnection(redis.url, 'producer') });
  const behind = new Queue('silence', { connection: queueConnection(proxy.url, 'producer') });
  behind.on('error', () => undefined);
  try {
    await Promise.all([worker.waitUntilReady(), behind.waitUntilReady()]);
    await queue.add('before', {});
    await until('a job', () => done.includes('before'));
    proxy.silence();
    await queue.add('after', {});
    await until('a job after the silence', () => done.includes('after'), WITHIN_MS);
    await until('a producer that adds', () => behind.add('again', {}).catch(() => undefined), WITHIN_MS);
  } finally {
    await Promise.all([worker.close(true), queue.close(), behind.close()]);
  }
});
