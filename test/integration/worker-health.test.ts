/** A service's own health port, with a real worker behind it. */
import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { startWorker } from '../../services/worker/service.ts';
import { Config } from '../../shared/config/schema.ts';
import { serveHealth } from '../../shared/runtime/health-server.ts';
import { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { startRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const logger = createLogger('test', 'silent');
const listening = (): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, () => resolve(server));
  });

test('a health port that is taken is refused by the name of its setting', async () => {
  const other = await listening();
  const { port } = other.address() as AddressInfo;
  const registry = createRegistry('test', 'test');
  const lifecycle = new Lifecycle(logger);
  try {
    await assert.rejects(serveHealth({ port, registry, ready: () => true, lifecycle }), {
      code: 'PORT_UNUSABLE',
      message: new RegExp(`port ${port}: it is taken.*httpPort`),
    });
  } finally {
    await lifecycle.close();
    other.close();
  }
});

test('a worker is not ready while the database that holds the pictures is away', async () => {
  const [state, frames] = [await startRedis(), await startRedis()];
  const free = await listening();
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const config = Config.parse({ worker: { model: 'small', processes: 1, httpPort: port } });
  const worker = await startWorker({ config, redisUrls: { state: state.url, frames: frames.url }, logger });
  const status = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
  try {
    assert.equal(await status(), 200);
    await frames.kill9();
    await until('it is not ready', async () => (await status()) === 503, 5000);
  } finally {
    await worker.close();
    await Promise.all([state.stop(), frames.stop()]);
  }
});
