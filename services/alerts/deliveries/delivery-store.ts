/** The delivery log: what is to be sent, every try, and what was given up. */
import { type Kysely, sql, type Transaction } from 'kysely';
import { deleteOldest } from '../store/delete-oldest.ts';
import type { AlertTables, DeliveryStatus } from '../store/tables.ts';
import type { Outcome } from './outcome.ts';

export type NewDelivery = {
  /** `eventId@endpoint`: the same however often it is planned. */
  deliveryId: string;
  endpoint: string;
  /** The `webhook-id`. */
  messageId: string;
  /** Of the event; 0 for a test message. */
  offset: number;
  fast: boolean;
  body: string;
};

export type Delivery = NewDelivery & { status: DeliveryStatus; attempts: number; createdAt: number };

/** One delivery with its tries, as people read it. */
export type DeliveryRecord = Omit<Delivery, 'body'> & {
  tries: { attempt: number; at: number; outcome: string; statusCode?: number; durationMs: number }[];
};

const LIST_LIMIT = 200;

export async function insertDelivery(
  db: Kysely<AlertTables> | Transaction<AlertTables>,
  { deliveryId, endpoint, messageId, offset, fast, body }: NewDelivery,
  at: number,
): Promise<void> {
  await db
    .insertInto('deliveries')
    .values({
      delivery_id: deliveryId,
      endpoint,
      event_id: messageId,
      event_offset: offset,
      fast: fast ? 1 : 0,
      status: 'pending',
      attempts: 0,
      created_at: at,
      updated_at: at,
      body,
    })
    .onConflict((oc) => oc.column('delivery_id').doNothing())
    .execute();
}

export type Backlog = { endpoint: string; count: number; oldestAt: number };

export class DeliveryStore {
  readonly #db: Kysely<AlertTables>;

  constructor(db: Kysely<AlertTables>) {
    this.#db = db;
  }

  async find(deliveryId: string): Promise<Delivery | undefined> {
    const row = await this.#db
      .selectFrom('deliveries')
      .selectAll()
      .where('delivery_id', '=', deliveryId)
      .executeTakeFirst();
    return row && asDelivery(row);
  }

  /** All that is still to be sent, without the messages themselves: what burns first, then as it came. */
  async pending(): Promise<Pick<Delivery, 'deliveryId' | 'endpoint' | 'fast' | 'attempts'>[]> {
    const rows = await this.#db
      .selectFrom('deliveries')
      .select(['delivery_id', 'endpoint', 'fast', 'attempts'])
      .where('status', '=', 'pending')
      .orderBy('fast', 'desc')
      .orderBy('event_offset')
      .execute();
    return rows.map(({ delivery_id, endpoint, fast, attempts }) => ({
      deliveryId: delivery_id,
      endpoint,
      fast: fast === 1,
      attempts,
    }));
  }

  /** What an alert has waiting for the same endpoint from before this delivery, oldest first. */
  async earlierPending({ endpoint, messageId }: Pick<Delivery, 'endpoint' | 'messageId'>): Promise<Delivery[]> {
    const rows = await this.#ofAlert(endpoint)
      .innerJoin('alert_events as this', (join) =>
        join.onRef('this.alert_id', '=', 'e.alert_id').on('this.event_id', '=', messageId),
      )
      .whereRef('e.sequence', '<', 'this.sequence')
      .where('d.status', '=', 'pending')
      .selectAll('d')
      .orderBy('e.sequence')
      .execute();
    return rows.map(asDelivery);
  }

  /** Body of the newest message of an alert that an endpoint has taken. */
  async lastTaken(endpoint: string, alertId: string): Promise<string | undefined> {
    const row = await this.#ofAlert(endpoint)
      .where('e.alert_id', '=', alertId)
      .where('d.status', '=', 'delivered')
      .select('d.body')
      .orderBy('e.sequence', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.body;
  }

  /** Endpoints with the listed alerts that they were to hear of. */
  async told(): Promise<{ alertId: string; endpoint: string }[]> {
    return this.#db
      .selectFrom('alerts as a')
      .innerJoin('alert_events as e', 'e.alert_id', 'a.id')
      .innerJoin('deliveries as d', 'd.event_id', 'e.event_id')
      .select(['a.id as alertId', 'd.endpoint'])
      .distinct()
      .execute();
  }

  /** Events with their deliveries to one endpoint, by the primary key: `eventId@endpoint`. */
  #ofAlert(endpoint: string) {
    return this.#db
      .selectFrom('alert_events as e')
      .innerJoin('deliveries as d', (join) =>
        join.on('d.delivery_id', '=', sql<string>`e.event_id || ${`@${endpoint}`}`),
      );
  }

  /** How many deliveries wait for each receiver that something waits for, and since when the oldest does. */
  async backlog(): Promise<Backlog[]> {
    const rows = await this.#db
      .selectFrom('deliveries')
      .select((eb) => ['endpoint', eb.fn.countAll().as('count'), eb.fn.min('created_at').as('oldest')])
      .where('status', '=', 'pending')
      .groupBy('endpoint')
      .execute();
    return rows.map(({ endpoint, count, oldest }) => ({ endpoint, count: Number(count), oldestAt: Number(oldest) }));
  }

  /**
   * Notes one try, and where it leaves the delivery: one that is over stays so. The try may be that of a leader who was
   * followed meanwhile, and the successor's have come to something.
   */
  async noteTry(
    delivery: Pick<Delivery, 'deliveryId'>,
    attempt: number,
    outcome: Outcome,
    status: DeliveryStatus,
    at: number,
  ): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      await tx
        .insertInto('delivery_attempts')
        .values({
          delivery_id: delivery.deliveryId,
          attempt,
          at,
          outcome: outcome.outcome,
          status_code: outcome.statusCode ?? null,
          duration_ms: outcome.durationMs,
        })
        .execute();
      await tx
        .updateTable('deliveries')
        .set({ attempts: attempt, status, updated_at: at })
        .where('delivery_id', '=', delivery.deliveryId)
        .where('status', '=', 'pending')
        .execute();
    });
  }

  async setStatus(deliveryId: string, status: DeliveryStatus, at: number): Promise<void> {
    await this.#db
      .updateTable('deliveries')
      .set({ status, updated_at: at })
      .where('delivery_id', '=', deliveryId)
      .execute();
  }

  async list(filter: { endpoint?: string | undefined; eventId?: string | undefined }): Promise<DeliveryRecord[]> {
    let query = this.#db.selectFrom('deliveries').selectAll();
    if (filter.endpoint) query = query.where('endpoint', '=', filter.endpoint);
    if (filter.eventId) query = query.where('event_id', '=', filter.eventId);
    const rows = await query.orderBy('event_offset', 'desc').orderBy('delivery_id').limit(LIST_LIMIT).execute();
    if (rows.length === 0) return [];
    const ids = rows.map((row) => row.delivery_id);
    const tries = await this.#db
      .selectFrom('delivery_attempts')
      .selectAll()
      .where('delivery_id', 'in', ids)
      .orderBy('at')
      .orderBy('attempt')
      .execute();
    return rows.map((row) => {
      const { body: _, ...record } = asDelivery(row);
      return {
        ...record,
        tries: tries
          .filter((t) => t.delivery_id === row.delivery_id)
          .map((t) => ({
            attempt: t.attempt,
            at: Number(t.at),
            outcome: t.outcome,
            ...(t.status_code === null ? {} : { statusCode: t.status_code }),
            durationMs: t.duration_ms,
          })),
      };
    });
  }

  /** Endpoints that said they are gone, and when. */
  async disabled(): Promise<Map<string, number>> {
    const rows = await this.#db.selectFrom('endpoints').select(['endpoint', 'disabled_at']).execute();
    return new Map(rows.map((row) => [row.endpoint, Number(row.disabled_at)]));
  }

  async disable(endpoint: string, reason: string, at: number): Promise<void> {
    await this.#db
      .insertInto('endpoints')
      .values({ endpoint, disabled_at: at, reason })
      .onConflict((oc) => oc.column('endpoint').doNothing())
      .execute();
  }

  async enable(endpoint: string): Promise<void> {
    await this.#db.deleteFrom('endpoints').where('endpoint', '=', endpoint).execute();
  }

  /**
   * Forgets what ended before `before`, a piece at a time. Never what is pending, nor what was told of an alert that is
   * still listed: by that an Alertmanager keeps it alive ({@link lastTaken}).
   * @returns whether more of it is left
   */
  async prune(before: number): Promise<boolean> {
    const and = sql`status <> 'pending' and not exists (
      select 1 from alert_events e join alerts a on a.id = e.alert_id where e.event_id = deliveries.event_id)`;
    const tries = await deleteOldest(this.#db, { table: 'delivery_attempts', column: 'at', before });
    const ended = await deleteOldest(this.#db, { table: 'deliveries', column: 'updated_at', before, and });
    return tries || ended;
  }
}

function asDelivery(row: AlertTables['deliveries']): Delivery {
  return {
    deliveryId: row.delivery_id,
    endpoint: row.endpoint,
    messageId: row.event_id,
    offset: Number(row.event_offset),
    fast: row.fast === 1,
    body: row.body,
    status: row.status,
    attempts: row.attempts,
    createdAt: Number(row.created_at),
  };
}
