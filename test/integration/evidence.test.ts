/** Evidence on a real Redis, a real database and a real disk: from the ring of recent pictures to the gateway. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import sharp from 'sharp';
import { EvidenceFiles } from '../../services/alerts/evidence/evidence-files.ts';
import { EvidenceStore } from '../../services/alerts/evidence/evidence-store.ts';
import { startAlerts } from '../../services/alerts/service.ts';
import { AlertStore } from '../../services/alerts/store/alert-store.ts';
import { type Gateway, startGateway } from '../../services/gateway/service.ts';
import type { Config } from '../../shared/config/schema.ts';
import { Evidence } from '../../shared/contracts/evidence.ts';
import { decodeHeatmap, encodeHeatmap } from '../../shared/contracts/heatmap.ts';
import { publishHeatmap } from '../../shared/readings/reading-publisher.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { announcement, type Feed, fastConfig, startFeed } from '../helpers/alert-feed.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const logger = createLogger('test', 'silent');
const DAY_MS = 86_400_000;

describe('evidence', () => {
  let redis: TestRedis;
  let dir: string;
  let feed: Feed;
  let gateway: Gateway;
  let alerts: Service | undefined;
  /** Whether pictures are laid into the ring, as a worker does. */
  let ring: 'picture' | 'heatmap' | undefined = 'picture';
  const config = (evidence: Partial<Config['alerts']['evidence']> = {}): Config => {
    const fast = fastConfig({ gateway: { port: 0 }, zone: { limits: { occupancy: { alert: 1, severe: 1.1 } } } });
    fast.alerts.evidence = { mode: 'blurred', keepDays: 30, minFreeMb: 0, ...evidence };
    return fast;
  };
  const restart = async (next: Config): Promise<void> => {
    await alerts?.close();
    const redisUrls = { state: redis.url, frames: redis.framesUrl };
    alerts = await startAlerts({ config: next, redisUrls, logger, dataDir: dir, instance: 'a' });
  };
  const get = async (path: string): Promise<Response> => fetch(new URL(path, gateway.url));
  const listed = async (path: string): Promise<Evidence[]> => Evidence.array().parse(await (await get(path)).json());
  /** From calm to severe and back to calm; what was told of it. */
  const surge = async () => {
    const client = redis.client();
    const from = (await client.hget('headroom:alert-announced', 'offset')) ?? '0';
    feed.people = 150;
    const firing = await announcement(client, 'severe', (e) => e.offset > Number(from) && e.to.level === 'severe');
    feed.people = 0;
    await announcement(client, 'end', (e) => e.type === 'alert.resolved' && e.alertId === firing.alertId);
    const path = firing.evidence ?? `/api/alerts/${encodeURIComponent(firing.alertId)}/evidence`;
    const entries = await until('evidence is settled', async () => {
      const found = await listed(path);
      return found.every(({ state }) => state !== 'pending') ? found : undefined;
    });
    return { firing, entries };
  };

  before(async () => {
    redis = await startRedis();
    dir = await mkdtemp(join(tmpdir(), 'hr-evidence-'));
    const frames = redis.client();
    await frames.select(1);
    const jpeg = await sharp({ create: { width: 320, height: 180, channels: 3, background: '#888' } })
      .jpeg()
      .toBuffer();
    const onPicture = async ({ cameraId, seq, capturedAt }: { cameraId: string; seq: number; capturedAt: number }) => {
      const people = feed?.people ?? 0;
      const values = new Uint8Array(96 * 54).fill(people > 0 ? 200 : 0);
      const map = { cameraId, seq, capturedAt, width: 96, height: 54, peoplePerUnit: 0.002, values };
      const frame = { cameraId, seq, capturedAt, widthPx: 320, heightPx: 180, jpeg };
      await publishHeatmap(frames, frame, encodeHeatmap({ ...map, heads: people > 0 ? [[0.5, 0.5]] : [] }), 5000, ring);
    };
    feed = await startFeed(redis.client(), { everyMs: 100, onPicture });
    const redisUrls = { state: redis.url, frames: redis.framesUrl };
    gateway = await startGateway({ config: config(), redisUrls, logger });
    await restart(config());
  });
  after(async () => {
    await alerts?.close();
    await gateway.close();
    await feed.close();
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('keeps the very picture that decided each change of level, and serves it', async () => {
    const { firing, entries } = await surge();
    assert.deepEqual(
      entries.map(({ state, level, gap }) => [state, level, gap]),
      [
        ['kept', 'severe', undefined],
        ['kept', 'alert', undefined],
        ['kept', 'alert', undefined],
      ],
      'the rise, the fall to alert, and the end of that',
    );
    const [first] = entries;
    assert.ok(first);
    assert.equal(first.eventId, firing.eventId);
    assert.equal(first.capturedAt, firing.capturedAt);
    const picture = await get(`/api/evidence/${encodeURIComponent(first.eventId)}/picture.jpg`);
    assert.equal(picture.headers.get('content-type'), 'image/jpeg');
    assert.equal(picture.headers.get('etag'), `"${first.files.picture?.sha256}"`);
    const { width, height } = await sharp(Buffer.from(await picture.arrayBuffer())).metadata();
    assert.deepEqual([width, height], [320, 180]);
    const heat = await get(`/api/evidence/${encodeURIComponent(first.eventId)}/heat.png`);
    assert.equal((await sharp(Buffer.from(await heat.arrayBuffer())).metadata()).format, 'png');
    const map = await get(`/api/evidence/${encodeURIComponent(first.eventId)}/map.bin`);
    const decoded = decodeHeatmap(new Uint8Array(await map.arrayBuffer()));
    assert.equal(decoded.capturedAt, firing.capturedAt);
    assert.equal((await stat(new EvidenceFiles(join(dir, 'evidence')).pathOf(first, 'picture'))).mode & 0o077, 0);
    assert.equal((await get('/api/evidence/none~1/picture.jpg')).status, 404);
  });

  it('hands out no file that was changed on the disk', async () => {
    const { entries } = await surge();
    const [first] = entries;
    assert.ok(first);
    await writeFile(new EvidenceFiles(join(dir, 'evidence')).pathOf(first, 'picture'), 'another picture');
    const answer = await get(`/api/evidence/${encodeURIComponent(first.eventId)}/picture.jpg`);
    assert.equal(answer.status, 404);
    assert.match(await answer.text(), /file-altered/);
  });

  it('says why nothing is kept, and the alert is told all the same', async () => {
    ring = undefined;
    assert.deepEqual((await surge()).entries[0]?.gap, 'picture-gone');
    ring = 'heatmap';
    assert.deepEqual((await surge()).entries[0]?.gap, 'picture-gone', 'a map without its picture, where one is wanted');
    ring = 'picture';
    await restart(config({ minFreeMb: 1e9 }));
    assert.deepEqual((await surge()).entries[0]?.gap, 'disk-low');
    await rm(join(dir, 'evidence'), { recursive: true, force: true });
    await writeFile(join(dir, 'evidence'), 'no folder can be made here');
    await restart(config());
    assert.deepEqual((await surge()).entries[0]?.gap, 'disk-failed');
    await rm(join(dir, 'evidence'));
    await mkdir(join(dir, 'evidence'));
  });

  it('keeps no pixel in the mode heatmap, and nothing at all when it is off', async () => {
    await restart(config({ mode: 'heatmap' }));
    const [first] = (await surge()).entries;
    assert.deepEqual([first?.state, Object.keys(first?.files ?? {})], ['kept', ['heat', 'map']]);
    await restart(config({ mode: 'off' }));
    const { firing, entries } = await surge();
    assert.deepEqual([firing.evidence, entries], [undefined, []]);
  });

  it('is deleted with its files when its time is over, and the audit log says so', async () => {
    await restart(config());
    await surge();
    await alerts?.close();
    alerts = undefined;
    const store = await AlertStore.open(join(dir, 'headroom.db'));
    const old = Evidence.parse(
      JSON.parse(
        (await store.db.selectFrom('evidence').select('body').orderBy('at', 'desc').executeTakeFirstOrThrow()).body,
      ),
    );
    const aged = { ...old, eventId: 'old~1', at: old.at - 31 * DAY_MS };
    const files = new EvidenceFiles(join(dir, 'evidence'));
    await files.write(aged, 'picture', Buffer.from('old'));
    const { state } = aged;
    const row = { event_id: aged.eventId, alert_id: aged.alertId, at: aged.at, state, body: JSON.stringify(aged) };
    await store.db.insertInto('evidence').values(row).execute();
    await restart(config());
    await until('it is gone', async () => (await new EvidenceStore(store.db).find('old~1')) === undefined);
    assert.ok(!(await readdir(join(dir, 'evidence'))).includes(new Date(aged.at).toISOString().slice(0, 10)));
    assert.ok(await new EvidenceStore(store.db).find(old.eventId), 'what is young stays');
    const audit = await store.db.selectFrom('commands').select('body').where('actor', '=', 'retention').execute();
    assert.deepEqual(
      audit.map(({ body }) => JSON.parse(body).entries),
      [1],
    );
    await store.close();
  });

  it('is deleted also where it was written by a process that leads no more', async () => {
    const own = await mkdtemp(join(tmpdir(), 'hr-evidence-b-'));
    const files = new EvidenceFiles(join(own, 'evidence'));
    const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
    const [old, young] = [Date.now() - 32 * DAY_MS, Date.now() - 29 * DAY_MS];
    for (const at of [old, young]) await files.write({ eventId: 'led-once', at }, 'picture', Buffer.from('people'));
    await mkdir(join(own, 'evidence', 'not-a-day'));
    const redisUrls = { state: redis.url, frames: redis.framesUrl };
    const standby = await startAlerts({ config: config(), redisUrls, logger, dataDir: own, instance: 'b' });
    try {
      const left = () => readdir(join(own, 'evidence'));
      await until('it is gone', async () => !(await left()).includes(day(old)), 10_000);
      assert.deepEqual((await left()).sort(), [day(young), 'not-a-day']);
    } finally {
      await standby.close();
      await rm(own, { recursive: true, force: true });
    }
  });

  it('outlives frames that are away: the alert is told, the entry says so', async () => {
    await alerts?.close();
    const nowhere = `unix://${join(dir, 'no-redis.sock')}`;
    alerts = await startAlerts({
      config: config(),
      redisUrls: { state: redis.url, frames: nowhere },
      logger,
      dataDir: dir,
      instance: 'a',
    });
    assert.equal((await surge()).entries[0]?.gap, 'picture-store-away');
  });
});
