/** Drills of the leading process on a real Redis: when they may begin, what they follow, and that they end. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { DrillDesk } from '../../services/alerts/drill/drill-desk.ts';
import type { ActiveAlert, AlertLevel } from '../../shared/contracts/alert.ts';
import type { AlertReply } from '../../shared/contracts/alert-command.ts';
import { DRILL_KEY } from '../../shared/contracts/drill.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { config } from '../helpers/drills.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const logger = createLogger('test', 'silent');
/** As much of an alert as the desk looks at. */
const alertOf = (cameraId: string, level: AlertLevel, more: Partial<ActiveAlert> = {}): ActiveAlert =>
  ({ alertId: `e~${cameraId}`, rule: 'zone-density', cameraId, zoneId: 'stairs', level, ...more }) as ActiveAlert;

describe('the desk of drills', () => {
  let redis: TestRedis;
  let client: Redis;
  let frames: Redis;
  let desk: DrillDesk;
  const start = (listed: ActiveAlert[] = [], durationSeconds = 600): Promise<AlertReply> => {
    const cameras = [{ like: 'gate', points: [{ atSeconds: 0, level: 'normal' as const }] }];
    const scenario = { title: 'x', durationSeconds, cameras };
    const order = { type: 'start-drill', commandId: 'drill-1', actor: 'Kim', scenario } as const;
    return desk.carryOut(order, config, listed, Date.now());
  };
  const stop = () => desk.carryOut({ type: 'stop-drill', commandId: 'stop-1', actor: 'Kim' }, config, [], Date.now());
  const isUnderWay = async () => (await client.exists(DRILL_KEY)) === 1;
  const isOver = async () => !(await isUnderWay());

  before(async () => {
    redis = await startRedis();
    client = redis.client();
    frames = redis.client();
    await frames.select(1);
    desk = new DrillDesk({ redis: client, frames, logger });
  });
  after(async () => {
    await desk.close();
    await redis.stop();
  });

  it('begins none while a real alert or severe is on', async () => {
    for (const level of ['alert', 'severe'] as const) {
      const reply = await start([alertOf('gate', 'attention'), alertOf('plain', level)]);
      assert.ok(!reply.ok && reply.code === 'real-alert', JSON.stringify(reply));
      assert.match(reply.message, new RegExp(`plain, stairs: ${level}`));
    }
    const harmless = [alertOf('gate', 'caution'), alertOf('plain', 'severe', { resolvedAt: 5 })];
    assert.equal((await start(harmless)).ok, true);
    await until('the drill is under way', isUnderWay);
    await stop();
    await until('the drill is over', isOver);
  });

  it('lets a drill follow the configuration, and ends one that does not fit any more', async () => {
    await start();
    await until('the drill is under way', isUnderWay);
    const [gate] = config.cameras;
    assert.ok(gate);
    const zones = gate.zones.map((zone) => ({ ...zone, id: 'ramp' }));
    desk.configure({ ...config, cameras: [{ ...gate, zones }] });
    assert.deepEqual(
      desk.cameras.map(({ id, zones: [zone] }) => [id, zone?.id]),
      [['drill--gate', 'ramp']],
    );
    desk.configure({ ...config, cameras: [{ ...gate, id: 'other' }] });
    assert.deepEqual(desk.cameras, []);
    await until('the drill is over', isOver);
  });

  it('is under way all the time on a machine that draws slowly, and ends at once', async () => {
    const pipeline = frames.pipeline.bind(frames);
    frames.pipeline = (...of) => {
      const made = pipeline(...of);
      const exec = made.exec.bind(made);
      made.exec = async () => {
        await delay(700);
        return exec();
      };
      return made;
    };
    const [gate] = config.cameras;
    assert.ok(gate);
    const ids = ['a', 'b', 'c'];
    const cameras = ids.map((like) => ({ like, points: [{ atSeconds: 0, level: 'normal' as const }] }));
    const scenario = { title: 'x', durationSeconds: 600, cameras };
    const order = { type: 'start-drill', commandId: 'drill-2', actor: 'Kim', scenario } as const;
    await desk.carryOut(order, { ...config, cameras: ids.map((id) => ({ ...gate, id })) }, [], Date.now());
    await until('the drill is under way', isUnderWay);
    const published = async () => (await client.hkeys(stateKeys.readings)).length;
    let looksOver = 0;
    await until(
      'all of its cameras are seen',
      async () => {
        if (await isOver()) looksOver += 1;
        return (await published()) === ids.length;
      },
      20_000,
    );
    assert.equal(looksOver, 0, 'nobody took it for over');
    const stoppedAt = performance.now();
    await stop();
    await until('the drill is over', isOver);
    assert.ok(performance.now() - stoppedAt < 3000);
    frames.pipeline = pipeline;
  });

  it('ends a drill in time though the clock was set back', async (t) => {
    await start([], 5);
    await until('the drill is under way', isUnderWay);
    const real = Date.now;
    t.mock.method(Date, 'now', () => real() - 3_600_000);
    await until('the drill is over', isOver, 15_000);
  });
});
