/** Evidence in the database: what is kept of which event, or why nothing is. The files are named by the event. */
import type { Kysely, Transaction } from 'kysely';
import { Evidence } from '../../../shared/contracts/evidence.ts';
import type { AlertTables } from '../store/tables.ts';

/** Changes of level one answer holds. */
const MOST_LISTED = 500;

type Db = Kysely<AlertTables> | Transaction<AlertTables>;

/** To be called in the transaction that stores the events: a crash leaves an entry that says so, not silence. */
export async function insertEvidence(db: Db, entries: readonly Evidence[]): Promise<void> {
  for (const entry of entries) {
    const { eventId, alertId, at, state } = entry;
    await db
      .insertInto('evidence')
      .values({ event_id: eventId, alert_id: alertId, at, state, body: JSON.stringify(entry) })
      .onConflict((oc) => oc.column('event_id').doNothing())
      .execute();
  }
}

export class EvidenceStore {
  readonly #db: Kysely<AlertTables>;

  constructor(db: Kysely<AlertTables>) {
    this.#db = db;
  }

  async update(entry: Evidence): Promise<void> {
    await this.#db
      .updateTable('evidence')
      .set({ state: entry.state, body: JSON.stringify(entry) })
      .where('event_id', '=', entry.eventId)
      .execute();
  }

  async find(eventId: string): Promise<Evidence | undefined> {
    const row = await this.#db.selectFrom('evidence').select('body').where('event_id', '=', eventId).executeTakeFirst();
    return row && Evidence.parse(JSON.parse(row.body));
  }

  /** Of one alert, in the order of its events; of very many the newest. */
  async ofAlert(alertId: string): Promise<Evidence[]> {
    const rows = await this.#db
      .selectFrom('evidence')
      .select('body')
      .where('alert_id', '=', alertId)
      .orderBy('at', 'desc')
      .limit(MOST_LISTED)
      .execute();
    const found = rows.map((row) => Evidence.parse(JSON.parse(row.body)));
    return found.sort((a, b) => a.sequence - b.sequence);
  }

  async pending(): Promise<Evidence[]> {
    const rows = await this.#db.selectFrom('evidence').select('body').where('state', '=', 'pending').execute();
    return rows.map((row) => Evidence.parse(JSON.parse(row.body)));
  }

  async olderThan(at: number, limit: number): Promise<Evidence[]> {
    const rows = await this.#db
      .selectFrom('evidence')
      .select('body')
      .where('at', '<', at)
      .where('state', '!=', 'pending')
      .orderBy('at')
      .limit(limit)
      .execute();
    return rows.map((row) => Evidence.parse(JSON.parse(row.body)));
  }

  /** Deletes the entries and says so in the audit log, in one transaction. */
  async forget(entries: readonly Evidence[], now: number, keepDays: number): Promise<void> {
    const [first] = entries;
    const last = entries.at(-1);
    if (!first || !last) return;
    const deleted = { entries: entries.length, oldestAt: first.at, newestAt: last.at };
    const body = { type: 'delete-evidence', actor: 'retention', keepDays, ...deleted };
    await this.#db.transaction().execute(async (tx) => {
      for (const { eventId } of entries) await tx.deleteFrom('evidence').where('event_id', '=', eventId).execute();
      await tx
        .insertInto('commands')
        .values({
          command_id: `retention~${now}~${first.at}`,
          at: now,
          actor: 'retention',
          body: JSON.stringify(body),
          reply: JSON.stringify({ commandId: `retention~${now}~${first.at}`, ok: true, body: deleted }),
          replied: 1,
        })
        .execute();
    });
  }
}
