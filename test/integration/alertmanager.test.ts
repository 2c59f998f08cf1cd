/** The Alertmanager receiver at a real Alertmanager, and what goes over the wire, checked against the API's rules. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { startAlerts } from '../../services/alerts/service.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { announcement, type Feed, fastConfig, startFeed } from '../helpers/alert-feed.ts';
import { type Alertmanager, type Gettable, startAlertmanager } from '../helpers/alertmanager.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const PATIENCE_MS = 40_000;
/** Two levels, so that a change of level can be seen. */
const zone = { limits: { occupancy: { caution: 0.5, severe: 1.1 } } };

/** `postableAlerts` of the API v2: what an Alertmanager of any version refuses is refused here. */
const labelSet = z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string().min(1));
const instant = z.iso.datetime();
const PostableAlerts = z.array(
  z
    .strictObject({
      labels: labelSet.refine((labels) => labels.alertname !== undefined),
      annotations: labelSet,
      startsAt: instant,
      endsAt: instant.optional(),
      generatorURL: z.url().optional(),
    })
    .refine(({ startsAt, endsAt }) => endsAt === undefined || endsAt >= startsAt, 'ends before it starts'),
);

describe('alertmanager receiver', { timeout: 300_000 }, () => {
  let redis: TestRedis;
  let feed: Feed;
  let dir: string;
  const open: { close(): Promise<void> }[] = [];
  const logs: string[] = [];

  before(async () => {
    redis = await startRedis();
    dir = await mkdtemp(join(tmpdir(), 'hr-am-'));
    feed = await startFeed(redis.client());
  });
  afterEach(async () => {
    feed.people = 0;
    for (const one of open.splice(0).reverse()) await one.close();
  });
  after(async () => {
    await feed.close();
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const start = async (url: string, more: Record<string, unknown> = {}): Promise<Service> => {
    const endpoint = {
      id: 'ops',
      kind: 'alertmanager',
      url,
      allowHttp: true,
      allow: ['127.0.0.1'],
      minLevel: 'attention',
      repostMs: 1000,
      holdMs: 60_000,
      dashboardUrl: 'https://headroom.example.org/',
      ...more,
    };
    const service = await startAlerts({
      config: fastConfig({
        zone,
        alerts: { silentMs: 1000, noDataNoticeMs: 500 },
        deliveries: {
          source: '/site/test',
          endpoints: [endpoint],
          fastDelaysMs: [0, 200, 1000],
          delaysMs: [0, 200, 3_600_000],
        },
      }),
      redisUrls: { state: redis.url, frames: redis.framesUrl },
      logger: createLogger('alerts', 'debug', { write: (line) => logs.push(line) }),
      dataDir: dir,
    });
    open.push(service);
    return service;
  };
  const run = async (resolveTimeout?: string): Promise<Alertmanager> => {
    const manager = await startAlertmanager(resolveTimeout);
    open.push(manager);
    return manager;
  };
  const ours = async (manager: Alertmanager): Promise<Gettable[]> =>
    (await manager.alerts()).filter(({ labels }) => labels.zone === 'stage');
  const levelsAt = async (manager: Alertmanager): Promise<string> =>
    (await ours(manager)).map(({ labels }) => labels.level).join();
  const hasLevels = (manager: Alertmanager, levels: string): Promise<boolean> =>
    until(`it shows "${levels}"`, async () => (await levelsAt(manager)) === levels, PATIENCE_MS);

  it('an alert stands there with its labels, changes its level, and ends when it ends', async () => {
    const manager = await run();
    await start(manager.url);
    feed.people = 60;
    await hasLevels(manager, 'caution');
    const [caution] = await ours(manager);
    assert.deepEqual(caution?.labels, {
      alertname: 'HeadroomZoneOccupancy',
      camera: 'gate',
      zone: 'stage',
      rule: 'zone-occupancy',
      level: 'caution',
      severity: 'warning',
      site: '/site/test',
      mode: 'actual',
    });
    assert.equal(caution?.annotations.threshold, '0.5');
    assert.match(caution?.annotations.summary ?? '', /Caution: camera gate, zone stage/);
    assert.match(caution?.generatorURL ?? '', /^https:\/\/headroom\.example\.org\/#\/alerts\/[\w~%-]+$/);
    feed.people = 120;
    await hasLevels(manager, 'severe');
    feed.people = 0;
    await hasLevels(manager, '');
    await until('people were told of the end', () =>
      manager.notified.some(({ status, labels }) => status === 'resolved' && labels.level === 'severe'),
    );
    const told = manager.notified.filter(({ labels }) => labels.zone === 'stage');
    assert.equal(told.filter(({ status, labels }) => status === 'firing' && labels.level === 'severe').length, 1);
  });

  it('is kept beyond the resolve_timeout, through blindness and the death of Headroom', async () => {
    const manager = await run('3s');
    const service = await start(manager.url);
    feed.people = 120;
    await hasLevels(manager, 'severe');
    await feed.state('no-signal', 'stalled');
    await announcement(redis.client(), 'blind', (event) => event.type === 'alert.no_data');
    await until(
      'it says so there',
      async () => (await ours(manager))[0]?.annotations.condition === 'no-data',
      PATIENCE_MS,
    );
    await service.close();
    open.splice(open.indexOf(service), 1);
    await delay(4000);
    assert.equal(await levelsAt(manager), 'severe', 'silence is no all-clear');
    assert.ok(!manager.notified.some(({ status, labels }) => status === 'resolved' && labels.level === 'severe'));
    await start(manager.url);
    await feed.state('live');
    feed.people = 0;
    await hasLevels(manager, '');
  });

  it('without a hold, running alerts are posted often enough for the resolve_timeout', async () => {
    const manager = await run('3s');
    await start(manager.url, { holdMs: 0 });
    feed.people = 120;
    await hasLevels(manager, 'severe');
    await delay(5000);
    assert.equal(await levelsAt(manager), 'severe');
    assert.ok(!manager.notified.some(({ status }) => status === 'resolved'));
    feed.people = 0;
    await hasLevels(manager, '');
  });

  it('an Alertmanager that was killed and forgot everything hears it again, in order', async () => {
    const manager = await run();
    await start(manager.url);
    feed.people = 60;
    await hasLevels(manager, 'caution');
    await manager.stop();
    feed.people = 120;
    await announcement(redis.client(), 'severe', (e) => e.to.level === 'severe' && Date.now() - e.at < 5000);
    await delay(1500);
    await manager.start();
    await hasLevels(manager, 'severe');
    feed.people = 0;
    await hasLevels(manager, '');
  });

  it('posts what the API takes, with its token; heartbeat and end over the wire', async () => {
    process.env.AM_TOKEN = 'CANARY_am_token';
    const bodies: { path: string; headers: IncomingHttpHeaders; alerts: z.infer<typeof PostableAlerts> }[] = [];
    const faults: string[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const parsed = PostableAlerts.safeParse(JSON.parse(Buffer.concat(chunks).toString()));
        if (parsed.success) bodies.push({ path: request.url ?? '', headers: request.headers, alerts: parsed.data });
        else faults.push(z.prettifyError(parsed.error));
        response.writeHead(parsed.success ? 200 : 400).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push({
      close: () =>
        new Promise((resolve) => {
          server.closeAllConnections();
          server.close(() => resolve());
        }),
    });
    const { port } = server.address() as AddressInfo;
    await start(`http://127.0.0.1:${port}/am/`, { bearer: '${AM_TOKEN}', heartbeatMs: 1000 });
    const all = () => bodies.flatMap(({ alerts }) => alerts);
    const beat = await until('a heartbeat', () => all().find(({ labels }) => labels.alertname === 'HeadroomHeartbeat'));
    assert.equal(Date.parse(beat.endsAt ?? '') - Date.parse(beat.startsAt), 3000, 'over when three are missed');
    feed.people = 120;
    const firing = await until('it fires', () => all().find(({ labels }) => labels.level === 'severe'));
    assert.ok(Date.parse(firing.endsAt ?? '') > Date.now() + 30_000, 'a time to live, no end');
    feed.people = 0;
    const ended = await until(
      'it ends',
      () => all().find(({ labels, endsAt }) => labels.level === 'severe' && Date.parse(endsAt ?? '') < Date.now()),
      PATIENCE_MS,
    );
    assert.deepEqual(ended.labels, firing.labels);
    assert.deepEqual(faults, []);
    assert.ok(bodies.every(({ path }) => path === '/am/api/v2/alerts'));
    assert.ok(bodies.every(({ headers }) => headers.authorization === 'Bearer CANARY_am_token'));
    assert.ok(bodies.every(({ headers }) => headers['content-type'] === 'application/json'));
    assert.ok(!logs.join('').includes('CANARY_am_token'));
  });
});
