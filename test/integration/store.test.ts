/** What is stored of alerts, their deliveries and pictures: the same on SQLite and on PostgreSQL. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DeliveryStore } from '../../services/alerts/deliveries/delivery-store.ts';
import { EvidenceStore, insertEvidence } from '../../services/alerts/evidence/evidence-store.ts';
import { AlertStore, type Commit, DeposedError } from '../../services/alerts/store/alert-store.ts';
import type { ActiveAlert } from '../../shared/contracts/alert.ts';
import type { Evidence } from '../../shared/contracts/evidence.ts';
import { DATABASES, type TestDatabase } from '../helpers/databases.ts';
import { calibrated, run } from '../helpers/timeline.ts';

const BEGIN = 1_790_000_040_000;

const { events } = run({
  config: calibrated(),
  untilS: 10,
  steps: [
    { kind: 'density', from: 0, to: 10, value: 6 },
    { kind: 'command', at: 6, command: { type: 'comment', note: '뒤쪽 “문” 열림\n\u0000 \ud83d' } },
  ],
});

const commitOf = (fence: number, some = events): Commit => ({
  fence,
  number: 1,
  configs: [],
  at: BEGIN,
  change: { events: some, machines: new Set(), alerts: new Map(), silences: new Map() },
  machineOf: () => undefined,
  positions: { events: '1-1' },
  deliveries: [],
  evidence: [],
  history: [],
});

for (const { name, create } of DATABASES) {
  describe(`store on ${name}`, () => {
    let database: TestDatabase;
    let store: AlertStore;
    before(async () => {
      database = await create();
      // All at once on a database without a single table.
      const opened = await Promise.all([1, 2, 3, 4].map(() => AlertStore.open(database.where)));
      store = opened.pop() as AlertStore;
      await Promise.all(opened.map((other) => other.close()));
    });
    after(async () => {
      await store?.close();
      await database?.remove();
    });

    it('of leaders that claim at once each has a number of its own', async () => {
      const claims = await Promise.all([store.claim(), store.claim(), store.claim()]);
      assert.equal(new Set(claims.map((claim) => claim.fence)).size, 3);
      assert.equal(new Set(claims.map((claim) => claim.snapshot.epoch)).size, 1);
    });

    it('refuses every write of a leader that was followed', async () => {
      const other = await AlertStore.open(database.where);
      const old = await store.claim();
      const next = await other.claim();
      assert.ok(next.fence > old.fence);
      await assert.rejects(store.commit(commitOf(old.fence)), DeposedError);
      assert.deepEqual(await other.unannounced(), [], 'nothing of it is stored');
      await other.commit(commitOf(next.fence));
      await other.close();
    });

    it('gives events back as they were, in order, and announces each until it is marked', async () => {
      assert.ok(events.length >= 2);
      assert.deepEqual(await store.unannounced(), events);
      const first = events[0]?.offset ?? 0;
      await store.markAnnounced(first);
      assert.deepEqual(
        (await store.unannounced()).map((event) => event.offset),
        events.slice(1).map((event) => event.offset),
      );
      const list = { type: 'list-events', commandId: 'x', actor: 'x' } as const;
      assert.deepEqual(await store.events({ ...list, afterOffset: 1, limit: 1 }), [events[1]]);
      assert.deepEqual(await store.events({ ...list, afterOffset: 0, limit: 9, cameraId: 'nowhere' }), []);
      assert.equal(await store.newestSequence(events[0]?.alertId ?? ''), events.at(-1)?.sequence);
      assert.equal((await store.claim()).snapshot.offset, events.at(-1)?.offset);
    });

    it('begins a new life where it does not know of what was told: no id and no offset twice', async () => {
      const { fence, snapshot } = await store.claim();
      const { epoch, offset } = snapshot;
      const alert = { alertId: 'a', sequence: 2 } as ActiveAlert;
      const change = { events: [], machines: new Set<string>(), alerts: new Map([['a', alert]]), silences: new Map() };
      await store.commit({ ...commitOf(fence), number: 2, change });
      const known = await store.claim({ epoch, offset, fence });
      assert.equal(known.snapshot.epoch, epoch, 'all is known');
      assert.equal(
        (await store.claim({ epoch: 'other', offset: 99, fence: 99 })).snapshot.epoch,
        epoch,
        'not of this one',
      );
      const forgotten = await store.claim({ epoch, offset: offset + 7, fence });
      assert.notEqual(forgotten.snapshot.epoch, epoch);
      assert.equal(forgotten.snapshot.alerts.get('a')?.sequence, offset + 7);
      const next = await store.claim({ epoch, offset: offset + 7, fence });
      assert.deepEqual(next.snapshot, forgotten.snapshot, 'for good');
      const { epoch: second } = next.snapshot;
      const deposed = await store.claim({ epoch: second, offset: 0, fence: next.fence + 5 });
      assert.notEqual(deposed.snapshot.epoch, second, 'a leader that this database has not had');
      await store.commit({ ...commitOf(deposed.fence), change: { ...change, alerts: new Map([['a', undefined]]) } });
    });

    it('forgets old deliveries, but none of an alert that is still on: an Alertmanager is told it again by that', async () => {
      const log = new DeliveryStore(store.db);
      const { fence, snapshot } = await store.claim();
      const [first] = events;
      assert.ok(first);
      const told = ['on', 'over', 'on-pending'].map((alertId, index) => {
        const event = { ...first, alertId, eventId: `${alertId}~1`, offset: snapshot.offset + 1 + index };
        const delivery = { deliveryId: `${event.eventId}@ops`, endpoint: 'ops', messageId: event.eventId };
        return { event, delivery: { ...delivery, offset: event.offset, fast: false, body: alertId } };
      });
      const alerts = new Map([['on', { alertId: 'on' } as ActiveAlert]]);
      const change = {
        ...commitOf(
          fence,
          told.map(({ event }) => event),
        ).change,
        alerts,
      };
      const deliveries = told.map(({ delivery }) => delivery);
      await store.commit({ ...commitOf(fence), number: 3, change, deliveries });
      for (const { deliveryId } of deliveries.slice(0, 2)) await log.setStatus(deliveryId, 'delivered', BEGIN);
      assert.equal(await log.prune(BEGIN + 1), false);
      assert.equal(await log.lastTaken('ops', 'on'), 'on');
      assert.equal(await log.find('over~1@ops'), undefined);
      assert.equal((await log.find('on-pending~1@ops'))?.status, 'pending');
    });

    it('of an alert with more changes of level than one answer holds, gives the newest pictures', async () => {
      const entries = Array.from({ length: 600 }, (_, i): Evidence => {
        const head = { eventId: `long~${i + 1}`, alertId: 'long', sequence: i + 1, cameraId: 'gate', zoneId: 'stage' };
        const rest = { mode: 'actual', level: 'alert', privacy: 'heatmap', state: 'missing', files: {} } as const;
        // Two in the same instant, as where a level was passed over.
        return { ...head, ...rest, capturedAt: BEGIN, at: BEGIN + Math.floor(i / 2) };
      });
      await insertEvidence(store.db, entries);
      const found = await new EvidenceStore(store.db).ofAlert('long');
      assert.deepEqual(
        found.map(({ sequence }) => sequence),
        entries.slice(100).map(({ sequence }) => sequence),
      );
    });
  });
}
