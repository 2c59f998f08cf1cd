/** What a new leader makes of readings that came while nobody led, from a real Redis, by whose clock they are late. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Redis } from 'ioredis';
import { CameraFeed } from '../../services/alerts/camera-feed.ts';
import { AlertEngine } from '../../services/alerts/engine.ts';
import { InputStreams } from '../../services/alerts/input-streams.ts';
import { enginePolicy } from '../../services/alerts/policy.ts';
import { rulesOf } from '../../services/alerts/rules/rules-of.ts';
import type { CameraState } from '../../shared/contracts/camera.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import type { WorkerReading } from '../../shared/contracts/reading.ts';
import { fastConfig } from '../helpers/alert-feed.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

/** How far the instant of a judgement may be from that of the writing: the test itself takes time. */
const NEAR_MS = 500;
const config = fastConfig();

function readingOf(seq: number, capturedAt: number, people: number): WorkerReading {
  const zone = { zoneId: 'stage', name: 'stage', count: people, calibrated: false };
  return {
    ...{ cameraId: 'gate', seq, capturedAt, publishedAt: capturedAt, status: 'ok' },
    ...{ count: people, interval: [people, people], heads: people },
    zones: [{ ...zone, interval: [people, people] }],
    model: { name: 'm', version: '1', steps: 1, warmStart: true },
  };
}

const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= NEAR_MS;

describe('readings of the time without a leader', () => {
  let redis: TestRedis;
  let client: Redis;
  let seq = 0;

  before(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  beforeEach(() => client.flushall());
  after(() => redis.stop());

  /** Writes a reading as a worker did `agoMs` ago. @returns the instant of then */
  const write = async (agoMs: number, people: number): Promise<number> => {
    const [seconds, micros] = await client.time();
    const then = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) - agoMs;
    seq += 1;
    const body = JSON.stringify(readingOf(seq, then, people));
    await client.xadd(stateKeys.events, `${then}-0`, 'kind', 'reading', 'body', body);
    return then;
  };
  const putState = async (state: Partial<CameraState>): Promise<void> => {
    const whole = { cameraId: 'gate', phase: 'live', since: Date.now() - 1000, attempt: 0, node: 'n', ...state };
    await client.hset(stateKeys.cameraStates, 'gate', JSON.stringify(whole));
  };
  const putPresence = async (...services: string[]): Promise<void> => {
    for (const service of services) {
      const presence = { service, instance: 'test', startedAt: 1, at: Date.now() };
      await client.set(stateKeys.presence(service, 'test'), JSON.stringify(presence));
    }
  };
  /** A leader that begins now, from the stream's first entry on. */
  const lead = async () => {
    const streams = await InputStreams.open(redis.client(), { events: '0-0' });
    const feed = await CameraFeed.open(client, config.cameras);
    await feed.refresh();
    const takeAll = async () => (await streams.read(100)).map((entry) => feed.take(entry));
    return { feed, takeAll };
  };

  for (const agoMs of [3000, 600_000]) {
    const todays: [string, () => Promise<void>][] = [
      ['that the camera has since been lost', () => putState({ phase: 'no-signal', reason: 'timeout' })],
      ['that its pictures are since not to be counted', () => putState({ trouble: 'frozen' })],
      ['that it has since come back from an outage', () => putState({})],
      ['that nothing is known of it any more', async () => undefined],
    ];
    for (const [today, put] of todays) {
      it(`one of ${agoMs / 1000} s ago is judged as of then: ${today} does not matter`, async () => {
        await put();
        await putPresence('ingest', 'worker');
        const then = await write(agoMs, 42);
        const { feed, takeAll } = await lead();
        const [seen, ...others] = await takeAll();
        assert.deepEqual(others, []);
        assert.ok(seen, 'it is looked at');
        assert.ok(isNear(seen.now, then), `as of ${seen.now - then} ms after it was written`);
        assert.equal(seen.told.status, 'ok');
        assert.equal(seen.told.capturedAt, then);
        assert.notEqual(feed.watch.look('gate', Date.now())?.status, 'ok', 'as of now it shows nothing');
      });
    }

    it(`one of ${agoMs / 1000} s ago is judged as of then: that services have since gone does not matter`, async () => {
      await putState({ since: Date.now() - 3_600_000 });
      const then = await write(agoMs, 42);
      const { feed, takeAll } = await lead();
      const [seen] = await takeAll();
      assert.ok(seen && isNear(seen.now, then));
      assert.equal(seen.told.status, 'ok');
      assert.equal(feed.watch.look('gate', Date.now())?.status, 'no-signal');
    });
  }

  it('a fresh one is judged as of now, with what is known now', async () => {
    await putState({ phase: 'no-signal', reason: 'timeout' });
    await putPresence('ingest', 'worker');
    const { takeAll } = await lead();
    await write(0, 42);
    const [seen] = await takeAll();
    assert.ok(seen && isNear(seen.now, Date.now()));
    assert.equal(seen.told.status, 'no-signal');
  });

  it('a clock an hour ahead of that of Redis makes nothing late', async (t) => {
    await putState({ phase: 'no-signal', reason: 'timeout' });
    await putPresence('ingest', 'worker');
    const { takeAll } = await lead();
    await write(0, 42);
    const real = Date.now;
    t.mock.method(Date, 'now', () => real() + 3_600_000);
    const [seen] = await takeAll();
    assert.ok(seen && isNear(seen.now, Date.now()));
    assert.equal(seen.told.status, 'no-signal', 'judged by what is known now');
  });

  it('a clock behind that of Redis makes nothing fresh', async (t) => {
    await putPresence('ingest', 'worker');
    await putState({ phase: 'no-signal', reason: 'timeout' });
    await write(3000, 42);
    const real = Date.now;
    t.mock.method(Date, 'now', () => real() - 2500);
    const { takeAll } = await lead();
    const [seen] = await takeAll();
    assert.equal(seen?.told.status, 'ok', 'judged as of its own time');
  });

  it('one of a camera that is not configured any more is looked at by nobody', async () => {
    await write(3000, 42);
    const streams = await InputStreams.open(redis.client(), { events: '0-0' });
    const feed = await CameraFeed.open(client, []);
    assert.deepEqual(
      (await streams.read(100)).map((entry) => feed.take(entry)),
      [undefined],
    );
  });

  it('a rise that nobody saw raises its alert as of its own time, though the camera is lost by now', async () => {
    await putState({ phase: 'no-signal', reason: 'timeout' });
    const times: number[] = [];
    for (let agoMs = 20_000; agoMs >= 19_000; agoMs -= 100) times.push(await write(agoMs, 115));
    const { takeAll } = await lead();
    const stored = { epoch: 'e', offset: 0, machines: new Map(), alerts: new Map(), silences: new Map() };
    const engine = new AlertEngine(stored, rulesOf(config), enginePolicy(config));
    const events = (await takeAll()).flatMap((seen) => (seen ? engine.observe(seen.told, seen.now).events : []));
    assert.deepEqual(
      events.map(({ type, to }) => [type, to.level]),
      [['alert.firing', 'severe']],
    );
    assert.ok(isNear(events[0]?.at ?? 0, times[2] ?? 0), 'two dwells of 100 ms after its first picture');
  });
});
