/** A drill on real Redis, database, gateway and receiver: marked everywhere, apart from the real thing, over by itself. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import sharp from 'sharp';
import { z } from 'zod';
import { startAlerts } from '../../services/alerts/service.ts';
import { type Gateway, startGateway } from '../../services/gateway/service.ts';
import { ActiveAlert, AlertEvent, alertKeys } from '../../shared/contracts/alert.ts';
import { DRILL_KEY, Drill } from '../../shared/contracts/drill.ts';
import { Evidence } from '../../shared/contracts/evidence.ts';
import { frameKeys, stateKeys } from '../../shared/contracts/keys.ts';
import { CameraInfo } from '../../shared/contracts/socket.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { announced, announcement, type Feed, fastConfig, startFeed } from '../helpers/alert-feed.ts';
import { connectLive } from '../helpers/live-client.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';
import { startListener, type WebhookListener } from '../helpers/webhook-listener.ts';

const logger = createLogger('test', 'silent');
const KEY = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const severeFor = (durationSeconds: number) => ({
  title: { en: 'Test surge', ko: '시험' },
  durationSeconds,
  cameras: [
    {
      points: [
        { atSeconds: 0, level: 'normal' },
        { atSeconds: 1, level: 'severe' },
      ],
    },
  ],
});

const Drills = z.object({ running: Drill.optional(), scenarios: z.array(z.object({ name: z.string() })) });

describe('a drill', () => {
  let redis: TestRedis;
  let dir: string;
  let feed: Feed;
  let listener: WebhookListener;
  let gateway: Gateway;
  const services: Service[] = [];
  const start = async (instance: string): Promise<Service> => {
    const config = fastConfig({
      gateway: { port: 0 },
      zone: { limits: { occupancy: { caution: 0.9, alert: 1, severe: 1.1 } } },
      deliveries: {
        endpoints: [
          {
            id: 'desk',
            url: listener.url,
            secrets: ['${DRILL_HOOK}'],
            allowHttp: true,
            allow: ['127.0.0.1'],
            minLevel: 'attention',
          },
        ],
      },
    });
    config.alerts.evidence.minFreeMb = 0;
    const redisUrls = { state: redis.url, frames: redis.framesUrl };
    gateway ??= await startGateway({ config, redisUrls, logger });
    const service = await startAlerts({ config, redisUrls, logger, dataDir: dir, instance });
    services.push(service);
    return service;
  };
  const call = (method: string, path: string, body?: object): Promise<Response> =>
    fetch(`${gateway.url}${path}`, {
      method,
      ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
    });
  const begin = async (durationSeconds: number): Promise<Drill> => {
    const answer = await call('POST', '/api/drills', { actor: 'Kim', scenario: severeFor(durationSeconds) });
    assert.equal(answer.status, 201, await answer.clone().text());
    return Drill.parse(await answer.json());
  };
  const severe = (offset: number) =>
    announcement(
      redis.client(),
      'severe drill',
      (e) => e.offset > offset && e.cameraId === 'drill--gate' && e.to.level === 'severe',
    );
  const newest = async (): Promise<number> => (await announced(redis.client())).at(-1)?.offset ?? 0;
  const active = async (): Promise<ActiveAlert[]> =>
    Object.values(await redis.client().hgetall(alertKeys.active)).map((body) => ActiveAlert.parse(JSON.parse(body)));
  const isOver = () => until('the drill is over', async () => (await redis.client().get(DRILL_KEY)) === null, 30_000);

  before(async () => {
    process.env.DRILL_HOOK = KEY;
    redis = await startRedis();
    dir = await mkdtemp(join(tmpdir(), 'hr-drill-'));
    listener = await startListener(KEY);
    feed = await startFeed(redis.client());
    await start('a');
  });
  after(async () => {
    await Promise.all(services.map((service) => service.close()));
    await gateway.close();
    await feed.close();
    await listener.close();
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('is marked in every message, has picture and evidence, and leaves nothing behind', async () => {
    const client = redis.client();
    const frames = redis.client();
    await frames.select(1);
    const live = await connectLive(`${gateway.url.replace('http', 'ws')}/ws`);
    const drill = await begin(600);
    assert.deepEqual([drill.exercise, drill.by], [true, 'Kim']);
    const firing = await severe(0);
    assert.deepEqual([firing.mode, firing.exercise, firing.model], ['exercise', true, 'drill@1']);

    const notice = await until('the notice', () =>
      live.messages.find(({ message }) => message.type === 'drill' && message.drill),
    );
    assert.ok(notice.message.type === 'drill' && notice.message.drill?.drillId === drill.drillId);
    assert.equal(notice.message.drill?.title.ko, '시험');
    assert.ok((await live.nextReading('drill--gate', ({ status }) => status === 'ok')).message.exercise);
    const cameras = CameraInfo.array().parse(await (await call('GET', '/api/cameras')).json());
    assert.deepEqual(
      cameras.map(({ id, exercise }) => [id, exercise]),
      [
        ['gate', undefined],
        ['drill--gate', true],
      ],
    );
    assert.equal((await call('GET', '/api/cameras/drill--gate/frame.jpg')).headers.get('content-type'), 'image/jpeg');
    const [kept] = await until('evidence', async () => {
      const found = Evidence.array().parse(await (await call('GET', firing.evidence ?? '')).json());
      return found.some(({ state }) => state === 'kept') ? found : undefined;
    });
    assert.equal(kept?.mode, 'exercise');
    const heat = await call('GET', `/api/evidence/${encodeURIComponent(kept?.eventId ?? '')}/heat.png`);
    const pixels = await sharp(Buffer.from(await heat.arrayBuffer()))
      .raw()
      .toBuffer();
    let white = 0;
    for (let at = 0; at < pixels.length; at += 4) if (pixels.readUInt32LE(at) === 0xffffffff) white += 1;
    assert.ok(white > 1000, `the zone's outline, ${white} pixels of it`);
    const sent = await until('the message', () => listener.received.find(({ id }) => id === firing.eventId));
    assert.deepEqual([sent.message.data.mode, sent.message.data.exercise], ['exercise', true]);

    const acknowledge = await call('POST', `/api/alerts/${encodeURIComponent(firing.alertId)}/acknowledge`, {
      actor: 'Lee',
    });
    assert.equal(acknowledge.status, 200);
    assert.equal(AlertEvent.parse(await acknowledge.json()).exercise, true);

    assert.equal((await call('DELETE', '/api/drills/current?actor=Kim')).status, 200);
    await isOver();
    await until('no alert is left', async () => (await active()).every(({ exercise }) => !exercise));
    await announcement(client, 'its end', (e) => e.alertId === firing.alertId && e.type === 'alert.resolved');
    const drilled = (await announced(client)).filter(({ cameraId }) => cameraId === 'drill--gate');
    assert.ok(drilled.length >= 3 && drilled.every(({ exercise, mode }) => exercise && mode === 'exercise'));
    assert.equal(drilled.at(-1)?.type, 'alert.resolved');
    await until(
      'the camera is gone',
      async () => CameraInfo.array().parse(await (await call('GET', '/api/cameras')).json()).length === 1,
    );
    for (const key of [stateKeys.readings, stateKeys.cameraStates]) assert.deepEqual(await client.hkeys(key), ['gate']);
    assert.equal(await frames.exists(frameKeys.frame('drill--gate')), 0);
    const history = await call('GET', `/api/history?cameraId=drill--gate&from=0&to=${Date.now()}&stepMs=3600000`);
    assert.doesNotMatch(await history.text(), /countMean/, 'no history is kept of it');
    assert.match(await (await call('GET', '/api/alerts/events.csv')).text(), /exercise/);
    live.close();
  });

  it('ends by itself; neither silences, clears nor touches a real alert beside it', async () => {
    const client = redis.client();
    const offset = await newest();
    feed.people = 95;
    const real = await announcement(
      client,
      'caution',
      (e) => e.offset > offset && e.cameraId === 'gate' && e.to.level === 'caution',
    );
    await begin(12);
    const firing = await severe(offset);
    await call('POST', '/api/silences', {
      actor: 'Lee',
      cameraId: 'drill--gate',
      upToLevel: 'severe',
      reason: 'drill',
      durationMs: 60_000,
    });
    feed.people = 0;
    await announcement(client, 'its end', (e) => e.type === 'alert.resolved' && e.alertId === real.alertId);
    feed.people = 95;
    const again = await announcement(
      client,
      'caution again',
      (e) => e.offset > firing.offset && e.cameraId === 'gate' && e.type === 'alert.firing',
    );
    assert.deepEqual([again.mode, again.exercise, again.silenced], ['actual', undefined, false]);
    await until('it is told', () => listener.received.find(({ id }) => id === again.eventId));
    await isOver();
    const left = await until('only the real one is on', async () => {
      const on = await active();
      return on.every(({ exercise }) => !exercise)
        ? on.filter(({ resolvedAt }) => resolvedAt === undefined)
        : undefined;
    });
    assert.deepEqual(
      left.map(({ alertId, level }) => [alertId, level]),
      [[again.alertId, 'caution']],
    );
    feed.people = 0;
    await announcement(client, 'calm', (e) => e.type === 'alert.resolved' && e.alertId === again.alertId);
  });

  it('ends at once when a real alert is raised', async () => {
    const client = redis.client();
    const offset = await newest();
    await begin(600);
    await severe(offset);
    feed.people = 150;
    const real = await announcement(
      client,
      'real',
      (e) => e.offset > offset && e.cameraId === 'gate' && e.to.level === 'severe',
    );
    await isOver();
    await until('the drill’s alerts are gone', async () => (await active()).every(({ exercise }) => !exercise));
    assert.ok((await active()).some(({ alertId, resolvedAt }) => alertId === real.alertId && resolvedAt === undefined));
    feed.people = 0;
    await announcement(client, 'calm', (e) => e.type === 'alert.resolved' && e.alertId === real.alertId);
  });

  it('is one at a time, and refused with a reason', async () => {
    assert.equal((await call('POST', '/api/drills', { actor: 'Kim', name: 'none' })).status, 404);
    assert.equal((await call('POST', '/api/drills', { actor: 'Kim', scenario: { title: 'x' } })).status, 400);
    assert.equal((await call('DELETE', '/api/drills/current?actor=Kim')).status, 404);
    const clip = await call('POST', '/api/drills', { actor: 'Kim', name: 'crowd' });
    assert.equal(clip.status, 400);
    assert.match(
      ((await clip.json()) as { detail: string }).detail,
      /no ingest process runs that could play crowd\.mp4/,
    );
    assert.equal((await call('POST', '/api/drills', { actor: 'Kim', name: 'surge' })).status, 201);
    const second = await call('POST', '/api/drills', { actor: 'Kim', name: 'blind' });
    assert.deepEqual([second.status, ((await second.json()) as { title: string }).title], [409, 'drill-running']);
    const list = Drills.parse(await (await call('GET', '/api/drills')).json());
    assert.equal(list.running?.name, 'surge');
    assert.deepEqual(
      list.scenarios.map(({ name }) => name),
      ['blind', 'crowd', 'slow-fill', 'surge'],
    );
    assert.equal((await call('DELETE', '/api/drills/current?actor=Lee')).status, 200);
    await isOver();
  });

  it('does not outlive the process that played it', async () => {
    const offset = await newest();
    await begin(600);
    await severe(offset);
    await services.pop()?.close();
    await start('b');
    await isOver();
    await until('no drill alert is left', async () => (await active()).every(({ exercise }) => !exercise));
    const end = await announcement(
      redis.client(),
      'its end',
      (e) => e.offset > offset && e.cameraId === 'drill--gate' && e.type === 'alert.resolved',
    );
    assert.deepEqual([end.reason, end.exercise], ['rule-removed', true]);
  });
});
