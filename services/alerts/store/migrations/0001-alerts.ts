/** Alerts, their log and deliveries. */
import { type Kysely, sql } from 'kysely';
import { idText } from '../column-types.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const text = (length: number) => idText(db, length);
  const { schema } = db;
  await schema
    .createTable('meta')
    .addColumn('key', text(64), (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .execute();
  await schema
    .createTable('alert_events')
    .addColumn('offset', 'bigint', (c) => c.primaryKey())
    .addColumn('event_id', text(255), (c) => c.notNull().unique())
    .addColumn('alert_id', text(255), (c) => c.notNull())
    .addColumn('camera_id', text(63))
    .addColumn('zone_id', text(63))
    .addColumn('sequence', 'integer', (c) => c.notNull())
    .addColumn('type', text(64), (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('announced', 'integer', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .execute();
  await schema.createIndex('alert_events_by_alert').on('alert_events').columns(['alert_id', 'sequence']).execute();
  await schema.createIndex('alert_events_by_camera').on('alert_events').columns(['camera_id', 'offset']).execute();
  await sql`create index alert_events_outbox on alert_events (${sql.ref('offset')}) where announced = 0`.execute(db);
  for (const table of ['machines', 'alerts', 'silences']) {
    await schema
      .createTable(table)
      .addColumn('id', text(255), (c) => c.primaryKey())
      .addColumn('body', 'text', (c) => c.notNull())
      .execute();
  }
  await schema
    .createTable('commands')
    .addColumn('command_id', text(80), (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('actor', text(120), (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('reply', 'text', (c) => c.notNull())
    .addColumn('replied', 'integer', (c) => c.notNull())
    .execute();
  await schema
    .createTable('config_versions')
    .addColumn('version', text(64), (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .execute();
  await schema
    .createTable('deliveries')
    .addColumn('delivery_id', text(255), (c) => c.primaryKey())
    .addColumn('endpoint', text(63), (c) => c.notNull())
    .addColumn('event_id', text(255), (c) => c.notNull())
    .addColumn('event_offset', 'bigint', (c) => c.notNull())
    .addColumn('fast', 'integer', (c) => c.notNull())
    .addColumn('status', text(16), (c) => c.notNull())
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .execute();
  await schema.createIndex('deliveries_by_status').on('deliveries').columns(['status', 'endpoint']).execute();
  await schema
    .createTable('delivery_attempts')
    .addColumn('delivery_id', text(255), (c) => c.notNull())
    .addColumn('attempt', 'integer', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('outcome', text(255), (c) => c.notNull())
    .addColumn('status_code', 'integer')
    .addColumn('duration_ms', 'integer', (c) => c.notNull())
    .execute();
  await schema.createIndex('attempts_by_delivery').on('delivery_attempts').columns(['delivery_id']).execute();
  await schema
    .createTable('endpoints')
    .addColumn('endpoint', text(63), (c) => c.primaryKey())
    .addColumn('disabled_at', 'bigint', (c) => c.notNull())
    .addColumn('reason', text(255), (c) => c.notNull())
    .execute();
}
