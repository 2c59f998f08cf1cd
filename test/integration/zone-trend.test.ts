/** A zone that fills, told by a real gateway from a real Redis: rate, next level, nothing after a restart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGateway } from '../../services/gateway/service.ts';
import { parseConfig } from '../../shared/config/load.ts';
import type { CameraState } from '../../shared/contracts/camera.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import type { PublicReading, WorkerReading } from '../../shared/contracts/reading.ts';
import { publishReading } from '../../shared/readings/reading-publisher.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { connectLive } from '../helpers/live-client.ts';
import { startRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

/** Minutes of pictures are published within seconds: they must not be too old for that. */
const config = parseConfig(`
gateway: { port: 0 }
cameras:
  - id: gate
    url: rtsp://h/s
    sampleFps: 1
    staleAfterMs: 900000
    zones: [{ id: z, polygon: [[0,0],[1,0],[1,1]], limits: { count: { alert: 70, severe: 120 } } }]
`);
const SECONDS = 300;

test('a zone that fills is told with its rate and its next level; a restarted gateway waits until it has seen enough', async () => {
  const redis = await startRedis();
  const client = redis.client();
  const beat = () =>
    ['ingest', 'worker'].map((service) =>
      client.set(
        stateKeys.presence(service, 'test'),
        JSON.stringify({ service, instance: 'test', startedAt: 1, at: 1 }),
        'PX',
        60_000,
      ),
    );
  await Promise.all(beat());
  const alive = setInterval(() => void Promise.all(beat()).catch(() => undefined), 5000);
  const start = () =>
    startGateway({
      config,
      redisUrls: { state: redis.url, frames: redis.framesUrl },
      logger: createLogger('test', 'silent'),
    });
  let gateway = await start();
  try {
    const firstAt = Date.now() - (SECONDS + 60) * 1000;
    const state: CameraState = { cameraId: 'gate', phase: 'live', since: firstAt - 1000, attempt: 0, node: 'n' };
    const body = JSON.stringify(state);
    await client.hset(stateKeys.cameraStates, 'gate', body);
    await client.xadd(stateKeys.events, '*', 'kind', 'camera-state', 'body', body);
    const say = async (seq: number): Promise<void> => {
      // Ten people a minute; every other picture counts one too many.
      const people = 20 + seq / 6 + (seq % 2);
      const capturedAt = firstAt + seq * 1000;
      const reading: WorkerReading = {
        ...{ cameraId: 'gate', seq, capturedAt, publishedAt: capturedAt, status: 'ok', heads: 0 },
        ...{ count: people, interval: [people - 1, people + 1] },
        zones: [{ zoneId: 'z', name: 'z', count: people, interval: [people - 1, people + 1], calibrated: false }],
        model: { name: 'm', version: '1', steps: 1, warmStart: false },
      };
      assert.equal(await publishReading(client, reading), true);
    };
    const live = await connectLive(`${gateway.url.replace('http', 'ws')}/ws`);
    try {
      const last = live.nextReading('gate', (reading) => reading.seq === SECONDS, 60_000);
      for (let seq = 1; seq <= SECONDS; seq++) await say(seq);
      const { message } = await last;
      assert.ok(message.status === 'ok');
      const [zone] = message.zones;
      assert.ok(zone?.trend, 'the trend is told over the socket');
      const { peoplePerMin = 0, peoplePerMinInterval = [0, 0], forecast } = zone.trend;
      assert.ok(Math.abs(peoplePerMin - 10) < 1, String(peoplePerMin));
      assert.ok(peoplePerMinInterval[0] > 0 && peoplePerMinInterval[0] <= peoplePerMin);
      assert.ok(forecast);
      assert.deepEqual([forecast.level, forecast.measure, forecast.limit], ['severe', 'count', 120]);
      assert.ok(Math.abs(forecast.inMs - ((120 - zone.count) / peoplePerMin) * 60_000) < 1000, String(forecast.inMs));
      const [rest] = (await (await fetch(`${gateway.url}/api/readings`)).json()) as PublicReading[];
      assert.deepEqual(rest?.status === 'ok' && rest.zones[0]?.trend, zone.trend);
    } finally {
      live.close();
    }

    await gateway.close();
    gateway = await start();
    const readingNow = async (): Promise<PublicReading | undefined> =>
      ((await (await fetch(`${gateway.url}/api/readings`)).json()) as PublicReading[])[0];
    await say(SECONDS + 1);
    const after = await until('a reading after the restart', async () => {
      const reading = await readingNow();
      return reading?.status === 'ok' && reading.seq === SECONDS + 1 ? reading : undefined;
    });
    assert.equal(after.zones[0]?.trend, undefined);
  } finally {
    clearInterval(alive);
    await gateway.close();
    await redis.stop();
  }
});
