/**
 * The way to one receiver: its lanes, its tries and their log. A receiver that is slow or down costs the others nothing,
 * and what is not urgent costs what is urgent nothing.
 */
import { type Job, UnrecoverableError } from 'bullmq';
import type { DeliveriesConfig } from '../../../shared/config/alerts.ts';
import type { AlertsHealth } from '../../../shared/contracts/alert.ts';
import { messageOf } from '../../../shared/runtime/errors.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import { scrub } from '../../../shared/runtime/secrets.ts';
import type { AlertMetrics } from '../alert-metrics.ts';
import { inTime } from '../in-time.ts';
import type { AlertStore } from '../store/alert-store.ts';
import { isDatabaseAway } from '../store/database-errors.ts';
import type { Delivery, DeliveryStore, NewDelivery } from './delivery-store.ts';
import type { AnyEndpoint } from './endpoint.ts';
import { type DeliveryJob, Lane, PutBack, RetryLater } from './lane.ts';
import { bodyOfAttempt, heartbeatBody, type Pulse } from './message.ts';
import { failed, GAVE_WAY, type Outcome } from './outcome.ts';
import { createReceiver, type LiveView, type Receiver } from './receiver.ts';
import { delaysOf, isLate } from './schedule.ts';
import { TryLog } from './try-log.ts';
import { Turn } from './turn.ts';

const DATABASE_AWAY_MS = 500;
const GAVE_WAY_MS = 100;
const CLOSE_WITHIN_MS = 3000;
/** A receiver that comes and goes must not use up the tries of what waits. */
const WAKE_EVERY_MS = 30_000;

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
  readonly #lanes: { fast: Lane; slow: Lane };
  readonly #turn = new Turn();
  readonly #tries: TryLog;
  #endpoint: AnyEndpoint;
  #receiver: Receiver;
  #beatAt = Number.NEGATIVE_INFINITY;
  #wokenAt = Number.NEGATIVE_INFINITY;
  #trouble: { since: number; outcome: string } | undefined;
  #closed = false;

  constructor(o: LineOptions, endpoint: AnyEndpoint) {
    this.#o = o;
    this.#tries = new TryLog(o.log);
    this.#endpoint = endpoint;
    this.#receiver = this.#createReceiver();
    const open = (fast: boolean): Lane =>
      new Lane({
        ...{ endpointId: endpoint.id, fast, ordered: this.#receiver.ordered, redisUrl: o.redisUrl },
        schedule: o.settings,
        work: (job) => this.#deliver(job),
      });
    this.#lanes = { fast: open(true), slow: open(false) };
  }

  get endpoint(): AnyEndpoint {
    return this.#endpoint;
  }

  /** New settings; what is queued stays. The receiver is made anew where they differ. */
  async configure(endpoint: AnyEndpoint, isSame: boolean): Promise<void> {
    this.#endpoint = endpoint;
    if (isSame) return;
    const before = this.#receiver;
    this.#trouble = undefined;
    this.#receiver = this.#createReceiver();
    for (const lane of this.#all) lane.ordered = this.#receiver.ordered;
    await before.close();
  }

  /** Queues a stored delivery; one that is queued already stays as it is. @throws when Redis does not take it */
  async add(delivery: Pick<NewDelivery, 'deliveryId' | 'fast'>): Promise<void> {
    await this.#laneOf(delivery).add(delivery);
  }

  /** Queues a delivery that was over: tried at once, whatever the queue still holds of its tries before. */
  async addAgain(delivery: Pick<NewDelivery, 'deliveryId' | 'fast'>): Promise<void> {
    await this.#laneOf(delivery).remove(delivery.deliveryId);
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

  /** Makes every next try now, whenever it was due. */
  hurry(): void {
    void Promise.all(this.#all.map((lane) => lane.hurry())).catch((error) => {
      const fields = { endpoint: this.#endpoint.id, reason: scrub(messageOf(error)) };
      this.#o.logger.warn(fields, 'waiting deliveries not hurried');
    });
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
    this.#closed = true;
    const closing = Promise.all(this.#all.map((lane) => lane.close()));
    await inTime(closing, CLOSE_WITHIN_MS).catch(async (error) => {
      this.#o.logger.warn({ endpoint: this.#endpoint.id, reason: scrub(messageOf(error)) }, 'delivery line left open');
      await Promise.all(this.#all.map((lane) => lane.abandon()));
    });
    await this.#receiver.close();
  }

  get #all(): Lane[] {
    return [this.#lanes.fast, this.#lanes.slow];
  }

  #laneOf({ fast }: Pick<NewDelivery, 'fast'>): Lane {
    return fast ? this.#lanes.fast : this.#lanes.slow;
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
  async #deliver(job: Job<DeliveryJob>): Promise<void> {
    try {
      if (this.#receiver.ordered) await this.#turn.take(job.data.fast, (giveWay) => this.#try(job, giveWay));
      else await this.#try(job);
    } catch (error) {
      throw isDatabaseAway(error) ? new PutBack(DATABASE_AWAY_MS) : error;
    }
  }

  async #try(job: Job<DeliveryJob>, giveWay?: AbortSignal): Promise<void> {
    // It had to wait for its turn, and whoever leads next speaks for the receiver.
    if (this.#closed) throw new PutBack(0);
    const { log, metrics, logger, onGone } = this.#o;
    const delivery = await log.find(job.data.deliveryId);
    if (delivery?.status !== 'pending') return;
    const { id: endpoint } = this.#endpoint;
    const round = job.attemptsMade + 1;
    // The schedule may be shorter by now than when it was queued: after its end nothing would try again.
    const rounds = Math.min(job.opts.attempts ?? 1, delaysOf(this.#o.settings(), job.data.fast).length);
    const isLast = (outcome: Outcome): boolean => outcome.gone || (round >= rounds && !giveWay?.aborted);
    const outcome = await this.#tries.make(
      delivery,
      async () => (await this.#clearTheWay(delivery, giveWay)) ?? (await this.#send(delivery, round, { giveWay })),
      (made) => (made.delivered ? 'delivered' : isLast(made) ? 'dead' : 'pending'),
    );
    if (outcome.delivered) return;
    if (giveWay?.aborted && !outcome.gone) throw new PutBack(GAVE_WAY_MS);
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
  async #clearTheWay(delivery: Delivery, giveWay?: AbortSignal): Promise<Outcome | undefined> {
    if (!this.#receiver.ordered) return undefined;
    for (const earlier of await this.#o.log.earlierPending(delivery)) {
      const outcome = await this.#tries.make(
        earlier,
        () => this.#send(earlier, earlier.attempts + 1, { giveWay, urgent: delivery.fast || earlier.fast }),
        (made) => (made.delivered ? 'delivered' : 'pending'),
      );
      if (!outcome.delivered) return { ...failed('behind-an-earlier-one', performance.now()), gone: outcome.gone };
    }
    return undefined;
  }

  /** @param o `urgent`: it is, or something urgent waits behind it */
  async #send(
    delivery: Delivery,
    round: number,
    { giveWay, urgent = delivery.fast }: { giveWay?: AbortSignal | undefined; urgent?: boolean },
  ): Promise<Outcome> {
    const settings = this.#o.settings();
    const { id: endpoint } = this.#endpoint;
    const late = isLate(settings, delivery.fast, round);
    const body = bodyOfAttempt(delivery.body, { late, superseded: await this.#isSuperseded(delivery) });
    const timeoutMs = urgent ? settings.fastTimeoutMs : settings.timeoutMs;
    const outcome = await this.#receiver.deliver({ id: delivery.messageId, body }, timeoutMs, giveWay);
    this.#o.metrics.deliveries.inc({ endpoint, outcome: outcome.outcome });
    // Whether the receiver is well will be told by what it gave way to.
    if (outcome.outcome !== GAVE_WAY) this.#note(outcome);
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
    this.hurry();
  }
}
