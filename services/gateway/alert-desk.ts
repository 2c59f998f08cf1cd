/** Alerts as the gateway knows them: the running ones, the newest part of the log, and orders to the alerts service. */
import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { ActiveAlert, AlertEvent, alertKeys } from '../../shared/contracts/alert.ts';
import { type AlertCommand, AlertReply } from '../../shared/contracts/alert-command.ts';
import type { ServerMessage } from '../../shared/contracts/socket.ts';
import type { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import { followStream } from '../../shared/runtime/stream.ts';

/** Events kept for clients that resume; older ones are read from the database over REST. */
const EVENTS_KEPT = 2000;
const RELOAD_EVERY_MS = 2000;
const REPLY_WITHIN_MS = 5000;
const LOOK_FOR_REPLY_MS = 20;
const COMMANDS_KEPT = 1000;

export type RunningAlerts = Extract<ServerMessage, { type: 'alerts' }>;
type DeskEvents = { event: [AlertEvent]; running: [RunningAlerts] };

export class AlertDesk extends EventEmitter<DeskEvents> {
  readonly #redis: Redis;
  #log: AlertEvent[] = [];
  /** The newest event of the log, as it stands in the stream. */
  #lastBody: string | undefined;
  #active: ActiveAlert[] = [];
  #told = '';

  /** @param redis fail-fast connection to the state database */
  constructor(redis: Redis) {
    super();
    this.#redis = redis;
  }

  /** Follows Redis until the lifecycle closes. `log` is a connection of its own: it blocks. */
  async follow(log: Redis, lifecycle: Lifecycle): Promise<void> {
    const newest = await this.#reloadLog();
    await this.#reloadActive();
    const timer = setInterval(() => void this.#reloadActive().catch(() => undefined), RELOAD_EVERY_MS);
    lifecycle.add('alert desk', timer, clearInterval);
    void followStream({
      redis: log,
      key: alertKeys.events,
      from: newest ?? '0',
      lifecycle,
      onEntry: ({ fields }) => this.#take(fields.body),
      onGap: () => this.#reloadLog(),
    });
  }

  /** All alerts that are on or not acknowledged, and the place in the log where that is so. */
  running(): RunningAlerts {
    const last = this.#log.at(-1);
    return {
      type: 'alerts',
      ...(last ? { epoch: last.epoch } : {}),
      offset: last?.offset ?? 0,
      active: this.#active,
    };
  }

  /** Events after one place of the log up to another; undefined when some of them are not at hand any more. */
  eventsBetween(epoch: string, after: number, upTo: number): AlertEvent[] | undefined {
    const events = this.#log.filter((event) => event.epoch === epoch);
    const oldest = events[0]?.offset;
    if (oldest === undefined || after < oldest - 1) return undefined;
    return events.filter(({ offset }) => offset > after && offset <= upTo);
  }

  /**
   * Has the alerts service do something. The same `commandId` twice does it once.
   * @returns undefined when no alerts service answers in time
   * @throws when Redis does not answer
   */
  async order(command: AlertCommand): Promise<AlertReply | undefined> {
    await this.#redis.xadd(alertKeys.commands, 'MAXLEN', '~', COMMANDS_KEPT, '*', 'body', JSON.stringify(command));
    const key = alertKeys.reply(command.commandId);
    const until = performance.now() + REPLY_WITHIN_MS;
    while (performance.now() < until) {
      const reply = await this.#redis.lpop(key);
      if (reply) return AlertReply.parse(JSON.parse(reply));
      await delay(LOOK_FOR_REPLY_MS);
    }
    return undefined;
  }

  #take(body: string | undefined): void {
    const parsed = AlertEvent.safeParse(body ? JSON.parse(body) : undefined);
    if (!parsed.success) return;
    const event = parsed.data;
    const last = this.#log.at(-1);
    // A gap was filled by a reload: what comes again is known.
    if (last && last.epoch === event.epoch && event.offset <= last.offset) return;
    if (last && last.epoch !== event.epoch) this.#log = [];
    this.#log.push(event);
    this.#lastBody = body;
    if (this.#log.length > EVENTS_KEPT) this.#log.splice(0, this.#log.length - EVENTS_KEPT);
    this.emit('event', event);
    void this.#reloadActive().catch(() => undefined);
  }

  /** @returns the stream's newest id */
  async #reloadLog(): Promise<string | undefined> {
    const entries = await this.#redis.xrevrange(alertKeys.events, '+', '-', 'COUNT', EVENTS_KEPT);
    const bodies = entries.reverse().map(([, fields]) => fields[fields.indexOf('body') + 1]);
    // What is known is not told again, nor what a database before this one's has left there.
    const known = bodies.lastIndexOf(this.#lastBody);
    for (const body of bodies.slice(known + 1)) this.#take(body);
    return entries.at(-1)?.[0];
  }

  async #reloadActive(): Promise<void> {
    const bodies = Object.values(await this.#redis.hgetall(alertKeys.active));
    this.#active = bodies.flatMap((body) => ActiveAlert.safeParse(JSON.parse(body)).data ?? []);
    const running = this.running();
    const text = JSON.stringify(running);
    if (text === this.#told) return;
    this.#told = text;
    this.emit('running', running);
  }
}
