/**
 * What the leader writes down and then tells: changes with their deliveries and how far the inputs were read in one
 * transaction, after it the announcements. History goes along every few seconds.
 */
import type { AlertCommand, AlertEvent, AlertReply } from '../../shared/contracts/alert.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { AlertMetrics } from './alert-metrics.ts';
import type { Announcer } from './announcer.ts';
import { type Change, mergeInto, noChange } from './change.ts';
import type { DeliveryDesk } from './deliveries/delivery-desk.ts';
import type { MachineRecord } from './engine.ts';
import { HistoryTally } from './history/history-tally.ts';
import type { AlertStore, Positions } from './store/alert-store.ts';

/** Progress without events is stored this often: what a crash makes the successor read again. */
const SAVE_EVERY_MS = 1000;
/** History is written less often: a crash may cost it as much, and alerts nothing. */
const HISTORY_EVERY_MS = 5000;

export type JournalOptions = {
  fence: number;
  positions: Positions;
  machineOf: (key: string) => MachineRecord | undefined;
  store: AlertStore;
  announcer: Announcer;
  desk: DeliveryDesk;
  metrics: AlertMetrics;
  logger: Logger;
};

export class Journal {
  readonly positions: Positions;
  readonly history = new HistoryTally();
  readonly #o: JournalOptions;
  #pending: Change = noChange();
  #unannounced = true;
  #savedAt = 0;
  #historyAt = performance.now();

  constructor(o: JournalOptions) {
    this.#o = o;
    this.positions = o.positions;
  }

  /** To be stored with the next {@link save}. */
  note(change: Change): void {
    mergeInto(this.#pending, change);
  }

  /**
   * Stores what has changed and how far was read: at once when there are events, else now and then.
   * @throws DeposedError, or what the database said
   */
  async save(when: 'if-due' | 'now' | 'last' = 'if-due'): Promise<void> {
    const due = when !== 'if-due' || performance.now() - this.#savedAt >= SAVE_EVERY_MS;
    if (this.#pending.events.length === 0 && !due) return;
    if (when === 'last') this.#historyAt = Number.NEGATIVE_INFINITY;
    const change = this.#pending;
    this.#pending = noChange();
    await this.commit(change);
  }

  /** Stores a change, and the command that caused it. @throws DeposedError, or what the database said */
  async commit(change: Change, command?: { command: AlertCommand; reply: AlertReply }): Promise<void> {
    const { store, desk, announcer, fence, machineOf } = this.#o;
    const deliveries = desk.plan(change.events);
    await store.commit({
      fence,
      at: Date.now(),
      change,
      machineOf,
      positions: this.positions,
      deliveries,
      history: this.#historyDue() ? this.history.take() : [],
      command,
    });
    this.#savedAt = performance.now();
    if (change.events.length > 0) this.#unannounced = true;
    desk.enqueue(deliveries);
    await announcer.list(change.alerts);
    for (const event of change.events) this.#log(event);
  }

  /** Announces what is stored. @throws DeposedError, or what Redis said */
  async tell(): Promise<void> {
    if (!this.#unannounced) return;
    await this.#o.announcer.announce();
    this.#unannounced = false;
  }

  #historyDue(): boolean {
    if (performance.now() - this.#historyAt < HISTORY_EVERY_MS) return false;
    this.#historyAt = performance.now();
    return true;
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
