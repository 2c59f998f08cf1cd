/** What the gateway knows of its cameras, from a Redis whose answers may overtake each other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CameraBoard } from '../../services/gateway/camera-board.ts';
import { parseConfig } from '../../shared/config/load.ts';
import type { Zone } from '../../shared/config/schema.ts';
import type { CameraState } from '../../shared/contracts/camera.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import type { PublicReading, WorkerReading } from '../../shared/contracts/reading.ts';
import { drawnOf } from '../../shared/readings/drawn.ts';
import { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { connectFailFast, connectPatient, disconnect, whenReady } from '../../shared/runtime/redis.ts';
import { startRedis } from '../helpers/redis.ts';
import { startRedisProxy } from '../helpers/redis-proxy.ts';
import { until } from '../helpers/until.ts';

/** Well below the second after which a command is given up. */
const SLOW_MS = 600;

test('the list of all cameras that was on its way takes back nothing that was told meanwhile', async () => {
  const logger = createLogger('test', 'silent');
  const lifecycle = new Lifecycle(logger);
  const redis = await startRedis();
  const proxy = await startRedisProxy(redis);
  try {
    const client = redis.client();
    const monitor = await client.monitor();
    lifecycle.add('monitor', monitor, disconnect);
    const put = async (change: Partial<CameraState>): Promise<void> => {
      const state = { cameraId: 'gate', phase: 'live', since: 1000, attempt: 0, node: 'n', ...change };
      const body = JSON.stringify(state);
      await client
        .multi()
        .hset(stateKeys.cameraStates, 'gate', body)
        .xadd(stateKeys.events, '*', 'kind', 'camera-state', 'body', body)
        .exec();
    };
    await put({});
    const state = lifecycle.add('state', connectFailFast(proxy.url, logger, 'state'), disconnect);
    const events = lifecycle.add('events', connectPatient(redis.url, logger, 'events'), disconnect);
    await whenReady(state, 5000);
    const board = new CameraBoard(state);
    board.configure(parseConfig('cameras: [{ id: gate, url: rtsp://192.0.2.1/a }]'));
    await board.follow(events, lifecycle);
    assert.equal(board.connections().get('gate')?.phase, 'live');

    proxy.delayMs = SLOW_MS;
    // In the list only: once the board knows it, it has taken in the whole list.
    const reading: WorkerReading = {
      ...{ cameraId: 'gate', seq: 7, capturedAt: Date.now(), publishedAt: Date.now() },
      ...{ status: 'degraded', reason: 'undecodable' },
    };
    await client.hset(stateKeys.readings, 'gate', JSON.stringify(reading));
    monitor.on('monitor', (_time: string, [command, key]: string[]) => {
      if (command?.toLowerCase() === 'hgetall' && key === stateKeys.cameraStates)
        void put({ phase: 'no-signal', reason: 'timeout', since: 2000 });
    });
    await until('the list', () => board.readings()[0]?.seq === 7);
    assert.equal(board.connections().get('gate')?.phase, 'no-signal');
  } finally {
    await lifecycle.close();
    await proxy.close();
    await redis.stop();
  }
});

/** The camera with these zones; a wide one has another shape. */
const withZones = (...zones: string[]): string => {
  const drawn = zones.map((words) => {
    const [id, wide] = words.split(' ').toReversed();
    return `{ id: ${id}, name: The ${id}, polygon: [[0,0],[1,0],[1,1]${wide ? ',[0,1]' : ''}] }`;
  });
  return `cameras: [{ id: gate, url: rtsp://192.0.2.1/a, sampleFps: 0.1, zones: [${drawn.join(', ')}] }]`;
};

test('a zone that is removed or drawn anew has no count any more, though no other picture comes', async () => {
  const logger = createLogger('test', 'silent');
  const lifecycle = new Lifecycle(logger);
  const redis = await startRedis();
  try {
    const client = redis.client();
    const state = lifecycle.add('state', connectFailFast(redis.url, logger, 'state'), disconnect);
    const events = lifecycle.add('events', connectPatient(redis.url, logger, 'events'), disconnect);
    await whenReady(state, 5000);
    const presence = { service: 'ingest', instance: 't', startedAt: 1, at: Date.now() };
    await client.set(stateKeys.presence('ingest', 't'), JSON.stringify(presence), 'PX', 60_000);
    const gate = { cameraId: 'gate', phase: 'live', since: 1000, attempt: 0, node: 'n' };
    await client.hset(stateKeys.cameraStates, 'gate', JSON.stringify(gate));
    const [zone] = parseConfig(withZones('stairs')).cameras[0]?.zones ?? [];
    const drawn = drawnOf(zone as Zone);
    const reading: WorkerReading = {
      ...{ cameraId: 'gate', seq: 7, capturedAt: Date.now(), publishedAt: Date.now(), status: 'ok', count: 5 },
      ...{ interval: [4, 6], heads: 5, model: { name: 'm', version: '1', steps: 1, warmStart: false } },
      zones: ['stairs', 'ramp'].map((zoneId) => ({
        ...{ zoneId, name: zoneId, count: 2, interval: [1, 3], calibrated: false, drawn },
      })),
    };
    await client.hset(stateKeys.readings, 'gate', JSON.stringify(reading));
    const board = new CameraBoard(state);
    const told: PublicReading[] = [];
    board.on('reading', (one) => told.push(one));
    const configure = (...zones: string[]) => board.configure(parseConfig(withZones(...zones)));
    const names = () => told.flatMap((one) => (one.status === 'ok' ? [one.zones.map(({ name }) => name)] : []));
    configure('stairs', 'ramp');
    await board.follow(events, lifecycle);
    await until('both are told', () => names().length > 0);
    assert.deepEqual(names(), [['The stairs', 'The ramp']]);
    configure('stairs', 'wide ramp');
    await until('the other is told', () => names().length > 1);
    assert.deepEqual(names()[1], ['The stairs']);
    configure('ramp');
    await until('the one that is left is told', () => names().length > 2);
    assert.deepEqual(names()[2], ['The ramp']);
  } finally {
    await lifecycle.close();
    await redis.stop();
  }
});
