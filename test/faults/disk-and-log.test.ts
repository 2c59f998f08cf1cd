/** A full disk and a log that nobody can write or reads: counting goes on, and alerts come once there is room (fault 49). */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AlertsHealth, alertKeys } from '../../shared/contracts/alert.ts';
import { provenDelivered } from '../helpers/alert-proof.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { type Surge, startSurge } from '../helpers/surge.ts';
import { until } from '../helpers/until.ts';

const DISK_MIB = 24;

const freshAfter = (surge: Surge, since: number) =>
  until(
    'every camera is counted',
    () =>
      surge.ids.every((id) =>
        surge.live.readings(id).some(({ message }) => message.status === 'ok' && message.capturedAt > since),
      ),
    30_000,
  );

describe('a full disk under the alerts’ data', { skip: !mayMount() && 'this user may not mount a small disk' }, () => {
  let disk: string;
  let redis: TestRedis;
  let surge: Surge;
  before(async () => {
    disk = await mkdtemp(join(tmpdir(), 'hr-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', disk]);
    redis = await startRedis();
    surge = await startSurge({
      cameras: 1,
      dataDir: disk,
      env: { REDIS_URL: redis.url, FRAMES_REDIS_URL: redis.framesUrl },
    });
    await surge.round();
  });
  after(async () => {
    await surge?.stop();
    await redis?.stop();
    execFileSync('umount', ['-l', disk]);
    await rm(disk, { recursive: true, force: true });
  });

  test('counting goes on, health says it, and all that was decided meanwhile comes when there is room', async () => {
    const started = await surge.services();
    const health = async () => AlertsHealth.parse(JSON.parse((await redis.client().get(alertKeys.health)) ?? ''));
    await fill(join(disk, 'ballast'));
    await until('the leader says so', async () => (await health()).database === 'away', 60_000);
    const stoodStillAt = Date.now();
    await freshAfter(surge, stoodStillAt + 8000);
    assert.deepEqual(await surge.services(), started);
    await rm(join(disk, 'ballast'));
    await until('the leader is well', async () => (await health()).database === 'up', 60_000);
    await surge.round();
    const stored = await provenDelivered(surge.database, surge.listener);
    const meanwhile = stored.filter(
      ({ rule, at }) => rule === 'zone-count' && at > stoodStillAt && at < stoodStillAt + 8000,
    );
    assert.ok(meanwhile.length > 0, 'what was decided on the full disk is there, as of its own time');
    assert.deepEqual(await surge.services(), started, 'nothing had to be started again');
  });
});

describe('a log', () => {
  /** The camera goes and comes back: ingest, alerts and gateway have something to say. */
  const somethingToSay = async (surge: Surge): Promise<void> => {
    const lost = surge.live.nextReading('c0', ({ status }) => status !== 'ok', 30_000);
    surge.server.pause();
    await lost;
    surge.server.resume();
  };
  const env = { HEADROOM_LOG_LEVEL: 'debug', REDIS_URL: '', FRAMES_REDIS_URL: '' };

  test('that nobody reads any more ends no service', async (t) => {
    const surge = await startSurge({ cameras: 1, env });
    t.after(() => surge.stop());
    await surge.round();
    const started = await surge.services();
    surge.system.launcher.stdout?.destroy();
    surge.system.launcher.stderr?.destroy();
    await somethingToSay(surge);
    await surge.round();
    assert.deepEqual(await surge.services(), started);
    await provenDelivered(surge.database, surge.listener);
  });

  test('whose disk is full ends no service', async (t) => {
    const full = await open('/dev/full', 'w');
    t.after(() => full.close());
    const surge = await startSurge({ cameras: 1, env, log: full.fd });
    t.after(() => surge.stop());
    await surge.round();
    const started = await surge.services();
    await somethingToSay(surge);
    await surge.round();
    assert.deepEqual(await surge.services(), started);
    await provenDelivered(surge.database, surge.listener);
  });
});

/** Writes until the disk has no room left. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  for (const size of [1 << 20, 4096, 1]) {
    const block = Buffer.alloc(size);
    try {
      for (;;) await file.write(block);
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
    }
  }
  await file.close();
}

function mayMount(): boolean {
  const dir = join(tmpdir(), `hr-may-mount-${process.pid}`);
  try {
    execFileSync('sh', ['-c', `mkdir ${dir} && mount -t tmpfs -o size=1m tmpfs ${dir} && umount ${dir}`], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  } finally {
    execFileSync('rm', ['-rf', dir]);
  }
}
