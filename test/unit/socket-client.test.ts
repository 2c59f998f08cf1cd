/** Clients of the live socket that read slowly, not at all, or talk too much, over real connections. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import WebSocket, { WebSocketServer } from 'ws';
import { createGatewayMetrics } from '../../services/gateway/gateway-metrics.ts';
import { SocketClient } from '../../services/gateway/socket-client.ts';
import type { ClientMessage } from '../../shared/contracts/socket.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { tieSockets } from '../helpers/tied-sockets.ts';
import { until } from '../helpers/until.ts';

const PAD = 'x'.repeat(1_000);
/** Several times what the connection itself takes in: 4 MB here and as much at the other end. */
const MESSAGES = 16_000;
const HEATMAPS = '{"type":"heatmaps","cameraIds":[]}';
/** Kinds of frames: RFC 6455, section 5.2. */
const [TEXT, CLOSE, PONG] = [0x1, 0x8, 0xa];

/** The gateway's end of the next connection. */
async function welcome(server: WebSocketServer) {
  const [socket] = (await once(server, 'connection')) as [WebSocket];
  const asked: ClientMessage[] = [];
  const metrics = createGatewayMetrics(createRegistry('gateway', 'test'));
  const client = new SocketClient(socket, metrics, (request) => asked.push(request));
  return { socket, client, asked };
}

/** A client that does as it likes: it answers nothing, and reads only if told to. */
async function connectRude(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  const key = randomBytes(16).toString('base64');
  const upgrade = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13`;
  socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n${upgrade}\r\n\r\n`);
  socket.on('error', () => undefined);
  await once(socket, 'readable');
  return socket;
}

/** As a client sends it, under a mask of zeros. */
function frame(kind: number, payload: string): Buffer {
  const head = Buffer.from([0x80 | kind, 0x80 | payload.length, 0, 0, 0, 0]);
  return Buffer.concat([head, Buffer.from(payload)]);
}

/** A line that carries `bytesPer100Ms` to the client, and holds little itself. */
async function startSlowLine(port: number, bytesPer100Ms: number) {
  const open = new Set<Socket>();
  const line = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    near.pipe(far);
    const timer = setInterval(() => {
      const piece = far.read(Math.min(far.readableLength, bytesPer100Ms)) as Buffer | null;
      if (piece) near.write(piece);
    }, 100);
    near.on('close', () => clearInterval(timer));
    tieSockets(near, far, open);
  });
  line.listen(0, '127.0.0.1');
  await once(line, 'listening');
  const close = () => {
    for (const socket of open) socket.destroy();
    line.close();
  };
  return { port: (line.address() as AddressInfo).port, close };
}

describe('a client of the live socket', { concurrency: true }, () => {
  test('that stood still hears little that is old before it hears the newest', async () => {
    const server = new WebSocketServer({ port: 0 });
    const arriving = welcome(server);
    const near = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const { client } = await arriving;
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

  test('that reads a large message slowly but steadily gets all of it, however long it takes', async () => {
    const server = new WebSocketServer({ port: 0 });
    const arriving = welcome(server);
    // 20 s for the whole: longer than a client may stand still.
    const line = await startSlowLine((server.address() as AddressInfo).port, 5000);
    const near = new WebSocket(`ws://127.0.0.1:${line.port}`);
    const { client, socket } = await arriving;
    const heard: string[] = [];
    near.on('message', (data) => heard.push(String(data)));
    try {
      const snapshot = '광'.repeat(333_333);
      client.send('snapshot', snapshot);
      client.send('heartbeat', 'heartbeat');
      await until('it has all, or is cut off', () => heard.length === 2 || socket.readyState === WebSocket.CLOSED);
      assert.deepEqual(heard, [snapshot, 'heartbeat']);
    } finally {
      near.terminate();
      line.close();
      server.close();
    }
  });

  test('that reads nothing is cut off, though little waits for it', async () => {
    const server = new WebSocketServer({ port: 0 });
    const arriving = welcome(server);
    const rude = await connectRude((server.address() as AddressInfo).port);
    const { client, socket } = await arriving;
    try {
      for (let at = 0; at < 200; at++) client.send('reading gate', PAD);
      await until('it is cut off', () => socket.readyState === WebSocket.CLOSED, 30_000);
    } finally {
      rude.destroy();
      for (const left of server.clients) left.terminate();
      server.close();
    }
  });

  test('that reads nothing is not believed when it says it has', async () => {
    const server = new WebSocketServer({ port: 0 });
    const arriving = welcome(server);
    const rude = await connectRude((server.address() as AddressInfo).port);
    const { client, socket } = await arriving;
    let pongs = 0;
    socket.on('pong', () => pongs++);
    try {
      let sent = 0;
      for (let told = 0; sent < 4000 && socket.readyState === WebSocket.OPEN; told++) {
        for (let more = 0; more < 100; more++, sent++) client.sendLog(PAD);
        rude.write(frame(PONG, String(sent * PAD.length)));
        await until('its word', () => pongs > told || socket.readyState !== WebSocket.OPEN, 10_000, 1);
      }
      assert.ok(sent < 2000, `${sent} kB were written to it`);
    } finally {
      rude.destroy();
      for (const left of server.clients) left.terminate();
      server.close();
    }
  });

  test('that talks too much and does not take leave is shown out, and nothing more is done for it', async () => {
    const server = new WebSocketServer({ port: 0 });
    const arriving = welcome(server);
    const rude = await connectRude((server.address() as AddressInfo).port);
    const { socket, asked } = await arriving;
    try {
      rude.resume();
      rude.write(Buffer.concat(Array.from({ length: 100 }, () => frame(TEXT, HEATMAPS))));
      await until('goodbye is said', () => socket.readyState === WebSocket.CLOSING);
      assert.equal(asked.length, 20);
      await until('it is gone', () => socket.readyState === WebSocket.CLOSED, 10_000);
    } finally {
      rude.destroy();
      for (const left of server.clients) left.terminate();
      server.close();
    }
  });

  test('that is shown out is not listened to any more', async () => {
    const server = new WebSocketServer({ port: 0 });
    const arriving = welcome(server);
    const rude = await connectRude((server.address() as AddressInfo).port);
    const { socket, asked } = await arriving;
    try {
      rude.resume();
      socket.close(1001, 'the server stops');
      rude.write(Buffer.concat([frame(TEXT, HEATMAPS), frame(CLOSE, '')]));
      await once(socket, 'close');
      assert.deepEqual(asked, []);
    } finally {
      rude.destroy();
      server.close();
    }
  });
});
