/** What a client must be told at once may be more than its line takes at once: large sites, long absences. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import WebSocket, { WebSocketServer } from 'ws';
import { createGatewayMetrics } from '../../services/gateway/gateway-metrics.ts';
import { startGateway } from '../../services/gateway/service.ts';
import { SocketClient } from '../../services/gateway/socket-client.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { type AlertEvent, alertKeys } from '../../shared/contracts/alert.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { connectLive } from '../helpers/live-client.ts';
import { startRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

/** More than a loopback connection and the limit for backlogs together hold: on a real line far less is as much. */
const LARGE_BYTES = 12 * 1024 * 1024;

test('a snapshot larger than the limit for backlogs is waited for; a growing backlog still ends the connection', async () => {
  const server = new WebSocketServer({ port: 0, perMessageDeflate: false });
  const { port } = server.address() as AddressInfo;
  try {
    const metrics = createGatewayMetrics(createRegistry('gateway', 'test'));
    const joined = once(server, 'connection') as Promise<[WebSocket]>;
    const reader = new WebSocket(`ws://127.0.0.1:${port}`);
    const heard: string[] = [];
    reader.on('message', (data) => heard.push(String(data)));
    await once(reader, 'open');
    reader.pause();
    const [socket] = await joined;
    const client = new SocketClient(socket, metrics, () => undefined);
    client.send('snapshot', 's'.repeat(LARGE_BYTES));
    client.send('alerts', 'alerts');
    client.sendLog('log');
    reader.resume();
    await until('everything has arrived', () => heard.includes('alerts') || socket.readyState === WebSocket.CLOSED);
    assert.deepEqual(
      heard.map((text) => (text.length < 100 ? text : text.length)),
      [LARGE_BYTES, 'log', 'alerts'],
    );

    reader.pause();
    const closed = once(socket, 'close');
    for (let sent = 0; sent < 4 * LARGE_BYTES; sent += 1000) client.sendLog('l'.repeat(1000));
    await closed;
  } finally {
    for (const socket of server.clients) socket.terminate();
    server.close();
  }
});

test('who missed more than can be told at once is told to read it, and is not cut off for it again and again', async () => {
  const redis = await startRedis();
  const log = redis.client();
  const note = '지금 북문을 닫습니다. '.repeat(140);
  const event = (offset: number): AlertEvent => ({
    ...{
      eventId: `life~gate~z~zone-count~1~${offset}`,
      epoch: 'life',
      offset,
      type: 'alert.commented',
      mode: 'actual',
    },
    ...{ alertId: 'life~gate~z~zone-count~1', sequence: offset, rule: 'zone-count', cameraId: 'gate', zoneId: 'z' },
    from: { level: 'alert', condition: 'firing' },
    to: { level: 'alert', condition: 'firing' },
    ...{ peakLevel: 'alert', reason: 'operator', unit: 'people', at: Date.now(), configVersion: 'v', silenced: false },
    ...{ escalation: 0, actor: 'Post 3', note },
  });
  const missed = 1500;
  for (let offset = 1; offset <= missed; offset++) {
    await log.xadd(alertKeys.events, '*', 'body', JSON.stringify(event(offset)));
  }
  const gateway = await startGateway({
    config: parseConfig('gateway: { port: 0 }'),
    redisUrls: { state: redis.url, frames: redis.framesUrl },
    logger: createLogger('test', 'silent'),
  });
  const live = await connectLive(`${gateway.url.replace('http', 'ws')}/ws`);
  try {
    const answer = () => live.messages.flatMap(({ message }) => (message.type === 'resumed' ? [message] : []));
    live.send({ type: 'resume', epoch: 'life', offset: 1 });
    await until('an answer or the end', () => answer().length === 1 || live.socket.readyState === WebSocket.CLOSED);
    assert.deepEqual(answer(), [{ type: 'resumed', recovered: false, epoch: 'life', offset: missed }]);

    live.send({ type: 'resume', epoch: 'life', offset: missed - 3 });
    await until('the next answer', () => answer().length === 2);
    assert.equal(answer()[1]?.recovered, true);
    const told = live.messages.flatMap(({ message }) => (message.type === 'alert' ? [message.event.offset] : []));
    assert.deepEqual(told, [missed - 2, missed - 1, missed], 'what is little is still told here');
  } finally {
    live.close();
    await gateway.close();
    await redis.stop();
  }
});
