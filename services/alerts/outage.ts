/** Whether the database answers. While it does not, readings are judged on; what they cause waits to be stored. */
import { messageOf } from '../../shared/runtime/errors.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { scrub } from '../../shared/runtime/secrets.ts';
import type { AlertMetrics } from './alert-metrics.ts';
import { isDatabaseAway } from './store/database-errors.ts';

export class Outage {
  readonly #metrics: AlertMetrics;
  readonly #logger: Logger;
  #since: number | undefined;

  constructor({ metrics, logger }: { metrics: AlertMetrics; logger: Logger }) {
    this.#metrics = metrics;
    this.#logger = logger;
    metrics.databaseAway.set(0);
  }

  get isOn(): boolean {
    return this.#since !== undefined;
  }

  /** How long it has lasted, ms; 0 while there is none. */
  get lastsMs(): number {
    return this.#since === undefined ? 0 : performance.now() - this.#since;
  }

  /** Notes what the database said. @throws the error when it does not mean that the database is away */
  begin(error: unknown): void {
    if (!isDatabaseAway(error)) throw error;
    if (this.#since !== undefined) return;
    this.#since = performance.now();
    this.#metrics.databaseAway.set(1);
    this.#logger.error({ reason: scrub(messageOf(error)) }, 'database is away');
  }

  /** Something was stored again. */
  end(): void {
    if (this.#since === undefined) return;
    this.#logger.info({ awayMs: Math.round(this.lastsMs) }, 'database is back');
    this.#since = undefined;
    this.#metrics.databaseAway.set(0);
  }
}
