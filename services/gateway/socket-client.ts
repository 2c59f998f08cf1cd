/**
 * One live socket. State messages are conflated: while the client reads slowly, only the newest message of each kind
 * and camera waits, and little is on the way to it, as its answers to pings tell. A client that stops reading is cut off; it reconnects and gets a snapshot.
 */
import { randomUUID } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import { CLOSE_CODES, ClientMessage, type ServerMessage } from '../../shared/contracts/socket.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

/** Bytes on their way to the client above which state waits. */
const CONFLATE_ABOVE_BYTES = 64 * 1024;

/** The client is asked how far it has read whenever so many bytes more have been written, within a message, too. */
const ASK_EVERY_BYTES = 16 * 1024;

/** Bytes on their way above which the client is given up, beyond the largest message it was sent: that one is no backlog. */
const CUT_ABOVE_BYTES = 1024 * 1024;

/** What may be told at once out of the log, bytes: well below what a client is given up for. */
export const LOG_AT_ONCE_BYTES = CUT_ABOVE_BYTES / 2;

/** A client that has a backlog and reads nothing of it for this long does not read any more. */
const STUCK_AFTER_MS = 15_000;

const FLUSH_EVERY_MS = 100;

/** Messages a client may send within a second. */
const MESSAGES_PER_SECOND = 20;

/** Time to take leave for a client that is shown out. */
const LEAVE_WITHIN_MS = 1000;

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
  #writtenBytes = 0;
  /** Of those written, what the client has read for certain. */
  #readBytes = 0;
  #askedAtBytes = 0;
  /** What had been written before each ping that has no answer yet, oldest first. */
  readonly #asked = new Map<string, number>();
  #flushTimer: NodeJS.Timeout | undefined;
  #stuckSince: number | undefined;
  #received: number[] = [];
  #leaveTimer: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, metrics: GatewayMetrics, onRequest: (request: ClientMessage) => void) {
    this.#socket = socket;
    this.#metrics = metrics;
    this.#onRequest = onRequest;
    socket.on('pong', (data) => this.#hasRead(String(data)));
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('close', () => {
      clearTimeout(this.#flushTimer);
      clearTimeout(this.#leaveTimer);
    });
    socket.on('error', () => undefined); // the close event follows
  }

  /**
   * Sends a state message, or lets it wait.
   * @param slot of messages with the same slot only the newest waits
   */
  send(slot: string, text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#waiting.size === 0 && this.#onTheWayBytes < CONFLATE_ABOVE_BYTES) {
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
    if (this.#onTheWayBytes < CONFLATE_ABOVE_BYTES) this.#write(bytes);
    else this.#metrics.conflated.inc();
  }

  /** Asks how far the client has read: its answer comes once it has read all that went before. */
  ask(): void {
    this.#askedAtBytes = this.#writtenBytes;
    // Not to be guessed: who has not read the question cannot answer it.
    const question = randomUUID();
    this.#asked.set(question, this.#writtenBytes);
    this.#socket.ping(question, undefined, () => undefined);
  }

  /**
   * Not `bufferedAmount`: that leaves out what the systems and the network in between have taken in, which for a slow
   * client grows to megabytes, and it would be shown minutes of old numbers before the newest.
   */
  get #onTheWayBytes(): number {
    return this.#writtenBytes - this.#readBytes;
  }

  #hasRead(question: string): void {
    this.alive = true;
    const bytes = this.#asked.get(question);
    // A pong may be anything, and come unasked.
    if (bytes === undefined) return;
    for (const earlier of this.#asked.keys()) {
      this.#asked.delete(earlier);
      if (earlier === question) break;
    }
    this.#readBytes = bytes;
    this.#stuckSince = undefined;
    if (this.#waiting.size > 0) this.#flush();
  }

  /** In pieces, with questions between them: a slow client that is in the middle of a large message is not stuck. */
  #write(data: string | Buffer): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    this.#metrics.sent.inc();
    this.#largestBytes = Math.max(this.#largestBytes, bytes.length);
    for (let at = 0; at < bytes.length; at += ASK_EVERY_BYTES) {
      const piece = bytes.subarray(at, at + ASK_EVERY_BYTES);
      const fin = at + piece.length === bytes.length;
      this.#socket.send(piece, { binary: typeof data !== 'string', fin }, () => undefined);
      this.#writtenBytes += piece.length;
      if (this.#writtenBytes - this.#askedAtBytes >= ASK_EVERY_BYTES) this.ask();
    }
  }

  #isOverfull(): boolean {
    return this.#onTheWayBytes > CUT_ABOVE_BYTES + this.#largestBytes;
  }

  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    if (this.#onTheWayBytes >= CONFLATE_ABOVE_BYTES) this.#stuckSince ??= performance.now();
    else this.#stuckSince = undefined;
    const stuck = this.#stuckSince !== undefined && performance.now() - this.#stuckSince > STUCK_AFTER_MS;
    if (this.#isOverfull() || stuck) {
      this.#cutOff();
      return;
    }
    for (const [slot, text] of this.#waiting) {
      if (this.#onTheWayBytes >= CONFLATE_ABOVE_BYTES) break;
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

  #receive(data: RawData, isBinary: boolean): void {
    // Who was shown out may go on talking: nobody listens any more.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const now = performance.now();
    this.#received = this.#received.filter((at) => now - at < 1000);
    this.#received.push(now);
    if (this.#received.length > MESSAGES_PER_SECOND) {
      this.#socket.close(CLOSE_CODES.tooMany, 'too many messages');
      this.#leaveTimer = setTimeout(() => this.#socket.terminate(), LEAVE_WITHIN_MS);
      return;
    }
    let json: unknown;
    try {
      json = isBinary ? undefined : JSON.parse(String(data));
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
