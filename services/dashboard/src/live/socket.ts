/**
 * The thin ring around the connection's state machine: a WebSocket, a ticking timer and the browser's own signals.
 * Reports what happens; decides nothing.
 */
import { type ClientMessage, SUBPROTOCOL } from '../../../../shared/contracts/socket.ts';
import { sleptBetween } from './clock.ts';
import { type Connection, type ConnectionEvent, nextConnection, startConnection } from './connection.ts';
import { type Incoming, parseIncoming } from './messages.ts';

/** Ages are shown in tenths of a second; five times a second is smooth enough and costs little. */
const TICK_MS = 200;

export type LiveSocketOptions = {
  url: string;
  onIncoming: (incoming: Incoming, localNow: number) => void;
  onConnection: (connection: Connection) => void;
  onTick: (localNow: number) => void;
  /** The machine slept for so long: the local clock did not run meanwhile. */
  onSlept: (ms: number) => void;
};

export class LiveSocket {
  readonly #options: LiveSocketOptions;
  #state: Connection = startConnection(performance.now());
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #lastTick = { wall: Date.now(), mono: performance.now() };
  readonly #life = new AbortController();

  constructor(options: LiveSocketOptions) {
    this.#options = options;
  }

  start(): void {
    const { signal } = this.#life;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    // A hidden page's timers are slow: look at the clock before the operator does.
    document.addEventListener('visibilitychange', () => this.#tick(), { signal });
    addEventListener('offline', () => this.#apply({ type: 'offline' }), { signal });
    addEventListener('online', () => this.retryNow(), { signal });
    this.#open();
  }

  retryNow(): void {
    this.#apply({ type: 'retry-now' });
  }

  send(message: ClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  close(): void {
    this.#life.abort();
    clearInterval(this.#timer);
    this.#drop();
  }

  #tick(): void {
    this.#lookAtClock();
    this.#options.onTick(performance.now());
  }

  /** Whether the machine slept, or nothing was heard for too long. */
  #lookAtClock(): void {
    const now = { wall: Date.now(), mono: performance.now() };
    const sleptMs = sleptBetween(this.#lastTick, now);
    this.#lastTick = now;
    if (sleptMs > 0) {
      this.#options.onSlept(sleptMs);
      this.#apply({ type: 'slept' });
    }
    this.#apply({ type: 'tick' });
  }

  #apply(event: ConnectionEvent): void {
    const [state, effect] = nextConnection(this.#state, event, performance.now(), Math.random());
    if (effect === 'drop') this.#drop();
    if (effect === 'open') this.#open();
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onConnection(state);
  }

  #open(): void {
    this.#drop();
    const socket = new WebSocket(this.#options.url, SUBPROTOCOL);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onopen = () => this.#apply({ type: 'opened' });
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      // What waited while the page stood still is old, and would pass for live: first the clock, then the message.
      this.#lookAtClock();
      if (this.#socket !== socket) return;
      this.#apply({ type: 'message' });
      this.#options.onIncoming(parseIncoming(data), performance.now());
    };
    socket.onclose = ({ code }) => {
      this.#socket = undefined;
      this.#apply({ type: 'closed', code });
    };
  }

  /** Lets go of the socket without waiting for it: a dead peer would hold `close` for minutes. */
  #drop(): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = undefined;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}
