/** Forgets what is old: history, deliveries, evidence. In small pieces beside the loop that decides. */
import type { Kysely } from 'kysely';
import { messageOf } from '../../shared/runtime/errors.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { scrub } from '../../shared/runtime/secrets.ts';
import type { DeliveryDesk } from './deliveries/delivery-desk.ts';
import type { EvidenceDesk } from './evidence/evidence-desk.ts';
import { clockInDoubt, type Keep } from './history/clock-doubt.ts';
import { pruneHistory } from './history/history-store.ts';
import { pruneLineHistory } from './history/line-history-store.ts';
import type { AlertTables } from './store/tables.ts';

const EVERY_MS = 3_600_000;
const AGAIN_MS = 60_000;

/** A clock that nobody has put right for so long, by the time that really passed, is believed. */
const DOUBT_MS = 86_400_000;

const IN_DOUBT = 'nothing old is deleted for now: this machine was off for long, or its clock is wrong';

export type RetentionOptions = {
  db: Kysely<AlertTables>;
  keep: Keep;
  desk: DeliveryDesk;
  evidence: EvidenceDesk;
  logger: Logger;
};

export class Retention {
  readonly #o: RetentionOptions;
  #dueAt = Number.NEGATIVE_INFINITY;
  #running = false;
  #doubtSince: number | undefined;

  constructor(options: RetentionOptions) {
    this.#o = options;
  }

  /** Forgets a piece if it is time, and the next one with the next call, until all that is old is gone. */
  step(): void {
    if (this.#running || performance.now() < this.#dueAt) return;
    this.#running = true;
    this.#forget(Date.now())
      .catch((error) => {
        this.#o.logger.warn({ reason: scrub(messageOf(error)) }, 'old history not deleted');
        this.#wait(AGAIN_MS);
      })
      .finally(() => {
        this.#running = false;
      });
  }

  async #forget(now: number): Promise<void> {
    const { db, keep, desk, evidence } = this.#o;
    if (await this.#doubts(now)) return this.#wait(AGAIN_MS);
    const history = await pruneHistory(db, now, keep);
    const lines = await pruneLineHistory(db, now, keep.keepMinutesMs);
    const deliveries = await desk.prune(now);
    if (history || lines || deliveries) return;
    evidence.prune(now);
    this.#wait(EVERY_MS);
  }

  async #doubts(now: number): Promise<boolean> {
    const { db, keep, logger } = this.#o;
    if (!(await clockInDoubt(db, now, keep))) {
      this.#doubtSince = undefined;
      return false;
    }
    if (this.#doubtSince === undefined) logger.warn({ clock: new Date(now).toISOString() }, IN_DOUBT);
    this.#doubtSince ??= performance.now();
    return performance.now() - this.#doubtSince < DOUBT_MS;
  }

  #wait(ms: number): void {
    this.#dueAt = performance.now() + ms;
  }
}
