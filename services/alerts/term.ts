/**
 * One term of leadership: from taking over what is stored, over reading, deciding, storing and announcing, until the
 * lease is lost. Everything happens in one loop, one step at a time, so that no two decisions can overtake each other.
 */
import type { Redis } from 'ioredis';
import type { Config } from '../../shared/config/schema.ts';
import {
  type ActiveAlert,
  AlertCommand,
  type AlertEvent,
  type AlertMode,
  type AlertReply,
} from '../../shared/contracts/alert.ts';
import { CameraState } from '../../shared/contracts/camera.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import { WorkerReading } from '../../shared/contracts/reading.ts';
import { messageOf } from '../../shared/runtime/errors.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { readPresence } from '../../shared/runtime/presence.ts';
import type { AlertMetrics } from './alert-metrics.ts';
import { Announcer } from './announcer.ts';
import { CameraWatch } from './camera-watch.ts';
import type { DeliveryDesk } from './deliveries/delivery-desk.ts';
import type { Pulse } from './deliveries/message.ts';
import { AlertEngine, type Change, mergeInto, noChange } from './engine.ts';
import { pruneHistory, readHistory } from './history/history-store.ts';
import { HistoryTally } from './history/history-tally.ts';
import { type Entry, InputStreams, LIVE_LAG_MS } from './input-streams.ts';
import { RENEW_EVERY_MS, renewLease } from './leader-lease.ts';
import { enginePolicy } from './policy.ts';
import { rulesOf } from './rules/rules-of.ts';
import { type AlertStore, DeposedError, type Positions } from './store/alert-store.ts';

const BLOCK_MS = 100;
/** How often time alone is looked at. */
const TICK_EVERY_MS = 250;
const PRESENCE_EVERY_MS = 500;
/** Makes good for entries of the stream that were lost. */
const RELOAD_EVERY_MS = 5000;
/** Progress without events is stored this often: what a crash makes the successor read again. */
const SAVE_EVERY_MS = 1000;
/** History is written less often: a crash may cost it as much, and alerts nothing. */
const HISTORY_EVERY_MS = 5000;
const PRUNE_EVERY_MS = 3_600_000;

export type TermOptions = {
  config: Config;
  holder: string;
  /** Fail-fast connection to the state database. */
  redis: Redis;
  /** The same, for blocking reads. */
  input: Redis;
  store: AlertStore;
  desk: DeliveryDesk;
  metrics: AlertMetrics;
  logger: Logger;
};

export class Term {
  readonly #o: TermOptions;
  readonly #fence: number;
  readonly #engine: AlertEngine;
  readonly #watch: CameraWatch;
  readonly #streams: InputStreams;
  readonly #announcer: Announcer;
  readonly #positions: Positions;
  #pending: Change = noChange();
  #unannounced = true;
  #nextConfig: Config | undefined;
  #savedAt = 0;
  #tickedAt = 0;
  #renewedAt = performance.now();
  #presenceAt = Number.NEGATIVE_INFINITY;
  #reloadedAt = Number.NEGATIVE_INFINITY;
  readonly #history = new HistoryTally();
  #historyAt = performance.now();
  #prunedAt = Number.NEGATIVE_INFINITY;
  #stopping = false;
  #mode: AlertMode = 'actual';

  private constructor(
    o: TermOptions,
    claimed: Awaited<ReturnType<AlertStore['claim']>>,
    watch: CameraWatch,
    streams: InputStreams,
  ) {
    this.#o = o;
    this.#fence = claimed.fence;
    this.#positions = claimed.positions;
    this.#watch = watch;
    this.#streams = streams;
    this.#announcer = new Announcer(o.redis, o.store, claimed.fence);
    this.#engine = new AlertEngine(claimed.snapshot, [], enginePolicy(o.config));
  }

  /** Takes over. @throws when Redis or the database does not answer */
  static async begin(o: TermOptions): Promise<Term> {
    const claimed = await o.store.claim();
    const watch = new CameraWatch(o.config.cameras, Date.now());
    const streams = await InputStreams.open(o.input, claimed.positions);
    for (const body of await o.redis.hvals(stateKeys.readings)) takeReading(watch, body);
    const term = new Term(o, claimed, watch, streams);
    await term.#configure(o.config);
    await term.#announcer.listAll(claimed.snapshot.alerts.values());
    for (const reply of await o.store.unreplied()) await term.#announcer.reply(reply, true);
    await o.desk.resume();
    return term;
  }

  /** The configuration has changed; takes effect with the next step. */
  configure(config: Config): void {
    this.#nextConfig = config;
  }

  get alerts(): ActiveAlert[] {
    return [...this.#engine.snapshot().alerts.values()];
  }

  /**
   * Runs until `signal` is aborted or the lead is lost.
   * @throws DeposedError, or what Redis or the database said; the next term goes on from what is stored
   */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#keepLease();
      if (this.#nextConfig) await this.#configure(this.#nextConfig);
      await this.#lookForServices();
      await this.#prune();
      const entries = await this.#streams.read(BLOCK_MS);
      for (const entry of entries) {
        if (entry.stream === 'commands') await this.#command(entry);
        else this.#take(entry);
      }
      const behind = entries.some((entry) => entry.lagMs > LIVE_LAG_MS);
      if (!behind) this.#tick();
      await this.#save();
      await this.#tell();
      this.#o.desk.beat(() => this.#pulse());
    }
    this.#stopping = true;
    await this.#save(true);
    await this.#tell();
  }

  #pulse(): Pulse {
    const now = Date.now();
    const ids = this.#watch.cameraIds;
    return {
      mode: this.#mode,
      cameras: ids.length,
      camerasCounted: ids.filter((id) => this.#watch.look(id, now)?.status === 'ok').length,
      alertsOn: this.alerts.filter((alert) => alert.resolvedAt === undefined).length,
    };
  }

  /** An entry of the past is judged as of its own time: a rise during a failover is seen like any other. */
  #take(entry: Entry): void {
    this.#positions.events = entry.id;
    if (entry.kind === 'camera-state') takeState(this.#watch, entry.body);
    if (entry.kind !== 'reading') return;
    const reading = takeReading(this.#watch, entry.body);
    if (!reading) return;
    const late = entry.lagMs > LIVE_LAG_MS;
    const now = late ? Date.now() - entry.lagMs : Date.now();
    const told = late ? this.#watch.lookBack(reading, now) : this.#watch.look(reading.cameraId, now);
    if (!told) return;
    this.#history.add(told);
    mergeInto(this.#pending, this.#engine.observe(told, now));
  }

  #tick(): void {
    const now = Date.now();
    if (Math.abs(now - this.#tickedAt) < TICK_EVERY_MS) return;
    this.#tickedAt = now;
    for (const cameraId of this.#watch.cameraIds) {
      const told = this.#watch.look(cameraId, now);
      if (told) mergeInto(this.#pending, this.#engine.observe(told, now));
    }
    mergeInto(this.#pending, this.#engine.tick(now));
  }

  async #command(entry: Entry): Promise<void> {
    // What was decided before the command is stored before it.
    await this.#save(true);
    this.#positions.commands = entry.id;
    let json: unknown;
    try {
      json = JSON.parse(entry.body);
    } catch {
      return;
    }
    const parsed = AlertCommand.safeParse(json);
    if (!parsed.success) {
      const { commandId } = (json ?? {}) as { commandId?: unknown };
      if (typeof commandId !== 'string') return;
      const fields = parsed.error.issues.map((issue) => issue.path.join('.') || 'type').join(', ');
      const message = `The command is not valid: ${fields}.`;
      return this.#announcer.reply({ commandId, ok: false, code: 'invalid', message }, false);
    }
    const command = parsed.data;
    const before = await this.#o.store.replyTo(command.commandId);
    if (before) return this.#announcer.reply(before, true);
    const now = Date.now();
    let change = noChange();
    let reply: AlertReply;
    switch (command.type) {
      case 'list-events':
        return this.#announcer.reply(done(command, await this.#o.store.events(command)), false);
      case 'list-history':
        return this.#announcer.reply(done(command, await readHistory(this.#o.store.db, command)), false);
      case 'list-silences':
        return this.#announcer.reply(done(command, [...this.#engine.snapshot().silences.values()]), false);
      case 'list-deliveries':
        return this.#announcer.reply(done(command, await this.#o.desk.list(command)), false);
      case 'replay-delivery':
      case 'enable-endpoint':
      case 'test-endpoint':
        reply = await this.#o.desk.carryOut(command, now);
        break;
      default: {
        const outcome = this.#engine.operate(command, now);
        if ('refusal' in outcome) {
          return this.#announcer.reply({ commandId: command.commandId, ok: false, ...outcome.refusal }, false);
        }
        change = outcome.change;
        reply = done(command, outcome.result);
      }
    }
    await this.#commit(change, { command, reply });
    await this.#tell();
    await this.#announcer.reply(reply, true);
  }

  async #configure(config: Config): Promise<void> {
    this.#nextConfig = undefined;
    const policy = enginePolicy(config);
    this.#mode = policy.mode;
    await this.#o.store.rememberConfig(policy.configVersion, Date.now(), config.alerts);
    this.#watch.setCameras(config.cameras, Date.now());
    mergeInto(this.#pending, this.#engine.setRules(rulesOf(config), policy, Date.now()));
    await this.#save(true);
  }

  /** Stores what has changed and how far was read: at once when there are events, else now and then. */
  async #save(now = false): Promise<void> {
    const due = now || performance.now() - this.#savedAt >= SAVE_EVERY_MS;
    if (this.#pending.events.length === 0 && !due) return;
    const change = this.#pending;
    this.#pending = noChange();
    await this.#commit(change);
  }

  async #commit(change: Change, command?: { command: AlertCommand; reply: AlertReply }): Promise<void> {
    const deliveries = this.#o.desk.plan(change.events);
    await this.#o.store.commit({
      fence: this.#fence,
      at: Date.now(),
      change,
      machineOf: (key) => this.#engine.machine(key),
      positions: this.#positions,
      deliveries,
      history: this.#historyDue() ? this.#history.take() : [],
      command,
    });
    this.#savedAt = performance.now();
    if (change.events.length > 0) this.#unannounced = true;
    this.#o.desk.enqueue(deliveries);
    await this.#announcer.list(change.alerts);
    for (const event of change.events) this.#log(event);
  }

  /** Announces what is stored. */
  async #tell(): Promise<void> {
    if (!this.#unannounced) return;
    await this.#announcer.announce();
    this.#unannounced = false;
  }

  /** History goes with every few seconds' commit, and with the last one. */
  #historyDue(): boolean {
    if (!this.#stopping && performance.now() - this.#historyAt < HISTORY_EVERY_MS) return false;
    this.#historyAt = performance.now();
    return true;
  }

  async #prune(): Promise<void> {
    if (performance.now() - this.#prunedAt < PRUNE_EVERY_MS) return;
    await pruneHistory(this.#o.store.db, Date.now(), this.#o.config.database);
    this.#prunedAt = performance.now();
  }

  async #keepLease(): Promise<void> {
    if (performance.now() - this.#renewedAt < RENEW_EVERY_MS) return;
    if (!(await renewLease(this.#o.redis, this.#o.holder))) throw new DeposedError();
    this.#renewedAt = performance.now();
  }

  async #lookForServices(): Promise<void> {
    if (performance.now() - this.#presenceAt < PRESENCE_EVERY_MS) return;
    const services = new Set((await readPresence(this.#o.redis)).map(({ service }) => service));
    this.#watch.setServices({ ingestUp: services.has('ingest'), workerUp: services.has('worker') });
    this.#presenceAt = performance.now();
    if (performance.now() - this.#reloadedAt < RELOAD_EVERY_MS) return;
    for (const body of await this.#o.redis.hvals(stateKeys.cameraStates)) takeState(this.#watch, body);
    this.#reloadedAt = performance.now();
  }

  #log(event: AlertEvent): void {
    const { type, alertId, to, reason, cause, value, mode, silenced, offset, capturedAt, at } = event;
    this.#o.metrics.events.inc({ type, level: to.level });
    if (capturedAt !== undefined && event.zoneId !== undefined) {
      this.#o.metrics.captureToDecisionSeconds.observe(Math.max(0, at - capturedAt) / 1000);
    }
    this.#o.logger.info(
      { type, alertId, level: to.level, reason, cause, value, mode, silenced, offset },
      'alert event',
    );
  }
}

const done = (command: AlertCommand, body: unknown): AlertReply => ({ commandId: command.commandId, ok: true, body });

function takeState(watch: CameraWatch, body: string): void {
  const parsed = CameraState.safeParse(parseJson(body));
  if (parsed.success) watch.takeState(parsed.data);
}

/** Another version of a service may speak another dialect: its words are not guessed at. */
function takeReading(watch: CameraWatch, body: string): WorkerReading | undefined {
  const parsed = WorkerReading.safeParse(parseJson(body));
  if (!parsed.success) return undefined;
  watch.takeReading(parsed.data);
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return { unreadable: messageOf(error) };
  }
}
