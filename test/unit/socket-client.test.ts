/** One client of the live socket that reads slowly, over a real connection: systems buffer megabytes on their own. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import WebSocket, { WebSocketServer } from 'ws';
import { createGatewayMetrics } from '../../services/gateway/gateway-metrics.ts';
import { SocketClient } from '../../services/gateway/socket-client.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { until } from '../helpers/until.ts';

const PAD = 'x'.repeat(1_000);
/** Several times what the connection itself takes in: 4 MB here and as much at the other end. */
const MESSAGES = 16_000;

test('a client that stood still hears little that is old before it hears the newest', async () => {
  const server = new WebSocketServer({ port: 0 });
  const [[theirs], near] = await Promise.all([
    once(server, 'connection') as Promise<[WebSocket]>,
    once(server, 'listening').then(() => new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  ]);
  const client = new SocketClient(theirs, createGatewayMetrics(createRegistry('gateway', 'test')), () => undefined);
  const heard: number[] = [];
  near.on('message', (data) => heard.push(JSON.parse(String(data)).at));
  try {
    await until('it hears', async () => {
      client.send('reading gate', JSON.stringify({ at: 0 }));
      return heard.length > 0;
    });
    near.pause();
    heard.length = 0;
    for (let at = 1; at <= MESSAGES; at++) {
      client.send('reading gate', JSON.stringify({ at, pad: PAD }));
      if (at % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    near.resume();
    await until('it hears the newest', () => heard.at(-1) === MESSAGES);
    assert.ok(heard.length < 100, `heard ${heard.length - 1} old messages first`);
  } finally {
    near.terminate();
    server.close();
  }
});
