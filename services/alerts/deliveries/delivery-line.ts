/**
 * The way to one receiver: its queue and worker, its tries and their log. A receiver that is slow or down costs the
 * others nothing.
 */
import { DelayedError, type Job, Queue, UnrecoverableError, Worker } from 'bullmq';
import type { DeliveriesConfig } from '../../../shared/config/alerts.ts';
import type { AlertsHealth } from '../../../shared/contracts/alert.ts';
import { messageOf } from '../../../shared/runtime/errors.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import { queueConnection } from '../../../shared/runtime/redis.ts';
import { scrub } from '../../../shared/runtime/secrets.ts';
import type { AlertMetrics } from '../alert-metrics.ts';
import { inTime } from '../in-time.ts';
import type { AlertStore } from '../store/alert-store.ts';
import { isDatabaseAway } from '../store/database-errors.ts';
import type { Delivery, DeliveryStore, NewDelivery } from './delivery-store.ts';
import type { Endpoint } from './endpoint.ts';
import { bodyOfAttempt, heartbeatBody, type Pulse } from './message.ts';
import { failed, type Outcome } from './outcome.ts';
import { createReceiver, type LiveView, type Receiver } from './receiver.ts';
import { delaysOf, isLate, nextDelayMs } from './schedule.ts';
import { TryLog } from './try-log.ts';

type DeliveryJob = { deliveryId: string; fast: boolean };

/** Messages under way to one endpoint at one time; one where order counts. */
const CONCURRENCY = 8;
/** A delivery held by a killed process is taken up again within seconds, not BullMQ's half minute. */
const LOCK_MS = 4000;
const STALLED_EVERY_MS = 1000;
const DATABASE_AWAY_MS = 500;
const CLOSE_WITHIN_MS = 3000;
const DISCONNECT_WITHIN_MS = 500;
/** What is not urgent waits behind what is. */
const SLOW_LANE_PRIORITY = 10;
/** A receiver that comes and goes must not use up the tries of what waits. */
const WAKE_EVERY_MS = 30_000;

/** A try that failed and will be made again. */
class RetryLater extends Error {
  readonly retryAfterMs: number | undefined;
  constructor(outcome: Outcome) {
    super(outcome.outcome);
    this.retryAfterMs = outcome.retryAfterMs;
  }
}

/** `publicUrl`: where people open the dashboard. */
export type LineSettings = DeliveriesConfig & { publicUrl: string | undefined };

export type LineOptions = {
  /** State database, for BullMQ. */
  redisUrl: string;
  store: AlertStore;
  log: DeliveryStore;
  metrics: AlertMetrics;
  logger: Logger;
  settings: () => LineSettings;
  /** The receiver says it is gone for good. */
  onGone: (endpointId: string) => void;
};

export class DeliveryLine {
  readonly #o: LineOptions;
  readonly #queue: Queue<DeliveryJob>;
  readonly #worker: Worker<DeliveryJob>;
  readonly #tries: TryLog;
  #endpoint: Endpoint;
  #receiver: Receiver;
  #beatAt = Number.NEGATIVE_INFINITY;
  #wokenAt = Number.NEGATIVE_INFINITY;
  #trouble: { since: number; outcome: string } | undefined;

  constructor(o: LineOptions, endpoint: Endpoint) {
    this.#o = o;
    this.#tries = new TryLog(o.log);
    this.#endpoint = endpoint;
    this.#receiver = this.#createReceiver();
    const name = `headroom-deliveries-${endpoint.id}`;
    this.#queue = new Queue<DeliveryJob>(name, {
      connection: queueConnection(o.redisUrl, 'producer'),
      streams: { events: { maxLen: 100 } },
    });
    this.#worker = new Worker<DeliveryJob>(name, (job, token) => this.#deliver(job, token), {
      connection: queueConnection(o.redisUrl, 'worker'),
      concurrency: this.#receiver.ordered ? 1 : CONCURRENCY,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_EVERY_MS,
      // A delivery whose process was killed is tried again, as often as it takes: receivers know its id.
      maxStalledCount: 1000,
      settings: {
        backoffStrategy: (count: number, _type?: string, error?: Error, job?: { data: DeliveryJob }) => {
          const after = error instanceof RetryLater ? error.retryAfterMs : undefined;
          return nextDelayMs(o.settings(), job?.data.fast ?? false, count, after, Math.random()) ?? -1;
        },
      },
    });
    // The state connection logs that Redis went; failed tries stand in the delivery log.
    this.#queue.on('error', () => undefined);
    this.#worker.on('error', () => undefined);
  }

  get endpoint(): Endpoint {
    return this.#endpoint;
  }

  /** New settings; what is queued stays. The receiver is made anew where they differ. */
  async configure(endpoint: Endpoint, isSame: boolean): Promise<void> {
    this.#endpoint = endpoint;
    if (isSame) return;
    const before = this.#receiver;
    this.#receiver = this.#createReceiver();
    this.#worker.concurrency = this.#receiver.ordered ? 1 : CONCURRENCY;
    this.#trouble = undefined;
    await before.close();
  }

  /** Queues a stored delivery; one that is queued already stays as it is. @throws when Redis does not take it */
  async add({ deliveryId, fast }: Pick<NewDelivery, 'deliveryId' | 'fast'>): Promise<void> {
    await this.#queue.add(
      'deliver',
      { deliveryId, fast },
      {
        jobId: deliveryId,
        attempts: delaysOf(this.#o.settings(), fast).length,
        backoff: { type: 'custom' },
        ...(fast ? {} : { priority: SLOW_LANE_PRIORITY }),
        removeOnComplete: true,
        removeOnFail: true,
      },
    );
  }

  /** Queues a delivery that was over: tried at once, whatever the queue still holds of its tries before. */
  async addAgain(delivery: Pick<NewDelivery, 'deliveryId' | 'fast'>): Promise<void> {
    await this.#queue.remove(delivery.deliveryId);
    await this.add(delivery);
  }

  /** Sends a heartbeat when one is due. A lost one is not sent again: the next is a better sign of life. */
  beat(pulse: () => Pulse): void {
    const { heartbeatMs, id: endpoint } = this.#endpoint;
    if (heartbeatMs === undefined || performance.now() - this.#beatAt < heartbeatMs) return;
    this.#beatAt = performance.now();
    const { source, fastTimeoutMs } = this.#o.settings();
    const now = Date.now();
    const id = `heartbeat~${endpoint}~${now}`;
    const body = heartbeatBody(id, source, now, pulse());
    void this.#receiver.deliver({ id, body }, fastTimeoutMs).then((outcome) => {
      this.#note(outcome);
      this.#o.metrics.deliveries.inc({ endpoint, outcome: outcome.outcome });
    });
  }

  /** Shows what is so now to a receiver that cares. */
  show(view: () => LiveView): void {
    this.#receiver.show?.(view());
  }

  /** Since when the receiver has not been reached, and why; nothing when it is well. */
  get failing(): AlertsHealth['failing'] {
    return this.#trouble ? [{ endpoint: this.#endpoint.id, ...this.#trouble }] : [];
  }

  /**
   * Waits a moment for tries under way. A receiver that keeps one open, or a Redis that does not answer, must not keep
   * the next term from judging: the try's lock then runs out, and it is made again under the same id.
   */
  async close(): Promise<void> {
    const closing = this.#worker.close().then(() => this.#queue.close());
    await inTime(closing, CLOSE_WITHIN_MS).catch(async (error) => {
      this.#o.logger.warn({ endpoint: this.#endpoint.id, reason: scrub(messageOf(error)) }, 'delivery line left open');
      await Promise.allSettled(
        [this.#worker, this.#queue].map((part) => inTime(part.disconnect(), DISCONNECT_WITHIN_MS)),
      );
    });
    await this.#receiver.close();
  }

  #createReceiver(): Receiver {
    const { log, settings } = this.#o;
    const { source, language, publicUrl } = settings();
    const endpoint = this.#endpoint;
    return createReceiver(endpoint, {
      source,
      language,
      publicUrl,
      lastTaken: (alertId) => log.lastTaken(endpoint.id, alertId),
      note: (outcome) => this.#note(outcome),
    });
  }

  /** One try. While the database is away there is none, and none is used up. */
  async #deliver(job: Job<DeliveryJob>, token: string | undefined): Promise<void> {
    try {
      await this.#try(job);
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      await job.moveToDelayed(Date.now() + DATABASE_AWAY_MS, token);
      throw new DelayedError();
    }
  }

  async #try(job: Job<DeliveryJob>): Promise<void> {
    const { log, metrics, logger, onGone } = this.#o;
    const delivery = await log.find(job.data.deliveryId);
    if (delivery?.status !== 'pending') return;
    const { id: endpoint } = this.#endpoint;
    const round = job.attemptsMade + 1;
    // The schedule may be shorter by now than when it was queued: after its end nothing would try again.
    const rounds = Math.min(job.opts.attempts ?? 1, delaysOf(this.#o.settings(), job.data.fast).length);
    const isLast = (outcome: Outcome): boolean => outcome.gone || round >= rounds;
    const outcome = await this.#tries.make(
      delivery,
      async () => (await this.#clearTheWay(delivery)) ?? (await this.#send(delivery, round)),
      (made) => (made.delivered ? 'delivered' : isLast(made) ? 'dead' : 'pending'),
    );
    if (outcome.delivered) return;
    const last = isLast(outcome);
    const fields = { endpoint, deliveryId: delivery.deliveryId, outcome: outcome.outcome, try: round };
    if (outcome.gone) {
      onGone(endpoint);
      await log.disable(endpoint, 'answered 410 Gone', Date.now());
      logger.warn(fields, 'endpoint is gone and was disabled');
    }
    if (!last) {
      if (round === 1) logger.warn(fields, 'delivery failed, trying again');
      throw new RetryLater(outcome);
    }
    metrics.dead.inc({ endpoint });
    logger.error(fields, 'delivery given up');
    throw new UnrecoverableError(outcome.outcome);
  }

  /**
   * Where order counts, sends what an alert has waiting from before. Whether that is given up is decided by its own try.
   * @returns nothing when the way is clear
   */
  async #clearTheWay(delivery: Delivery): Promise<Outcome | undefined> {
    if (!this.#receiver.ordered) return undefined;
    for (const earlier of await this.#o.log.earlierPending(delivery)) {
      const outcome = await this.#tries.make(
        earlier,
        () => this.#send(earlier, earlier.attempts + 1),
        (made) => (made.delivered ? 'delivered' : 'pending'),
      );
      if (!outcome.delivered) return { ...failed('behind-an-earlier-one', performance.now()), gone: outcome.gone };
    }
    return undefined;
  }

  async #send(delivery: Delivery, round: number): Promise<Outcome> {
    const settings = this.#o.settings();
    const { id: endpoint } = this.#endpoint;
    const late = isLate(settings, delivery.fast, round);
    const body = bodyOfAttempt(delivery.body, { late, superseded: await this.#isSuperseded(delivery) });
    const timeoutMs = delivery.fast ? settings.fastTimeoutMs : settings.timeoutMs;
    const outcome = await this.#receiver.deliver({ id: delivery.messageId, body }, timeoutMs);
    this.#o.metrics.deliveries.inc({ endpoint, outcome: outcome.outcome });
    this.#note(outcome);
    if (outcome.delivered) {
      const seconds = Math.max(0, Date.now() - delivery.createdAt) / 1000;
      this.#o.metrics.deliverySeconds.observe({ endpoint }, seconds);
    }
    return outcome;
  }

  /** A newer event of the same alert exists: still sent, but marked. */
  async #isSuperseded(delivery: Delivery): Promise<boolean> {
    if (delivery.attempts === 0) return false;
    const { data } = JSON.parse(delivery.body) as { data: { alertId?: string; sequence?: number } };
    if (data.alertId === undefined || data.sequence === undefined) return false;
    return (await this.#o.store.newestSequence(data.alertId)) > data.sequence;
  }

  #note({ delivered, outcome }: Pick<Outcome, 'delivered' | 'outcome'>): void {
    const { logger } = this.#o;
    const before = this.#trouble;
    if (!delivered) {
      this.#trouble = { since: before?.since ?? Date.now(), outcome };
      return;
    }
    this.#trouble = undefined;
    // Reached again: what waits for its next try need not wait out an hour that is over. Where messages are independent
    // the schedule stays as the specification has it.
    if (!before || !this.#receiver.ordered || performance.now() - this.#wokenAt < WAKE_EVERY_MS) return;
    this.#wokenAt = performance.now();
    logger.info({ endpoint: this.#endpoint.id }, 'receiver is back');
    void this.#queue.promoteJobs().catch((error) => {
      logger.warn({ endpoint: this.#endpoint.id, reason: scrub(messageOf(error)) }, 'waiting deliveries not hurried');
    });
  }
}
