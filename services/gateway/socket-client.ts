/**
 * One live socket. State messages are conflated: while the client reads slowly, only the newest message of each kind
 * and camera waits. A client that stops reading is cut off; it reconnects and gets a snapshot.
 */
import type { WebSocket } from 'ws';
import { CLOSE_CODES, ClientMessage, type ServerMessage } from '../../shared/contracts/socket.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

/** Unsent bytes above which state waits. */
const CONFLATE_ABOVE_BYTES = 64 * 1024;

/** Unsent bytes above which the client is given up, beyond the largest message it was sent: that one is no backlog. */
const CUT_ABOVE_BYTES = 1024 * 1024;

/** What may be told at once out of the log, bytes: well below what a client is given up for. */
export const LOG_AT_ONCE_BYTES = CUT_ABOVE_BYTES / 2;

/** A client whose backlog does not shrink for this long does not read any more. */
const STUCK_AFTER_MS = 15_000;

const FLUSH_EVERY_MS = 100;

/** Messages a client may send within a second. */
const MESSAGES_PER_SECOND = 20;

export class SocketClient {
  /** Cameras whose heat maps the client wants. */
  heatmaps: ReadonlySet<string> = new Set();
  /** Place in the alert log from which on this client hears every event as it comes. */
  alertsFrom = 0;
  alive = true;
  readonly #socket: WebSocket;
  readonly #metrics: GatewayMetrics;
  readonly #waiting = new Map<string, string>();
  readonly #onRequest: (request: ClientMessage) => void;
  /** Of the largest message so far: the snapshot of a large site may be more than a slow line takes in a second. */
  #largestBytes = 0;
  #flushTimer: NodeJS.Timeout | undefined;
  #stuckSince: number | undefined;
  #received: number[] = [];

  constructor(socket: WebSocket, metrics: GatewayMetrics, onRequest: (request: ClientMessage) => void) {
    this.#socket = socket;
    this.#metrics = metrics;
    this.#onRequest = onRequest;
    socket.on('pong', () => {
      this.alive = true;
    });
    socket.on('message', (data, isBinary) => this.#receive(String(data), isBinary));
    socket.on('close', () => clearTimeout(this.#flushTimer));
    socket.on('error', () => undefined); // the close event follows
  }

  /**
   * Sends a state message, or lets it wait.
   * @param slot of messages with the same slot only the newest waits
   */
  send(slot: string, text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#waiting.size === 0 && this.#socket.bufferedAmount < CONFLATE_ABOVE_BYTES) {
      this.#write(text);
      return;
    }
    // Deleting first keeps the order of arrival.
    if (this.#waiting.delete(slot)) this.#metrics.conflated.inc();
    this.#waiting.set(slot, text);
    this.#flushTimer ??= setTimeout(() => this.#flush(), FLUSH_EVERY_MS);
  }

  /** Sends a message of the log: never skipped, so a client that cannot take it is cut off and resumes. */
  sendLog(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#write(text);
    if (this.#isOverfull()) this.#cutOff();
  }

  /** Sends a heat map if the client keeps up; a skipped one is replaced by the next picture's. */
  sendHeatmap(bytes: Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount < CONFLATE_ABOVE_BYTES) this.#write(bytes);
    else this.#metrics.conflated.inc();
  }

  #write(data: string | Buffer): void {
    this.#metrics.sent.inc();
    this.#largestBytes = Math.max(this.#largestBytes, Buffer.byteLength(data));
    this.#socket.send(data, () => undefined);
  }

  #isOverfull(): boolean {
    return this.#socket.bufferedAmount > CUT_ABOVE_BYTES + this.#largestBytes;
  }

  #flush(): void {
    this.#flushTimer = undefined;
    const backlog = this.#socket.bufferedAmount;
    if (backlog >= CONFLATE_ABOVE_BYTES) this.#stuckSince ??= performance.now();
    else this.#stuckSince = undefined;
    const stuck = this.#stuckSince !== undefined && performance.now() - this.#stuckSince > STUCK_AFTER_MS;
    if (this.#isOverfull() || stuck) {
      this.#cutOff();
      return;
    }
    for (const [slot, text] of this.#waiting) {
      if (this.#socket.bufferedAmount >= CONFLATE_ABOVE_BYTES) break;
      this.#waiting.delete(slot);
      this.#write(text);
    }
    if (this.#waiting.size > 0) this.#flushTimer = setTimeout(() => this.#flush(), FLUSH_EVERY_MS);
  }

  #cutOff(): void {
    this.#metrics.slowClosed.inc();
    // A close frame would wait behind the very backlog.
    this.#socket.terminate();
  }

  #receive(text: string, isBinary: boolean): void {
    const now = performance.now();
    this.#received = this.#received.filter((at) => now - at < 1000);
    this.#received.push(now);
    if (this.#received.length > MESSAGES_PER_SECOND) {
      this.#socket.close(CLOSE_CODES.tooMany, 'too many messages');
      return;
    }
    let json: unknown;
    try {
      json = isBinary ? undefined : JSON.parse(text);
    } catch {
      json = undefined;
    }
    const message = ClientMessage.safeParse(json);
    if (!message.success) {
      const error: ServerMessage = {
        type: 'error',
        code: 'bad-message',
        message: 'not a message of headroom.v1; see docs/asyncapi.yaml',
      };
      this.send('error', JSON.stringify(error));
      return;
    }
    if (message.data.type === 'heatmaps') this.heatmaps = new Set(message.data.cameraIds);
    this.#onRequest(message.data);
  }
}
