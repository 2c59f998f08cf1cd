/** What must hold of alerts whatever was killed, full, slow or away meanwhile: nothing lost, nothing twice, nothing torn. */
import assert from 'node:assert/strict';
import { AlertStore } from '../../services/alerts/store/alert-store.ts';
import type { AlertEvent } from '../../shared/contracts/alert.ts';
import { until } from './until.ts';
import type { WebhookListener } from './webhook-listener.ts';

const DELIVERED_WITHIN_MS = 90_000;

/** All stored events, in order. @param where a SQLite file, or `postgres://…` */
export async function storedEvents(where: string): Promise<AlertEvent[]> {
  const store = await AlertStore.open(where);
  try {
    return await store.events({ type: 'list-events', commandId: 'x', actor: 'x', afterOffset: 0, limit: 1000 });
  } finally {
    await store.close();
  }
}

/** Within an alert, sequences rise by one and each event begins at the level where the one before ended. */
export function assertUnbroken(events: AlertEvent[]): void {
  const before = new Map<string, AlertEvent>();
  for (const event of events) {
    const last = before.get(event.alertId);
    assert.equal(event.sequence, (last?.sequence ?? 0) + 1);
    assert.equal(event.from.level, last?.to.level ?? 'normal');
    before.set(event.alertId, event);
  }
}

/** One content under each id a receiver got; a repeated try may be marked, what it tells is the same. */
export function assertOneContentAnId(listener: WebhookListener): void {
  const contents = new Map<string, string>();
  for (const { id, message } of listener.received) {
    const { late: _late, superseded: _superseded, ...data } = message.data;
    const content = JSON.stringify(data);
    assert.equal(contents.get(id) ?? content, content, `${id} has two contents`);
    contents.set(id, content);
  }
}

/**
 * Waits until the receiver has every stored transition, and asserts that it has each under its own id, no other, and
 * that the log has no gap and one epoch.
 * @returns the stored transitions
 */
export async function provenDelivered(where: string, listener: WebhookListener): Promise<AlertEvent[]> {
  const has = (event: AlertEvent) => listener.received.some(({ id }) => id === event.eventId);
  const delivered = async () => {
    const events = await storedEvents(where);
    return events.every(has) ? events : undefined;
  };
  const stored = await until('everything stored is delivered', delivered, DELIVERED_WITHIN_MS, 500);
  // What came while we looked is looked up once more: it must have been stored before it was sent.
  const known = new Set((await storedEvents(where)).map(({ eventId }) => eventId));
  for (const { id, message } of listener.received) {
    if (message.type !== 'system.heartbeat') assert.ok(known.has(id), `${id} was sent and never stored`);
  }
  assert.equal(new Set(stored.map(({ eventId }) => eventId)).size, stored.length);
  assert.deepEqual(
    stored.map(({ offset }) => offset),
    stored.map((_, index) => index + 1),
    'no gap in the log',
  );
  assert.ok(new Set(stored.map(({ epoch }) => epoch)).size <= 1, 'one life of the database');
  assertUnbroken(stored);
  assertOneContentAnId(listener);
  assert.deepEqual(listener.forged, []);
  return stored;
}
