/**
 * What the leader writes down and then tells: changes with their deliveries and how far the inputs were read in one
 * transaction, after it the announcements. History goes along every few seconds. While the database is away, the one
 * commit that it has not confirmed is kept as it was and made again; what is decided meanwhile goes into the next.
 */
import type { AlertEvent } from '../../shared/contracts/alert.ts';
import type { AlertCommand, AlertReply } from '../../shared/contracts/alert-command.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { AlertMetrics } from './alert-metrics.ts';
import type { Announcer } from './announcer.ts';
import { type Change, mergeInto, noChange } from './change.ts';
import type { DeliveryDesk } from './deliveries/delivery-desk.ts';
import type { MachineRecord } from './engine.ts';
import type { EvidenceDesk } from './evidence/evidence-desk.ts';
import { withEvidence } from './evidence/evidence-plan.ts';
import { HistoryTally } from './history/history-tally.ts';
import { LineTally } from './history/line-tally.ts';
import { inTime, LateAnswerError } from './in-time.ts';
import type { Outage } from './outage.ts';
import type { AlertStore, Commit } from './store/alert-store.ts';
import type { Positions } from './store/claim.ts';

/** Progress without events is stored this often: what a crash makes the successor read again. */
const SAVE_EVERY_MS = 1000;
/** History is written less often: a crash may cost it as much, and alerts nothing. */
const HISTORY_EVERY_MS = 5000;
/** Spans of one commit: hours of an outage go in several. */
const HISTORY_AT_ONCE = 2000;
/** The loop waits for the database this long, well within its lease; what it asked goes on. */
const PATIENCE_MS = 1500;
/** The same while the database is known to be away. */
const GLANCE_MS = 20;
const RETRY_EVERY_MS = 500;

export type JournalOptions = {
  fence: number;
  positions: Positions;
  machineOf: (key: string) => MachineRecord | undefined;
  store: AlertStore;
  announcer: Announcer;
  desk: DeliveryDesk;
  evidence: EvidenceDesk;
  outage: Outage;
  metrics: AlertMetrics;
  logger: Logger;
};

export class Journal {
  readonly positions: Positions;
  readonly #history = new HistoryTally();
  readonly #lines = new LineTally();
  readonly #o: JournalOptions;
  readonly #outage: Outage;
  #pending: Change = noChange();
  /** Made, and perhaps stored: not confirmed yet. */
  #unsaved: Commit | undefined;
  #storing: Promise<Failed | undefined> | undefined;
  #telling: Promise<Failed | undefined> | undefined;
  #retryAt = 0;
  #commits = 0;
  #configs: Commit['configs'] = [];
  #unannounced = true;
  #savedAt = 0;
  #historyAt = performance.now();

  constructor(o: JournalOptions) {
    this.#o = o;
    this.positions = o.positions;
    this.#outage = o.outage;
  }

  /** To be stored with the next {@link save}. */
  note(change: Change): void {
    mergeInto(this.#pending, change);
  }

  /** A reading for the history, stored with a commit of the next seconds. */
  keep(reading: PublicReading): void {
    this.#history.add(reading);
    this.#lines.add(reading);
  }

  /** To be stored with the next commit: what was in force when an event was decided. */
  noteConfig(version: string, body: unknown): void {
    this.#configs.push({ version, body });
  }

  /**
   * Stores what has changed and how far was read: at once when there are events, else now and then.
   * @returns whether all is stored; while the database is away it is not, and the next call tries again
   * @throws DeposedError, or what the database said besides that it is away
   */
  async save(when: 'if-due' | 'now' | 'last' = 'if-due'): Promise<boolean> {
    if (!(await this.#store())) return false;
    const due = when !== 'if-due' || performance.now() - this.#savedAt >= SAVE_EVERY_MS;
    if (this.#pending.events.length === 0 && !due) return true;
    if (when === 'last') this.#historyAt = Number.NEGATIVE_INFINITY;
    const change = this.#pending;
    this.#pending = noChange();
    return this.commit(change);
  }

  /**
   * Stores a change, and the command that caused it. Only after a {@link save} that stored everything before it.
   * @returns whether it is stored; where not, it will be, and the command is answered then
   * @throws as {@link save}
   */
  commit(decided: Change, command?: { command: AlertCommand; reply: AlertReply }): Promise<boolean> {
    const { desk, evidence: evidenceDesk, fence, machineOf } = this.#o;
    const evidence = evidenceDesk.plan(decided.events);
    const change = { ...decided, events: withEvidence(decided.events, evidence) };
    // Copies: whatever is judged while the database is away must not change what is to be stored.
    const historyDue = this.#historyDue();
    const machines = new Map([...change.machines].map((key) => [key, structuredClone(machineOf(key))]));
    this.#unsaved = {
      fence,
      number: ++this.#commits,
      at: Date.now(),
      change,
      machineOf: (key) => machines.get(key),
      positions: { ...this.positions },
      deliveries: desk.plan(change.events),
      evidence,
      history: historyDue ? this.#history.take(HISTORY_AT_ONCE) : [],
      lineHistory: historyDue ? this.#lines.take(HISTORY_AT_ONCE) : [],
      configs: this.#configs,
      command,
    };
    this.#configs = [];
    return this.#store();
  }

  /** Announces what is stored. @throws DeposedError, or what Redis or the database said */
  async tell(): Promise<void> {
    if ((!this.#unannounced && !this.#telling) || this.#outage.isOn) return;
    if (!this.#telling) {
      // Before it begins: what is stored while it is under way may be too late for it.
      this.#unannounced = false;
      this.#telling = outcomeOf(this.#o.announcer.announce());
    }
    try {
      const failure = await inTime(this.#telling, PATIENCE_MS);
      this.#telling = undefined;
      if (failure) this.#unannounced = true;
      if (failure) throw failure.error;
    } catch (error) {
      // A long backlog may take its time.
      if (!(error instanceof LateAnswerError)) this.#outage.begin(error);
    }
  }

  /** One commit at a time, made until it is known to be stored: the store takes the same one only once. */
  async #store(): Promise<boolean> {
    const commit = this.#unsaved;
    if (!commit) return true;
    if (!this.#storing && performance.now() < this.#retryAt) return false;
    this.#storing ??= outcomeOf(this.#o.store.commit(commit));
    try {
      const failure = await inTime(this.#storing, this.#outage.isOn ? GLANCE_MS : PATIENCE_MS);
      this.#storing = undefined;
      if (failure) throw failure.error;
    } catch (error) {
      this.#outage.begin(error);
      if (!this.#storing) this.#retryAt = performance.now() + RETRY_EVERY_MS;
      return false;
    }
    const late = this.#outage.isOn;
    this.#unsaved = undefined;
    this.#outage.end();
    await this.#settle(commit);
    if (late && commit.command) {
      await this.tell();
      await this.#o.announcer.reply(commit.command.reply, true);
    }
    return true;
  }

  /** What follows a commit. */
  async #settle({ change, deliveries, evidence }: Commit): Promise<void> {
    this.#savedAt = performance.now();
    if (change.events.length > 0) this.#unannounced = true;
    this.#o.desk.enqueue(deliveries);
    this.#o.evidence.take(evidence ?? []);
    await this.#o.announcer.list(change.alerts);
    for (const event of change.events) this.#log(event);
  }

  #historyDue(): boolean {
    if (performance.now() - this.#historyAt < HISTORY_EVERY_MS) return false;
    this.#historyAt = performance.now();
    return true;
  }

  #log(event: AlertEvent): void {
    const { type, alertId, to, reason, cause, value, mode, silenced, offset, capturedAt, at } = event;
    this.#o.metrics.events.inc({ type, level: to.level, mode });
    if (capturedAt !== undefined && event.zoneId !== undefined) {
      this.#o.metrics.captureToDecisionSeconds.observe(Math.max(0, at - capturedAt) / 1000);
    }
    this.#o.logger.info(
      { type, alertId, level: to.level, reason, cause, value, mode, silenced, offset },
      'alert event',
    );
  }
}

type Failed = { error: unknown };

/** A promise that never rejects, so that it may be looked at again later. */
const outcomeOf = (work: Promise<unknown>): Promise<Failed | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
