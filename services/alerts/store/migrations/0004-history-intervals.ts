/** The 90 % interval of the counts, added up as they are. Spans from before know none. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('history')
    .addColumn('interval_samples', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  for (const column of ['count_low_sum', 'count_high_sum'] as const) {
    await db.schema
      .alterTable('history')
      .addColumn(column, 'double precision', (c) => c.notNull().defaultTo(0))
      .execute();
  }
}
