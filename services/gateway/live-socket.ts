/** The live socket `/ws`: snapshot on connect, readings as they come, a heartbeat every second, heat maps on demand. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { OperatorCommand } from '../../shared/contracts/alert-command.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import { type ServerMessage, SUBPROTOCOL } from '../../shared/contracts/socket.ts';
import type { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import type { AlertDesk } from './alert-desk.ts';
import type { CameraBoard } from './camera-board.ts';
import type { DrillWatch } from './drill-watch.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import { isOurHost, isOurPage } from './host-check.ts';
import { LOG_AT_ONCE_BYTES, SocketClient } from './socket-client.ts';

const HEARTBEAT_MS = 1000;
const PING_MS = 15_000;
const MAX_CLIENTS = 10_000;

/** Options of ws 8.23 that its types do not know yet. They bound what one client's fragments can cost. */
type BoundedServerOptions = ServerOptions & { maxFragments: number; maxBufferedChunks: number };

export type LiveSocketOptions = {
  server: Server;
  board: CameraBoard;
  alerts: AlertDesk;
  drills: DrillWatch;
  metrics: GatewayMetrics;
  /** `gateway.host` */
  listensOn: string;
  allowedOrigins: () => string[];
  /** The newest heat map of a camera, if it is fresh. */
  heatmap(cameraId: string): Promise<Buffer | null>;
  lifecycle: Lifecycle;
};

export function serveLiveSocket(o: LiveSocketOptions): void {
  const { server, board, alerts, drills, metrics, lifecycle } = o;
  const options: BoundedServerOptions = {
    noServer: true,
    perMessageDeflate: false,
    maxPayload: 16 * 1024,
    maxFragments: 8,
    maxBufferedChunks: 64,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  };
  const sockets = new WebSocketServer(options);
  const clients = new Map<WebSocket, SocketClient>();
  const newestTold = new Map<string, number>();

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => undefined);
    const refusal = refuse(request, o.allowedOrigins(), clients.size, lifecycle.closing, o.listensOn);
    if (refusal) {
      socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => welcome(client));
  });

  function welcome(socket: WebSocket): void {
    const client = new SocketClient(socket, metrics, (request) => {
      if (request.type === 'resume') resume(client, request);
      else if (request.type === 'order') void order(client, request.command);
      else for (const id of client.heatmaps) void sendHeatmap(id, [client]);
    });
    clients.set(socket, client);
    metrics.clients.set(clients.size);
    socket.on('close', () => {
      clients.delete(socket);
      metrics.clients.set(clients.size);
    });
    const snapshot: ServerMessage = {
      type: 'snapshot',
      serverTime: Date.now(),
      cameras: board.cameras(),
      runbooks: board.runbooks(),
      readings: board.readings(),
      system: board.system(),
    };
    client.send('snapshot', JSON.stringify(snapshot));
    const running = alerts.running();
    client.alertsFrom = running.offset;
    client.send('alerts', JSON.stringify(running));
    client.send('drill', JSON.stringify(drills.notice()));
  }

  /** Sends what the client missed before it connected; the rest it has heard already. */
  function resume(client: SocketClient, { epoch, offset }: { epoch: string; offset: number }): void {
    const missed = alerts
      .eventsBetween(epoch, offset, client.alertsFrom)
      ?.map((event) => JSON.stringify({ type: 'alert', event } satisfies ServerMessage));
    // Told at once, too many would be a backlog that ends the connection, and after the next one again.
    const bytes = (missed ?? []).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const recovered = missed !== undefined && bytes <= LOG_AT_ONCE_BYTES;
    if (recovered) for (const text of missed) client.sendLog(text);
    const place = alerts.running();
    const answer: ServerMessage = {
      type: 'resumed',
      recovered,
      ...(place.epoch ? { epoch: place.epoch } : {}),
      offset: client.alertsFrom,
    };
    client.sendLog(JSON.stringify(answer));
  }

  /** Hands an operator's order to the alerts service and tells the client what became of it. */
  async function order(client: SocketClient, command: OperatorCommand): Promise<void> {
    const { commandId } = command;
    const reply = await alerts.order(command).catch(() => undefined);
    const refusal = reply ?? {
      ok: false as const,
      code: 'no-answer',
      message: 'The alerts service does not answer now.',
    };
    const answer: ServerMessage = refusal.ok
      ? { type: 'ordered', commandId, ok: true }
      : { type: 'ordered', commandId, ok: false, code: refusal.code, message: refusal.message };
    client.sendLog(JSON.stringify(answer));
  }

  async function sendHeatmap(cameraId: string, to: SocketClient[]): Promise<void> {
    const bytes = await o.heatmap(cameraId).catch(() => null);
    if (bytes) for (const client of to) client.sendHeatmap(bytes);
  }

  const broadcast = (slot: string, message: ServerMessage): void => {
    const text = JSON.stringify(message);
    for (const client of clients.values()) client.send(slot, text);
  };

  alerts.on('event', (event) => {
    const text = JSON.stringify({ type: 'alert', event } satisfies ServerMessage);
    for (const client of clients.values()) client.sendLog(text);
  });
  drills.on('notice', (notice) => broadcast('drill', notice));
  alerts.on('running', (running) => broadcast('alerts', running));
  board.on('cameras', (cameras) => broadcast('cameras', { type: 'cameras', cameras, runbooks: board.runbooks() }));
  board.on('reading', (reading: PublicReading) => {
    broadcast(`reading ${reading.cameraId}`, reading);
    if (reading.status !== 'ok') return;
    // A picture is told again where its zones are others now.
    if (newestTold.get(reading.cameraId) === reading.seq) return;
    newestTold.set(reading.cameraId, reading.seq);
    metrics.pushAge.observe(Math.max(0, Date.now() - reading.capturedAt) / 1000);
    const wanting = [...clients.values()].filter((client) => client.heatmaps.has(reading.cameraId));
    if (wanting.length > 0) void sendHeatmap(reading.cameraId, wanting);
  });

  const heartbeat = setInterval(() => {
    broadcast('heartbeat', { type: 'heartbeat', serverTime: Date.now(), system: board.system() });
    metrics.silent.set(board.readings().filter(({ status, exercise }) => status !== 'ok' && !exercise).length);
  }, HEARTBEAT_MS);
  const ping = setInterval(() => {
    for (const [socket, client] of clients) {
      if (!client.alive) socket.terminate();
      client.alive = false;
      client.ask();
    }
  }, PING_MS);
  lifecycle.add('live socket', sockets, async () => {
    clearInterval(heartbeat);
    clearInterval(ping);
    for (const socket of clients.keys()) socket.close(1001, 'the server stops');
    const deadline = Date.now() + 1000;
    while (clients.size > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const socket of clients.keys()) socket.terminate();
    sockets.close();
  });
}

/** The HTTP status line of a refusal; undefined when the client may come in. Pure. */
export function refuse(
  request: Pick<IncomingMessage, 'url' | 'headers'>,
  allowedOrigins: string[],
  clients: number,
  closing: boolean,
  listensOn: string,
): string | undefined {
  const { origin, host } = request.headers;
  if (!isOurHost(listensOn, host, allowedOrigins)) return '421 Misdirected Request';
  if (request.url?.split('?')[0] !== '/ws') return '404 Not Found';
  if (closing || clients >= MAX_CLIENTS) return '503 Service Unavailable';
  // Browsers always say where a page comes from: a foreign page must not read the cameras of its visitor.
  if (!isOurPage(origin, host, allowedOrigins)) return '403 Forbidden';
  const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim());
  if (!offered?.includes(SUBPROTOCOL)) return '400 Bad Request';
  return undefined;
}
