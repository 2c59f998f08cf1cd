/** The database's tables and how they came to be. `body` columns hold a contract's JSON; the others are for queries. */
import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { HeadroomError, messageOf } from '../../../shared/runtime/errors.ts';

export type DeliveryStatus = 'pending' | 'delivered' | 'dead';

export type AlertTables = {
  /** epoch, fence, readings position, commands position. */
  meta: { key: string; value: string };
  /** Append-only. `announced` is the outbox: 0 until the event stands in the Redis stream. */
  alert_events: {
    offset: number;
    event_id: string;
    alert_id: string;
    camera_id: string | null;
    zone_id: string | null;
    sequence: number;
    type: string;
    at: number;
    announced: number;
    body: string;
  };
  machines: { id: string; body: string };
  alerts: { id: string; body: string };
  silences: { id: string; body: string };
  /** Every command that changed something: audit, and the answer to its repetition. */
  commands: { command_id: string; at: number; actor: string; body: string; reply: string; replied: number };
  /** Thresholds and zones that were in force, by their hash. */
  config_versions: { version: string; at: number; body: string };
  deliveries: {
    delivery_id: string;
    endpoint: string;
    event_id: string;
    event_offset: number;
    fast: number;
    status: DeliveryStatus;
    attempts: number;
    created_at: number;
    updated_at: number;
    body: string;
  };
  delivery_attempts: {
    delivery_id: string;
    attempt: number;
    at: number;
    outcome: string;
    status_code: number | null;
    duration_ms: number;
  };
  endpoints: { endpoint: string; disabled_at: number; reason: string };
  /** Sums of readings by span; `zone_id` is empty for the whole picture. */
  history: {
    step_ms: number;
    camera_id: string;
    zone_id: string;
    at: number;
    samples: number;
    count_sum: number;
    count_min: number;
    count_max: number;
    density_samples: number;
    density_sum: number;
    density_peak: number;
  };
};

const migrations: Record<string, Migration> = {
  '2026-11-alerts': {
    async up(db: Kysely<unknown>) {
      const { schema } = db;
      await schema
        .createTable('meta')
        .addColumn('key', 'varchar(64)', (c) => c.primaryKey())
        .addColumn('value', 'text', (c) => c.notNull())
        .execute();
      await schema
        .createTable('alert_events')
        .addColumn('offset', 'bigint', (c) => c.primaryKey())
        .addColumn('event_id', 'varchar(255)', (c) => c.notNull().unique())
        .addColumn('alert_id', 'varchar(255)', (c) => c.notNull())
        .addColumn('camera_id', 'varchar(63)')
        .addColumn('zone_id', 'varchar(63)')
        .addColumn('sequence', 'integer', (c) => c.notNull())
        .addColumn('type', 'varchar(64)', (c) => c.notNull())
        .addColumn('at', 'bigint', (c) => c.notNull())
        .addColumn('announced', 'integer', (c) => c.notNull())
        .addColumn('body', 'text', (c) => c.notNull())
        .execute();
      await schema.createIndex('alert_events_by_alert').on('alert_events').columns(['alert_id', 'sequence']).execute();
      await schema.createIndex('alert_events_by_camera').on('alert_events').columns(['camera_id', 'offset']).execute();
      await sql`create index alert_events_outbox on alert_events (${sql.ref('offset')}) where announced = 0`.execute(
        db,
      );
      for (const table of ['machines', 'alerts', 'silences']) {
        await schema
          .createTable(table)
          .addColumn('id', 'varchar(255)', (c) => c.primaryKey())
          .addColumn('body', 'text', (c) => c.notNull())
          .execute();
      }
      await schema
        .createTable('commands')
        .addColumn('command_id', 'varchar(80)', (c) => c.primaryKey())
        .addColumn('at', 'bigint', (c) => c.notNull())
        .addColumn('actor', 'varchar(120)', (c) => c.notNull())
        .addColumn('body', 'text', (c) => c.notNull())
        .addColumn('reply', 'text', (c) => c.notNull())
        .addColumn('replied', 'integer', (c) => c.notNull())
        .execute();
      await schema
        .createTable('config_versions')
        .addColumn('version', 'varchar(64)', (c) => c.primaryKey())
        .addColumn('at', 'bigint', (c) => c.notNull())
        .addColumn('body', 'text', (c) => c.notNull())
        .execute();
      await schema
        .createTable('deliveries')
        .addColumn('delivery_id', 'varchar(255)', (c) => c.primaryKey())
        .addColumn('endpoint', 'varchar(63)', (c) => c.notNull())
        .addColumn('event_id', 'varchar(255)', (c) => c.notNull())
        .addColumn('event_offset', 'bigint', (c) => c.notNull())
        .addColumn('fast', 'integer', (c) => c.notNull())
        .addColumn('status', 'varchar(16)', (c) => c.notNull())
        .addColumn('attempts', 'integer', (c) => c.notNull())
        .addColumn('created_at', 'bigint', (c) => c.notNull())
        .addColumn('updated_at', 'bigint', (c) => c.notNull())
        .addColumn('body', 'text', (c) => c.notNull())
        .execute();
      await schema.createIndex('deliveries_by_status').on('deliveries').columns(['status', 'endpoint']).execute();
      await schema
        .createTable('delivery_attempts')
        .addColumn('delivery_id', 'varchar(255)', (c) => c.notNull())
        .addColumn('attempt', 'integer', (c) => c.notNull())
        .addColumn('at', 'bigint', (c) => c.notNull())
        .addColumn('outcome', 'varchar(255)', (c) => c.notNull())
        .addColumn('status_code', 'integer')
        .addColumn('duration_ms', 'integer', (c) => c.notNull())
        .execute();
      await schema.createIndex('attempts_by_delivery').on('delivery_attempts').columns(['delivery_id']).execute();
      await schema
        .createTable('endpoints')
        .addColumn('endpoint', 'varchar(63)', (c) => c.primaryKey())
        .addColumn('disabled_at', 'bigint', (c) => c.notNull())
        .addColumn('reason', 'varchar(255)', (c) => c.notNull())
        .execute();
    },
  },
  '2026-11-history': {
    async up(db: Kysely<unknown>) {
      let table = db.schema
        .createTable('history')
        .addColumn('step_ms', 'integer', (c) => c.notNull())
        .addColumn('camera_id', 'varchar(63)', (c) => c.notNull())
        .addColumn('zone_id', 'varchar(63)', (c) => c.notNull())
        .addColumn('at', 'bigint', (c) => c.notNull())
        .addColumn('samples', 'integer', (c) => c.notNull());
      for (const column of ['count_sum', 'count_min', 'count_max'] as const) {
        table = table.addColumn(column, 'double precision', (c) => c.notNull());
      }
      await table
        .addColumn('density_samples', 'integer', (c) => c.notNull())
        .addColumn('density_sum', 'double precision', (c) => c.notNull())
        .addColumn('density_peak', 'double precision', (c) => c.notNull())
        .addPrimaryKeyConstraint('history_pk', ['step_ms', 'camera_id', 'zone_id', 'at'])
        .execute();
    },
  },
};

/**
 * Brings a database to the newest form.
 * @throws HeadroomError DATABASE_MIGRATION naming the step; the database is left as it was
 */
export async function migrate(db: Kysely<AlertTables>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find((result) => result.status === 'Error')?.migrationName ?? 'first';
  throw new HeadroomError(
    'DATABASE_MIGRATION',
    `The database cannot be brought up to date (${failed}): ${messageOf(error)}`,
    {
      cause: error,
    },
  );
}
