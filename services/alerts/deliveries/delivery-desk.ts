/**
 * Deliveries of the leading process: what goes to whom, its queue, and its log. The database says what is still to be
 * sent; BullMQ only says when. Each endpoint has a queue and a worker of its own, so that a receiver that is slow or
 * down costs the others nothing.
 */
import { type Job, Queue, UnrecoverableError, Worker } from 'bullmq';
import type { Config } from '../../../shared/config/schema.ts';
import type { AlertCommand, AlertEvent, AlertReply, AlertsHealth } from '../../../shared/contracts/alert.ts';
import { messageOf } from '../../../shared/runtime/errors.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import { redisOptions } from '../../../shared/runtime/redis.ts';
import type { AlertMetrics } from '../alert-metrics.ts';
import type { AlertStore } from '../store/alert-store.ts';
import { type Delivery, DeliveryStore, insertDelivery, type NewDelivery } from './delivery-store.ts';
import type { Endpoint } from './endpoint.ts';
import { bodyOfAttempt, heartbeatBody, type Pulse, planDeliveries, testBody } from './message.ts';
import { delaysOf, isLate, nextDelayMs } from './schedule.ts';
import { type Outcome, send } from './send.ts';

type DeliveryJob = { deliveryId: string; fast: boolean };
type Line = {
  endpoint: Endpoint;
  queue: Queue<DeliveryJob>;
  worker: Worker<DeliveryJob>;
  beatAt: number;
  /** Since when tries have been failing, and what came of the last. */
  trouble?: { since: number; outcome: string };
};
type DeliveryCommand = Extract<AlertCommand, { type: 'replay-delivery' | 'enable-endpoint' | 'test-endpoint' }>;

/** Messages under way to one endpoint at one time. */
const CONCURRENCY = 8;
/** A delivery held by a killed process is taken up again within seconds, not BullMQ's half minute. */
const LOCK_MS = 4000;
const STALLED_EVERY_MS = 1000;
/** What is not urgent waits behind what is. */
const SLOW_LANE_PRIORITY = 10;

/** A try that failed and will be made again. */
class RetryLater extends Error {
  readonly retryAfterMs: number | undefined;
  constructor(outcome: Outcome) {
    super(outcome.outcome);
    this.retryAfterMs = outcome.retryAfterMs;
  }
}

export type DeskOptions = {
  /** State database, for BullMQ. */
  redisUrl: string;
  store: AlertStore;
  metrics: AlertMetrics;
  logger: Logger;
};

export class DeliveryDesk {
  readonly #o: DeskOptions;
  readonly #log: DeliveryStore;
  readonly #lines = new Map<string, Line>();
  #settings: Config['deliveries'];
  #disabled = new Set<string>();
  #closed = false;

  constructor(o: DeskOptions, config: Pick<Config, 'deliveries'>, endpoints: Endpoint[]) {
    this.#o = o;
    this.#log = new DeliveryStore(o.store.db);
    this.#settings = config.deliveries;
    for (const endpoint of endpoints) this.#lines.set(endpoint.id, this.#open(endpoint));
  }

  /** New endpoints. What is pending for one that is gone ends as dead, with that reason in its log. */
  async configure(config: Pick<Config, 'deliveries'>, endpoints: Endpoint[]): Promise<void> {
    this.#settings = config.deliveries;
    const kept = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
    for (const [id, line] of this.#lines) {
      const endpoint = kept.get(id);
      if (endpoint) {
        line.endpoint = endpoint;
        continue;
      }
      this.#lines.delete(id);
      await closeLine(line);
    }
    for (const endpoint of endpoints) {
      if (!this.#lines.has(endpoint.id)) this.#lines.set(endpoint.id, this.#open(endpoint));
    }
    await this.#buryOrphans();
  }

  /** Which deliveries the events need; pure, stored by the caller with the events. */
  plan(events: AlertEvent[]): NewDelivery[] {
    const open = [...this.#lines.values()].map((line) => line.endpoint).filter(({ id }) => !this.#disabled.has(id));
    return planDeliveries(events, open, this.#settings.source);
  }

  /** Queues stored deliveries. What Redis does not take now is queued by the next {@link resume}. */
  enqueue(deliveries: NewDelivery[]): void {
    for (const delivery of deliveries) {
      void this.#add(delivery).catch((error) => {
        this.#o.logger.warn({ deliveryId: delivery.deliveryId, reason: messageOf(error) }, 'delivery not queued yet');
      });
    }
  }

  /** Forgets a piece of what has been kept long enough. @returns whether more of it is left */
  prune(now: number): Promise<boolean> {
    return this.#log.prune(now - this.#settings.keepMs);
  }

  /** Queues everything that is still to be sent; what is queued already stays as it is. */
  async resume(): Promise<void> {
    this.#disabled = await this.#log.disabled();
    await this.#buryOrphans();
    await Promise.all((await this.#log.pending()).map((delivery) => this.#add(delivery)));
  }

  /**
   * Sends the heartbeats that are due. To be called by the loop that judges readings, so that they stop when it does.
   * A lost one is not sent again: the next is a better sign of life.
   */
  beat(pulse: () => Pulse): void {
    for (const line of this.#lines.values()) {
      const { endpoint } = line;
      if (endpoint.heartbeatMs === undefined || performance.now() - line.beatAt < endpoint.heartbeatMs) continue;
      line.beatAt = performance.now();
      const now = Date.now();
      const id = `heartbeat~${endpoint.id}~${now}`;
      const body = heartbeatBody(id, this.#settings.source, now, pulse());
      void send(endpoint, id, body, this.#settings.fastTimeoutMs).then((outcome) => {
        noteHealth(line, outcome, Date.now());
        this.#o.metrics.deliveries.inc({ endpoint: endpoint.id, outcome: outcome.outcome });
      });
    }
  }

  /** How deliveries are doing. @throws what the database said */
  async health(now: number): Promise<Omit<AlertsHealth, 'database'>> {
    const { count, oldestAt } = await this.#log.backlog();
    return {
      backlog: count,
      ...(oldestAt === undefined ? {} : { oldestUnsentMs: Math.max(0, now - oldestAt) }),
      failing: [...this.#lines.values()].flatMap(({ endpoint, trouble }) =>
        trouble ? [{ endpoint: endpoint.id, ...trouble }] : [],
      ),
    };
  }

  list(filter: { endpoint?: string | undefined; eventId?: string | undefined }) {
    return this.#log.list(filter);
  }

  /** Carries out an operator's command on deliveries. */
  async carryOut(command: DeliveryCommand, now: number): Promise<AlertReply> {
    const { commandId } = command;
    if (command.type === 'replay-delivery') {
      const delivery = await this.#log.find(command.deliveryId);
      if (!delivery) return refusal(commandId, 'unknown-delivery', 'There is no such delivery.');
      if (delivery.status === 'pending') return refusal(commandId, 'not-replayable', 'It is still being delivered.');
      if (!this.#lines.has(delivery.endpoint)) {
        return refusal(commandId, 'unknown-endpoint', 'Its endpoint is no longer configured.');
      }
      await this.#log.setStatus(delivery.deliveryId, 'pending', now);
      await this.#add(delivery);
      return { commandId, ok: true, body: { deliveryId: delivery.deliveryId } };
    }
    if (!this.#lines.has(command.endpoint)) {
      return refusal(commandId, 'unknown-endpoint', 'There is no such endpoint.');
    }
    if (command.type === 'enable-endpoint') {
      await this.#log.enable(command.endpoint);
      this.#disabled.delete(command.endpoint);
      return { commandId, ok: true, body: { endpoint: command.endpoint } };
    }
    const messageId = `test~${commandId}`;
    const body = testBody(messageId, this.#settings.source, now);
    const deliveryId = `${messageId}@${command.endpoint}`;
    const delivery = { deliveryId, endpoint: command.endpoint, messageId, offset: 0, fast: true, body };
    await insertDelivery(this.#o.store.db, delivery, now);
    await this.#add(delivery);
    return { commandId, ok: true, body: { deliveryId } };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#lines.values()].map(closeLine));
    this.#lines.clear();
  }

  async #add({ deliveryId, endpoint, fast }: Pick<NewDelivery, 'deliveryId' | 'endpoint' | 'fast'>): Promise<void> {
    const line = this.#lines.get(endpoint);
    if (!line || this.#closed) return;
    await line.queue.add(
      'deliver',
      { deliveryId, fast },
      {
        // The same id while it is queued: adding twice is harmless.
        jobId: deliveryId,
        attempts: delaysOf(this.#settings, fast).length,
        backoff: { type: 'custom' },
        ...(fast ? {} : { priority: SLOW_LANE_PRIORITY }),
        removeOnComplete: true,
        removeOnFail: true,
      },
    );
  }

  #open(endpoint: Endpoint): Line {
    const name = `headroom-deliveries-${endpoint.id}`;
    const retryStrategy = (times: number): number => Math.min(100 * times, 500);
    const connection = { ...redisOptions(this.#o.redisUrl), retryStrategy };
    const queue = new Queue<DeliveryJob>(name, {
      connection: { ...connection, enableOfflineQueue: false, commandTimeout: 2000, maxRetriesPerRequest: 1 },
      streams: { events: { maxLen: 100 } },
    });
    const worker = new Worker<DeliveryJob>(name, (job) => this.#deliver(job), {
      connection: { ...connection, maxRetriesPerRequest: null },
      concurrency: CONCURRENCY,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_EVERY_MS,
      // A delivery whose process was killed is tried again, as often as it takes: receivers know its id.
      maxStalledCount: 1000,
      settings: {
        backoffStrategy: (failed: number, _type?: string, error?: Error, job?: { data: DeliveryJob }) => {
          const after = error instanceof RetryLater ? error.retryAfterMs : undefined;
          return nextDelayMs(this.#settings, job?.data.fast ?? false, failed, after, Math.random()) ?? -1;
        },
      },
    });
    // The state connection logs that Redis went; failed tries stand in the delivery log.
    queue.on('error', () => undefined);
    worker.on('error', () => undefined);
    return { endpoint, queue, worker, beatAt: Number.NEGATIVE_INFINITY };
  }

  async #deliver(job: Job<DeliveryJob>): Promise<void> {
    const delivery = await this.#log.find(job.data.deliveryId);
    if (delivery?.status !== 'pending') return;
    const line = this.#lines.get(delivery.endpoint);
    if (!line) return;
    const { endpoint } = line;
    const round = job.attemptsMade + 1;
    const late = isLate(this.#settings, delivery.fast, round);
    const body = bodyOfAttempt(delivery.body, { late, superseded: await this.#isSuperseded(delivery) });
    const timeoutMs = delivery.fast ? this.#settings.fastTimeoutMs : this.#settings.timeoutMs;
    const outcome = await send(endpoint, delivery.messageId, body, timeoutMs);

    const now = Date.now();
    const last = outcome.gone || round >= (job.opts.attempts ?? 1);
    const status = outcome.delivered ? 'delivered' : last ? 'dead' : 'pending';
    await this.#log.noteTry(delivery, delivery.attempts + 1, outcome, status, now);
    this.#o.metrics.deliveries.inc({ endpoint: endpoint.id, outcome: outcome.outcome });
    noteHealth(line, outcome, now);
    if (outcome.delivered) {
      const seconds = Math.max(0, now - delivery.createdAt) / 1000;
      this.#o.metrics.deliverySeconds.observe({ endpoint: endpoint.id }, seconds);
      return;
    }
    const { logger, metrics } = this.#o;
    const fields = { endpoint: endpoint.id, deliveryId: delivery.deliveryId, outcome: outcome.outcome, try: round };
    if (outcome.gone) {
      this.#disabled.add(endpoint.id);
      await this.#log.disable(endpoint.id, 'answered 410 Gone', now);
      logger.warn(fields, 'endpoint is gone and was disabled');
    }
    if (!last) {
      if (round === 1) logger.warn(fields, 'delivery failed, trying again');
      throw new RetryLater(outcome);
    }
    metrics.dead.inc({ endpoint: endpoint.id });
    logger.error(fields, 'delivery given up');
    throw new UnrecoverableError(outcome.outcome);
  }

  /** A newer event of the same alert exists: still sent, but marked. */
  async #isSuperseded(delivery: Delivery): Promise<boolean> {
    if (delivery.attempts === 0) return false;
    const { data } = JSON.parse(delivery.body) as { data: { alertId?: string; sequence?: number } };
    if (data.alertId === undefined || data.sequence === undefined) return false;
    return (await this.#o.store.newestSequence(data.alertId)) > data.sequence;
  }

  async #buryOrphans(): Promise<void> {
    const outcome = { outcome: 'endpoint-removed', delivered: false, gone: false, durationMs: 0 };
    for (const delivery of await this.#log.pending()) {
      if (this.#lines.has(delivery.endpoint)) continue;
      await this.#log.noteTry(delivery, delivery.attempts, outcome, 'dead', Date.now());
    }
  }
}

function noteHealth(line: Line, { delivered, outcome }: Outcome, now: number): void {
  if (delivered) delete line.trouble;
  else line.trouble = { since: line.trouble?.since ?? now, outcome };
}

const refusal = (commandId: string, code: Extract<AlertReply, { ok: false }>['code'], message: string): AlertReply => ({
  commandId,
  ok: false,
  code,
  message,
});

/** Waits for tries under way for as long as the service's step deadline allows; then the lock runs out. */
async function closeLine({ queue, worker }: Line): Promise<void> {
  await worker.close();
  await queue.close();
}
