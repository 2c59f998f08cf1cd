/** Operators' orders over the live socket and over REST: carried out once, told to everybody, audited and exported. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { startAlerts } from '../../services/alerts/service.ts';
import { type Gateway, startGateway } from '../../services/gateway/service.ts';
import type { AlertEvent } from '../../shared/contracts/alert.ts';
import type { OperatorCommand } from '../../shared/contracts/alert-command.ts';
import { AuditEntry } from '../../shared/contracts/history.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { announced, announcement, type Feed, fastConfig, startFeed } from '../helpers/alert-feed.ts';
import { connectLive, type LiveClient } from '../helpers/live-client.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const logger = createLogger('test', 'silent');

let redis: TestRedis;
let dir: string;
let feed: Feed;
let alerts: Service;
let gateway: Gateway;
let live: LiveClient;
let firing: AlertEvent;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-orders-'));
  redis = await startRedis();
  feed = await startFeed(redis.client());
  const o = {
    config: fastConfig({ gateway: { port: 0 } }),
    logger,
    redisUrls: { state: redis.url, frames: redis.framesUrl },
  };
  alerts = await startAlerts({ ...o, dataDir: dir, instance: 'a' });
  gateway = await startGateway(o);
  live = await connectLive(`${gateway.url.replace('http', 'ws')}/ws`);
  feed.people = 150;
  firing = await announcement(redis.client(), 'severe', (e) => e.type === 'alert.firing');
});
after(async () => {
  live?.close();
  await gateway?.close();
  await alerts?.close();
  await feed?.close();
  await redis?.stop();
  await rm(dir, { recursive: true, force: true });
});

const order = async (command: OperatorCommand) => {
  const from = live.messages.length;
  live.send({ type: 'order', command });
  const heard = await until('the answer', () =>
    live.messages
      .slice(from)
      .find(({ message }) => message.type === 'ordered' && message.commandId === command.commandId),
  );
  assert.ok(heard.message.type === 'ordered');
  return heard.message;
};
const get = (path: string): Promise<Response> => fetch(`${gateway.url}${path}`);

it('over the socket, each once, however often it is sent', async () => {
  const { alertId } = firing;
  const assign: OperatorCommand = {
    type: 'assign',
    commandId: 'screen-1-1',
    actor: 'Kim',
    alertId,
    assignee: 'Team 4',
  };
  assert.equal((await order(assign)).ok, true);
  assert.equal((await order(assign)).ok, true);
  assert.equal((await order({ type: 'acknowledge', commandId: 'screen-1-2', actor: 'Kim', alertId })).ok, true);
  assert.equal(
    (await order({ type: 'comment', commandId: 'screen-1-3', actor: 'Lee', alertId, note: 'on the way' })).ok,
    true,
  );
  const refused = await order({
    type: 'assign',
    commandId: 'screen-1-4',
    actor: 'Kim',
    alertId: 'none',
    assignee: 'x',
  });
  assert.deepEqual([refused.ok, refused.code], [false, 'unknown-alert']);

  const assigned = (await announced(redis.client())).filter(({ type }) => type === 'alert.assigned');
  assert.deepEqual(
    assigned.map(({ actor, note }) => [actor, note]),
    [['Kim', 'Team 4']],
  );
  await until('every client hears who has it', () =>
    live.messages.some(
      ({ message }) =>
        message.type === 'alerts' && message.active.some(({ operator }) => operator.assignee === 'Team 4'),
    ),
  );
  live.send({ type: 'order', command: { type: 'start-drill' } as never });
  await until('anything else is refused', () => live.messages.some(({ message }) => message.type === 'error'));
});

it('refused where a silence would mute more than was meant, or nothing at all', async () => {
  const post = async (target: object): Promise<[number, string]> => {
    const body = { actor: 'Park', upToLevel: 'severe', reason: 'works', durationMs: 60_000, ...target };
    const answer = await fetch(`${gateway.url}/api/silences`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return [answer.status, await answer.text()];
  };
  // Left out of what is read, it would silence the whole site.
  const misspelt = await post({ camera: 'gate' });
  assert.deepEqual([misspelt[0], /camera/.test(misspelt[1])], [400, true], misspelt[1]);
  for (const target of [{ cameraId: 'gat' }, { zoneId: 'stairs' }, { cameraId: 'gate', rule: 'line-in' }]) {
    const [status, text] = await post(target);
    assert.deepEqual([status, /no alert/i.test(text)], [400, true], text);
  }
  const from = live.messages.length;
  const typed = { type: 'silence', commandId: 'silence-wide', actor: 'Park', upToLevel: 'severe', reason: 'x' };
  live.send({ type: 'order', command: { ...typed, durationMs: 60_000, camera: 'gate' } as never });
  await until('refused', () => live.messages.slice(from).some(({ message }) => message.type === 'error'));
  assert.deepEqual(await (await get('/api/silences')).json(), []);
});

it('audited with who, when and what, also where no alert was touched', async () => {
  const silence = {
    actor: '=Park',
    cameraId: 'gate',
    zoneId: 'stage',
    upToLevel: 'caution',
    reason: 'works',
    durationMs: 60_000,
  };
  const made = await fetch(`${gateway.url}/api/silences`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(silence),
  });
  assert.equal(made.status, 201);
  const entries = AuditEntry.array().parse(await (await get('/api/audit')).json());
  assert.deepEqual(entries.map(({ actor, what, ok }) => [actor, what, ok]).toReversed(), [
    ['Kim', 'assign', true],
    ['Kim', 'acknowledge', true],
    ['Lee', 'comment', true],
    ['=Park', 'silence', true],
  ]);
  assert.equal(entries[0]?.order.reason, 'works');
  assert.deepEqual(entries[3]?.order, { alertId: firing.alertId, assignee: 'Team 4' });
  assert.deepEqual(AuditEntry.array().parse(await (await get(`/api/audit?from=${Date.now() + 60_000}`)).json()), []);
  const csv = await (await get('/api/audit.csv')).text();
  assert.match(csv, /^at,actor,what,ok,order,commandId\r\n/);
  assert.match(csv, /,'=Park,silence,true,/, 'no formula for a spreadsheet');
});

it('exported with configuration and model version', async () => {
  const csv = await (await get('/api/alerts/events.csv')).text();
  const [header = '', ...rows] = csv.trim().split('\r\n');
  const columns = header.split(',');
  const cell = (row: string, name: string) => row.split(',')[columns.indexOf(name)];
  const raised = rows.find((row) => cell(row, 'type') === 'alert.firing') ?? '';
  assert.deepEqual([cell(raised, 'model'), cell(raised, 'configVersion')], ['m@1', firing.configVersion]);
  const assigned = rows.find((row) => cell(row, 'type') === 'alert.assigned') ?? '';
  assert.deepEqual([cell(assigned, 'actor'), cell(assigned, 'note')], ['Kim', 'Team 4']);
  assert.ok(Number.isFinite(Date.parse(cell(assigned, 'at') ?? '')));
});
