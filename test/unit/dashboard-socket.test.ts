/** The live socket's ring in a browser made of paper: what waited while the page stood still is not taken for news. */
import assert from 'node:assert/strict';
import { mock, type TestContext, test } from 'node:test';
import type { Connection } from '../../services/dashboard/src/live/connection.ts';

/** By a name of its own: the tests are type-checked for Node, where a browser's names are unknown. */
const RING: string = '../../services/dashboard/src/live/socket.ts';
type Ring = {
  LiveSocket: new (options: {
    url: string;
    onIncoming: (incoming: { kind: string; type?: string }) => void;
    onConnection: (connection: Connection) => void;
    onTick: () => void;
    onSlept: () => void;
  }) => { start(): void; close(): void };
};
const { LiveSocket } = (await import(RING)) as Ring;

class PaperSocket {
  static last: PaperSocket | undefined;
  static readonly OPEN = 1;
  readyState = 1;
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor() {
    PaperSocket.last = this;
  }
  send(): void {}
  close(): void {
    this.closed = true;
  }
}

function open(t: TestContext) {
  const clock = { mono: 1_000, wall: 1_790_000_000_000 };
  const times = [mock.method(performance, 'now', () => clock.mono), mock.method(Date, 'now', () => clock.wall)];
  const { WebSocket, document, addEventListener } = globalThis as Record<string, unknown>;
  Object.assign(globalThis, { WebSocket: PaperSocket, document: new EventTarget(), addEventListener: () => {} });
  const heard: string[] = [];
  let connection: Connection | undefined;
  const socket = new LiveSocket({
    url: 'ws://site/ws',
    onIncoming: (incoming) => heard.push(incoming.type ?? incoming.kind),
    onConnection: (now) => {
      connection = now;
    },
    onTick: () => {},
    onSlept: () => {},
  });
  socket.start();
  t.after(() => {
    socket.close();
    for (const time of times) time.mock.restore();
    Object.assign(globalThis, { WebSocket, document, addEventListener });
  });
  const wire = PaperSocket.last as PaperSocket;
  return {
    heard,
    wire,
    connection: () => connection,
    /** A message comes after the page's clock and the machine's went on by so much. */
    hear(type: string, { monoMs, wallMs = monoMs }: { monoMs: number; wallMs?: number }) {
      clock.mono += monoMs;
      clock.wall += wallMs;
      wire.onmessage?.({ data: JSON.stringify({ type }) });
    },
  };
}

test('messages that come as they should keep the connection live', (t) => {
  const page = open(t);
  page.hear('one', { monoMs: 10 });
  page.hear('two', { monoMs: 4_900 });
  assert.deepEqual(page.heard, ['one', 'two']);
  assert.equal(page.connection()?.phase, 'live');
});

test('when the socket opened is known with the first message, however much later that comes', (t) => {
  const page = open(t);
  page.wire.onopen?.();
  page.hear('snapshot', { monoMs: 6_000 });
  const connection = page.connection();
  assert.ok(connection?.phase === 'live');
  assert.equal(connection.since - (connection.openedAt ?? 0), 6_000);
});

for (const [how, gap] of [
  ['a page that stood still (a frozen tab)', { monoMs: 60_000 }],
  ['a machine that slept, where the page’s clock does not run', { monoMs: 5, wallMs: 60_000 }],
] as const) {
  test(`${how}: what waited in the socket is dropped with it, before any timer comes`, (t) => {
    const page = open(t);
    page.hear('before', { monoMs: 10 });
    page.hear('waited', gap);
    assert.deepEqual(page.heard, ['before'], 'an old number would be shown as live');
    assert.equal(page.connection()?.phase, 'waiting');
    assert.ok(page.wire.closed);
  });
}
