/**
 * The connection to a broker, opened again for as long as it is wanted. Each connection is a client of its own: the
 * library would send again what a lost connection left behind, after the newer state that has been published since.
 */
import { randomBytes } from 'node:crypto';
import { isIP, connect as tcpConnect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { ErrorWithReasonCode, MqttClient } from 'mqtt';
import { addressGuard } from '../address-guard.ts';
import type { MqttTarget } from '../endpoint.ts';
import { wordOf } from '../outcome.ts';

/** A broker that hangs is given up after one and a half of this; so is Headroom by the broker. */
const KEEPALIVE_S = 5;
const CONNECT_TIMEOUT_MS = 5000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;
const PORTS = { mqtt: 1883, mqtts: 8883 } as const;
/** CONNACK codes for a wrong name or password, and for one that may not. */
const NOT_ALLOWED = new Set([4, 5, 134, 135]);

export type MqttLinkOptions = {
  target: MqttTarget;
  will: { topic: string; payload: string };
  onUp(client: MqttClient): void;
  /** The connection is lost, or a try came to nothing. `word` says why. */
  onDown(word: string): void;
  onMessage(topic: string, payload: string, retained: boolean): void;
};

export class MqttLink {
  readonly #o: MqttLinkOptions;
  #client: MqttClient | undefined;
  #isUp = false;
  #retry: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #closed = false;
  /** Why there is no connection. */
  word = 'connecting';

  constructor(o: MqttLinkOptions) {
    this.#o = o;
    this.#connect();
  }

  /** The connected client. */
  get up(): MqttClient | undefined {
    return this.#isUp ? this.#client : undefined;
  }

  /** Gives a connection up that does not answer; another one follows. */
  drop(word: string): void {
    this.word = word;
    this.#client?.end(true);
  }

  /** Ends without the last will being published. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    const client = this.#client;
    if (!client) return;
    const ended = new Promise<void>((resolve) => client.end(!this.#isUp, {}, () => resolve()));
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
    // Asked to end already, the library waits for what a broker owes and is deaf to force.
    client.stream.destroy();
  }

  #connect(): void {
    const { target, will } = this.#o;
    const guard = addressGuard(target.allow);
    const url = new URL(target.url.reveal());
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const isTls = url.protocol === 'mqtts:';
    const port = Number(url.port) || PORTS[isTls ? 'mqtts' : 'mqtt'];
    let word: string | undefined;
    try {
      guard.check(url);
    } catch {
      this.#isDown('address-blocked');
      return;
    }
    const open = () => {
      const socket = isTls
        ? tlsConnect({ host, port, lookup: guard.lookup, ...(isIP(host) ? {} : { servername: host }), ...target.tls() })
        : tcpConnect({ host, port, lookup: guard.lookup });
      socket.on('error', (error: NodeJS.ErrnoException) => {
        word ??= wordOf(error.code);
      });
      return socket;
    };
    const client = new MqttClient(open, {
      protocolId: 'MQTT',
      // 3.1.1: every broker speaks it.
      protocolVersion: 4,
      clientId: `headroom-${randomBytes(6).toString('hex')}`,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepalive: KEEPALIVE_S,
      resubscribe: false,
      queueQoSZero: false,
      ...(target.username ? { username: target.username } : {}),
      ...(target.password ? { password: target.password() } : {}),
      will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
    });
    this.#client = client;
    client.on('error', (error) => {
      if (error instanceof ErrorWithReasonCode && NOT_ALLOWED.has(error.code)) word = 'not-allowed';
      word ??= wordOf((error as NodeJS.ErrnoException).code);
      client.end(true);
    });
    client.on('connect', () => {
      this.#isUp = true;
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#o.onUp(client);
    });
    client.on('message', (topic, payload, packet) => this.#o.onMessage(topic, payload.toString(), packet.retain));
    client.once('close', () => {
      client.end(true);
      if (this.#client === client) this.#isDown(word ?? (this.#isUp ? 'connection-lost' : 'no-answer'));
    });
  }

  #isDown(word: string): void {
    this.#isUp = false;
    this.#client = undefined;
    this.word = word;
    if (this.#closed) return;
    this.#o.onDown(word);
    this.#retry = setTimeout(() => this.#connect(), this.#pauseMs * (0.8 + 0.4 * Math.random()));
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
