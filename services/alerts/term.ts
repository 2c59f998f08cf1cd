/**
 * One term of leadership: from taking over what is stored, over reading, deciding, storing and announcing, until the
 * lease is lost. Everything happens in one loop, one step at a time, so that no two decisions can overtake each other.
 */
import type { Redis } from 'ioredis';
import type { Config } from '../../shared/config/schema.ts';
import { type ActiveAlert, type AlertMode, type AlertsHealth, alertKeys } from '../../shared/contracts/alert.ts';
import { isDrillCamera } from '../../shared/contracts/drill.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { AlertMetrics } from './alert-metrics.ts';
import { Announcer, lastAnnounced } from './announcer.ts';
import { CameraFeed } from './camera-feed.ts';
import type { Change } from './change.ts';
import { CommandDesk } from './command-desk.ts';
import type { DeliveryDesk } from './deliveries/delivery-desk.ts';
import type { Pulse } from './deliveries/message.ts';
import type { ViewCamera } from './deliveries/receiver.ts';
import { viewCameras } from './deliveries/view-cameras.ts';
import type { DrillDesk } from './drill/drill-desk.ts';
import { AlertEngine } from './engine.ts';
import type { EvidenceDesk } from './evidence/evidence-desk.ts';
import { inTime } from './in-time.ts';
import { type Entry, InputStreams, LIVE_LAG_MS } from './input-streams.ts';
import { Journal } from './journal.ts';
import { offerLease, RENEW_EVERY_MS, renewLease } from './leader-lease.ts';
import { Outage } from './outage.ts';
import { enginePolicy } from './policy.ts';
import { Retention } from './retention.ts';
import { rulesOf } from './rules/rules-of.ts';
import { type AlertStore, DeposedError } from './store/alert-store.ts';

const BLOCK_MS = 100;
/** How often time alone is looked at. */
const TICK_EVERY_MS = 250;
/** After this long without a database another process may try with its own way to it. */
const HAND_OVER_AFTER_MS = 5000;
const SHOW_EVERY_MS = 200;
const HEALTH_EVERY_MS = 1000;
/** Also bridges a change of leaders. */
const HEALTH_LIFE_MS = 4000;

export type TermOptions = {
  config: Config;
  holder: string;
  /** Fail-fast connection to the state database. */
  redis: Redis;
  /** The same, for blocking reads. */
  input: Redis;
  store: AlertStore;
  desk: DeliveryDesk;
  evidence: EvidenceDesk;
  drills: DrillDesk;
  metrics: AlertMetrics;
  logger: Logger;
};

export class Term {
  readonly #o: TermOptions;
  readonly #engine: AlertEngine;
  readonly #feed: CameraFeed;
  readonly #streams: InputStreams;
  readonly #journal: Journal;
  readonly #outage: Outage;
  readonly #commands: CommandDesk;
  readonly #retention: Retention;
  #nextConfig: Config | undefined;
  #config: Config;
  #mode: AlertMode = 'actual';
  #tickedAt = 0;
  #renewedAt = performance.now();
  #healthAt = Number.NEGATIVE_INFINITY;
  #shownAt = Number.NEGATIVE_INFINITY;
  #viewCameras: ViewCamera[] = [];
  #health: Omit<AlertsHealth, 'database'> = { backlog: 0, failing: [] };

  private constructor(
    o: TermOptions,
    parts: {
      engine: AlertEngine;
      feed: CameraFeed;
      streams: InputStreams;
      journal: Journal;
      announcer: Announcer;
      outage: Outage;
    },
  ) {
    this.#o = o;
    this.#config = o.config;
    this.#engine = parts.engine;
    this.#feed = parts.feed;
    this.#streams = parts.streams;
    this.#journal = parts.journal;
    this.#outage = parts.outage;
    this.#retention = new Retention({ ...o, db: o.store.db, keep: o.config.database });
    this.#commands = new CommandDesk({
      config: () => this.#config,
      models: () => this.#models(),
      ...parts,
      store: o.store,
      desk: o.desk,
      evidence: o.evidence,
      drills: o.drills,
    });
  }

  /** Takes over. @throws when Redis or the database does not answer */
  static async begin(o: TermOptions): Promise<Term> {
    const { store, desk, evidence, metrics, logger } = o;
    // Looked at before: whatever was told until then is in a database that has forgotten nothing.
    const told = await lastAnnounced(o.redis);
    const { fence, positions, snapshot } = await store.claim(told);
    if (told && told.epoch !== snapshot.epoch) {
      logger.warn({ epoch: snapshot.epoch, before: told.epoch }, 'another database, or one put back: a new log begins');
    }
    const streams = await InputStreams.open(o.input, positions);
    const feed = await CameraFeed.open(o.redis, o.config.cameras);
    const engine = new AlertEngine(snapshot, [], enginePolicy(o.config));
    const announcer = new Announcer(o.redis, store, fence);
    const machineOf = (key: string) => engine.machine(key);
    const outage = new Outage({ metrics, logger });
    const tellers = { announcer, desk, evidence, outage, metrics, logger };
    const journal = new Journal({ fence, positions, machineOf, store, ...tellers });
    const term = new Term(o, { engine, feed, streams, journal, announcer, outage });
    await o.drills.resume();
    await term.#configure(o.config);
    await announcer.listAll(snapshot.alerts.values());
    for (const reply of await store.unreplied()) await announcer.reply(reply, true);
    await desk.resume();
    await evidence.resume();
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
   * @throws DeposedError, or what Redis or the database said besides that it is away; the next term goes on from what
   * is stored
   */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#keepLease();
      if (this.#nextConfig) await this.#configure(this.#nextConfig);
      if (this.#o.drills.takeChange()) await this.#setCameras();
      await this.#feed.refresh();
      if (!this.#outage.isOn) this.#retention.step();
      const entries = await this.#streams.read(BLOCK_MS);
      for (const entry of entries) {
        if (entry.stream === 'commands') await this.#commands.take(entry);
        else this.#take(entry);
      }
      const behind = entries.some((entry) => entry.lagMs > LIVE_LAG_MS);
      if (!behind) this.#tick();
      await this.#journal.save();
      await this.#journal.tell();
      await this.#tellHealth();
      // A sign of life from where nothing can be told would be a lie.
      if (!this.#outage.isOn) {
        this.#o.desk.beat(() => this.#pulse());
        this.#show();
      }
    }
    await this.#journal.save('last');
    await this.#journal.tell();
  }

  /** Said by this loop and forgotten soon: when the loop is stuck, the word stays away. */
  async #tellHealth(): Promise<void> {
    if (performance.now() - this.#healthAt < HEALTH_EVERY_MS) return;
    this.#healthAt = performance.now();
    if (!this.#outage.isOn) {
      try {
        this.#health = await inTime(this.#o.desk.health(Date.now()), HEALTH_EVERY_MS);
      } catch (error) {
        this.#outage.begin(error);
      }
    }
    const health: AlertsHealth = { ...this.#health, database: this.#outage.isOn ? 'away' : 'up' };
    await this.#o.redis.set(alertKeys.health, JSON.stringify(health), 'PX', HEALTH_LIFE_MS);
  }

  #show(): void {
    if (performance.now() - this.#shownAt < SHOW_EVERY_MS) return;
    this.#shownAt = performance.now();
    this.#o.desk.show(() => ({
      cameras: this.#viewCameras,
      // What receivers show as a state is the real one: somebody's machines may act on it.
      readings: this.#realReadings(),
      alerts: this.alerts.filter(({ cameraId }) => !isDrillCamera(cameraId)),
    }));
  }

  #pulse(): Pulse {
    const told = this.#realReadings();
    return {
      mode: this.#mode,
      cameras: told.length,
      camerasCounted: told.filter(({ status }) => status === 'ok').length,
      alertsOn: this.alerts.filter((alert) => alert.resolvedAt === undefined && !isDrillCamera(alert.cameraId)).length,
    };
  }

  #realReadings(): PublicReading[] {
    return this.#feed.lookAll(Date.now()).filter(({ cameraId }) => !isDrillCamera(cameraId));
  }

  #models(): string[] {
    const told = this.#realReadings();
    return [...new Set(told.flatMap((one) => (one.status === 'ok' ? `${one.model.name}@${one.model.version}` : [])))];
  }

  #take(entry: Entry): void {
    this.#journal.positions.events = entry.id;
    const seen = this.#feed.take(entry);
    if (!seen) return;
    if (!isDrillCamera(seen.told.cameraId)) this.#journal.keep(seen.told);
    this.#decided(this.#engine.observe(seen.told, seen.now));
  }

  #tick(): void {
    const now = Date.now();
    if (Math.abs(now - this.#tickedAt) < TICK_EVERY_MS) return;
    this.#tickedAt = now;
    for (const told of this.#feed.lookAll(now)) this.#decided(this.#engine.observe(told, now));
    this.#decided(this.#engine.tick(now));
  }

  #decided(change: Change): void {
    this.#o.drills.heed(change.events);
    this.#journal.note(change);
  }

  async #configure(config: Config): Promise<void> {
    this.#nextConfig = undefined;
    this.#config = config;
    const policy = enginePolicy(config);
    this.#mode = policy.mode;
    this.#journal.noteConfig(policy.configVersion, config.alerts);
    this.#viewCameras = viewCameras(config.cameras, rulesOf(config));
    this.#o.drills.configure(config);
    await this.#setCameras();
  }

  /** Watches the configured cameras and those of a drill under way, each by its rules. */
  async #setCameras(): Promise<void> {
    const config = this.#config;
    const cameras = [...config.cameras, ...this.#o.drills.cameras];
    const now = Date.now();
    this.#feed.watch.setCameras(cameras, now);
    this.#o.evidence.configure({ ...config, cameras });
    // The version is that of the configuration: a drill changes no threshold.
    this.#journal.note(this.#engine.setRules(rulesOf({ ...config, cameras }), enginePolicy(config), now));
    await this.#journal.save('now');
  }

  async #keepLease(): Promise<void> {
    if (performance.now() - this.#renewedAt < RENEW_EVERY_MS) return;
    if (!(await renewLease(this.#o.redis, this.#o.holder))) throw new DeposedError();
    if (this.#outage.lastsMs > HAND_OVER_AFTER_MS) await offerLease(this.#o.redis);
    this.#renewedAt = performance.now();
  }
}
