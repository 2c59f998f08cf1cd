/** Readings over time. */
import type { Kysely } from 'kysely';
import { idText } from '../column-types.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  const text = (length: number) => idText(db, length);
  let table = db.schema
    .createTable('history')
    .addColumn('step_ms', 'integer', (c) => c.notNull())
    .addColumn('camera_id', text(63), (c) => c.notNull())
    .addColumn('zone_id', text(63), (c) => c.notNull())
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
}
