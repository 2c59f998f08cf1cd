/** The alert log read again after gaps: what was missed is told once, however many gaps there were. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlertEvent } from '../../shared/contracts/alert.ts';
import '../helpers/rune-modules.ts';
import { until } from '../helpers/until.ts';

// What a browser has of its own: a page listens to other pages of it.
Object.assign(globalThis, { addEventListener: () => undefined });
/** As far as it is used here: tests are type-checked for Node, where there is no page. */
type Alerts = { take(message: { type: 'alert'; event: AlertEvent }): void; close(): void };
type Port = { send(message: object): void; reachable(): boolean };
const module = new URL('../../services/dashboard/src/alerts/alerts.svelte.ts', import.meta.url).href;
const { Alerts }: { Alerts: new (port: Port) => Alerts } = await import(module);

const event = (offset: number): AlertEvent => ({
  ...{ eventId: `a~${offset}`, epoch: 'e', offset, type: 'alert.commented', mode: 'actual', alertId: 'a' },
  ...{ sequence: offset, rule: 'zone-count', cameraId: 'gate', zoneId: 'stairs', peakLevel: 'alert', unit: 'people' },
  ...{ from: { level: 'alert', condition: 'firing' }, to: { level: 'alert', condition: 'firing' }, reason: 'operator' },
  ...{ at: 1_790_000_000_000, configVersion: 'c', silenced: false, escalation: 0, actor: 'Lee', note: 'on my way' },
});

const upTo = (offset: number) => Array.from({ length: offset }, (_, index) => index + 1);

test('a second gap while the first is still being read: the events of both are told', async (t) => {
  /** Newest event that the server has. */
  let logged = 0;
  const asked: { after: number; answer: () => void }[] = [];
  t.mock.method(globalThis, 'fetch', async (path: string) => {
    const query = new URL(path, 'http://site.test/').searchParams;
    const after = Number(query.get('afterOffset'));
    await new Promise<void>((answer) => asked.push({ after, answer }));
    return Response.json(
      upTo(logged)
        .filter((offset) => offset > after)
        .map(event),
    );
  });
  const alerts = new Alerts({ send: () => undefined, reachable: () => false });
  t.after(() => alerts.close());
  const told: number[] = [];
  let newest: readonly AlertEvent[] = [];
  Object.defineProperty(alerts, 'newest', {
    get: () => newest,
    set(events: readonly AlertEvent[]) {
      newest = events;
      told.push(...events.map(({ offset }) => offset));
    },
  });
  const hear = (offset: number) => {
    logged = offset;
    alerts.take({ type: 'alert', event: event(offset) });
  };
  const inOrder = () => told.toSorted((a, b) => a - b);
  hear(1);
  hear(10);
  await until('the first gap is asked for', () => asked.length === 1);
  hear(20);
  await until('it is asked again', () => asked.length === 2);
  for (const { answer } of asked) answer();
  await until('both are told', () => told.length >= 20, 10_000);
  assert.deepEqual(inOrder(), upTo(20), 'each once');
  // Later gaps are read on their own.
  hear(25);
  await until('the third gap is asked for', () => asked.length === 3);
  assert.equal(asked[2]?.after, 20);
  asked[2]?.answer();
  await until('the third gap is told', () => told.length >= 25, 10_000);
  assert.deepEqual(inOrder(), upTo(25));
});
