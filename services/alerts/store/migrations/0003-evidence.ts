/** Pictures and heat maps that changes of level were decided on; the files lie beside the database. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('evidence')
    .addColumn('event_id', 'varchar(255)', (c) => c.primaryKey())
    .addColumn('alert_id', 'varchar(255)', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('state', 'varchar(16)', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('evidence_by_alert').on('evidence').columns(['alert_id', 'at']).execute();
  await db.schema.createIndex('evidence_by_age').on('evidence').columns(['at']).execute();
  await db.schema.createIndex('evidence_by_state').on('evidence').columns(['state']).execute();
}
