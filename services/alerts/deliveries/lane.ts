/**
 * A queue to one receiver with its worker. Every receiver has two, the urgent lane and the other one, so that what hangs
 * in the one keeps no hand from the other.
 */
import { DelayedError, type Job, Queue, Worker } from 'bullmq';
import { queueConnection } from '../../../shared/runtime/redis.ts';
import { inTime } from '../in-time.ts';
import type { NewDelivery } from './delivery-store.ts';
import type { Outcome } from './outcome.ts';
import { delaysOf, nextDelayMs, type Schedule } from './schedule.ts';

export type DeliveryJob = { deliveryId: string; fast: boolean };

/** Messages under way in one lane at one time; one where order counts. */
const CONCURRENCY = 8;
/** A delivery held by a killed process is taken up again within seconds, not BullMQ's half minute. */
const LOCK_MS = 4000;
const STALLED_EVERY_MS = 1000;
const DISCONNECT_WITHIN_MS = 500;

/** A try that failed and will be made again. */
export class RetryLater extends Error {
  readonly retryAfterMs: number | undefined;
  constructor(outcome: Outcome) {
    super(outcome.outcome);
    this.retryAfterMs = outcome.retryAfterMs;
  }
}

/** There was no try, or none that counts: another one follows, and none is used up. */
export class PutBack extends Error {
  readonly forMs: number;
  constructor(forMs: number) {
    super('put back');
    this.forMs = forMs;
  }
}

export type LaneOptions = {
  endpointId: string;
  fast: boolean;
  ordered: boolean;
  /** State database, for BullMQ. */
  redisUrl: string;
  schedule: () => Schedule;
  /** One try. @throws RetryLater, PutBack, or UnrecoverableError when there is none left */
  work: (job: Job<DeliveryJob>) => Promise<void>;
};

export class Lane {
  readonly #o: LaneOptions;
  readonly #queue: Queue<DeliveryJob>;
  readonly #worker: Worker<DeliveryJob>;

  constructor(o: LaneOptions) {
    this.#o = o;
    // "~" is in no id of a receiver.
    const name = `headroom-deliveries-${o.endpointId}${o.fast ? '~fast' : ''}`;
    this.#queue = new Queue<DeliveryJob>(name, {
      connection: queueConnection(o.redisUrl, 'producer'),
      streams: { events: { maxLen: 100 } },
    });
    this.#worker = new Worker<DeliveryJob>(name, (job, token) => this.#take(job, token), {
      connection: queueConnection(o.redisUrl, 'worker'),
      concurrency: o.ordered ? 1 : CONCURRENCY,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_EVERY_MS,
      // A delivery whose process was killed is tried again, as often as it takes: receivers know its id.
      maxStalledCount: 1000,
      settings: {
        backoffStrategy: (count: number, _type?: string, error?: Error) => {
          const after = error instanceof RetryLater ? error.retryAfterMs : undefined;
          return nextDelayMs(o.schedule(), o.fast, count, after, Math.random()) ?? -1;
        },
      },
    });
    // The state connection logs that Redis went; failed tries stand in the delivery log.
    this.#queue.on('error', () => undefined);
    this.#worker.on('error', () => undefined);
  }

  set ordered(ordered: boolean) {
    this.#worker.concurrency = ordered ? 1 : CONCURRENCY;
  }

  /** Queues a stored delivery; one that is queued already stays as it is. @throws when Redis does not take it */
  async add({ deliveryId }: Pick<NewDelivery, 'deliveryId'>): Promise<void> {
    const { fast, schedule } = this.#o;
    await this.#queue.add(
      'deliver',
      { deliveryId, fast },
      {
        jobId: deliveryId,
        attempts: delaysOf(schedule(), fast).length,
        backoff: { type: 'custom' },
        removeOnComplete: true,
        removeOnFail: true,
      },
    );
  }

  /** Forgets what is queued of a delivery. */
  async remove(deliveryId: string): Promise<void> {
    await this.#queue.remove(deliveryId);
  }

  /** Makes every next try now. */
  async hurry(): Promise<void> {
    await this.#queue.promoteJobs();
  }

  /** Waits for tries under way. */
  async close(): Promise<void> {
    await this.#worker.close();
    await this.#queue.close();
  }

  /** Lets go of tries under way: their locks run out, and whoever leads next makes them again under the same ids. */
  async abandon(): Promise<void> {
    const parts = [this.#worker, this.#queue];
    await Promise.allSettled(parts.map((part) => inTime(part.disconnect(), DISCONNECT_WITHIN_MS)));
  }

  async #take(job: Job<DeliveryJob>, token: string | undefined): Promise<void> {
    // Queued before there were two lanes. What the database has pending is in its own lane by now.
    if (job.data.fast !== this.#o.fast) return;
    try {
      await this.#o.work(job);
    } catch (error) {
      if (!(error instanceof PutBack)) throw error;
      await job.moveToDelayed(Date.now() + error.forMs, token);
      throw new DelayedError();
    }
  }
}
