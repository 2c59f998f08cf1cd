/** Who leads, and from where: a Redis that lost its last entries, a process that cannot begin. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, it } from 'node:test';
import type { Redis } from 'ioredis';
import { startAlerts } from '../../services/alerts/service.ts';
import { AlertsHealth, alertKeys } from '../../shared/contracts/alert.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { announced, fastConfig, startFeed } from '../helpers/alert-feed.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

let redis: TestRedis;
let client: Redis;
let dir: string;
/** What a test leaves open when it fails. */
let open: { close(): Promise<unknown> }[];

beforeEach(async () => {
  redis = await startRedis();
  client = redis.client();
  dir = await mkdtemp(join(tmpdir(), 'hr-lead-'));
  open = [];
});
afterEach(async () => {
  for (const one of open.reverse()) await one.close();
  await redis.stop();
  await rm(dir, { recursive: true, force: true });
});

const start = async (instance: string, dataDir = dir, write: (line: string) => void = () => {}) => {
  const service = await startAlerts({
    ...{ config: fastConfig({ zone: { limits: { occupancy: { alert: 1, severe: 1.5 } } } }), instance, dataDir },
    ...{ redisUrls: { state: redis.url, frames: redis.framesUrl }, logger: createLogger('alerts', 'warn', { write }) },
  });
  open.push(service);
  return service;
};
const startReadings = async () => {
  const feed = await startFeed(client);
  open.push(feed);
  return feed;
};
const leads = (instance: string) =>
  until(`${instance} leads`, async () => {
    const health = await client.get(alertKeys.health);
    return (
      health !== null && AlertsHealth.parse(JSON.parse(health)) && (await client.get(alertKeys.lease)) === instance
    );
  });
const told = async () => (await announced(client)).map(({ type, alertId }) => [type, alertId.split('~').at(-1)]);

it('a Redis that lost its last readings ends no alert and raises none again', async () => {
  const service = await start('a');
  await leads('a');
  // Calm for longer than an alert takes to clear, then full.
  let feed = await startReadings();
  await until('calm', async () => (await client.xlen(stateKeys.events)) > 60);
  feed.people = 120;
  await until('an alert', async () => (await told()).length === 1);
  await feed.close();
  await service.close();
  const last = await client.xrevrange(stateKeys.events, '+', '-', 'COUNT', 4);
  await client.xdel(stateKeys.events, ...last.map(([id]) => id));

  await start('a');
  await leads('a');
  feed = await startReadings();
  feed.people = 120;
  const seen = await client.xlen(stateKeys.events);
  await until('counts on', async () => (await client.xlen(stateKeys.events)) > seen + 40);
  feed.people = 0;
  await until('it is over', async () => (await told()).at(-1)?.[0] === 'alert.resolved');
  assert.deepEqual(await told(), [
    ['alert.firing', '1'],
    ['alert.resolved', '1'],
  ]);
});

it('a process that cannot begin leaves the lead to one that can, and has it again when it can', async () => {
  const [ill, well] = [join(dir, 'ill'), join(dir, 'well')];
  const first = await start('first', well);
  await leads('first');
  const said: string[] = [];
  await start('second', ill, (line) => said.push(line));
  const database = new DatabaseSync(join(ill, 'headroom.db'));
  database.exec('ALTER TABLE meta RENAME TO meta_away');
  await first.close();
  await until('it has tried', () => said.some((line) => line.includes('not leading')));
  const third = await start('third', well);
  await leads('third');
  await third.close();
  database.exec('ALTER TABLE meta_away RENAME TO meta');
  database.close();
  await leads('second');
});
