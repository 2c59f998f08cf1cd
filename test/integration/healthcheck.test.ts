/** The health check of a container whose service has no port: is the service alive that runs here, not a namesake. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { stateKeys } from '../../shared/contracts/keys.ts';
import { instanceName } from '../../shared/runtime/presence.ts';
import { startRedis } from '../helpers/redis.ts';

test('a service is well when it is alive here; one of another container of this host name does not count', async () => {
  const redis = await startRedis();
  const dir = await mkdtemp(join(tmpdir(), 'hr-health-'));
  try {
    const config = join(dir, 'headroom.yaml');
    await writeFile(config, 'cameras: []\n');
    const client = redis.client();
    const present = async (instance: string) => {
      await client.flushall();
      const word = { service: 'alerts', instance, startedAt: 1, at: 1 };
      await client.set(stateKeys.presence('alerts', instance), JSON.stringify(word));
      const args = ['infra/docker/healthcheck.mjs', 'presence', 'alerts', '--config', config];
      const check = spawn(process.execPath, args, { env: { ...process.env, REDIS_URL: redis.url }, stdio: 'inherit' });
      const [code] = await once(check, 'exit');
      return code === 0;
    };
    assert.equal(await present(instanceName()), true);
    assert.equal(await present(`${hostname()}-1-deadbeef`), false);
  } finally {
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  }
});
