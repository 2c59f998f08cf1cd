/** Finding what is old without reading everything. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema.createIndex('history_by_age').on('history').columns(['step_ms', 'at']).execute();
  await schema.createIndex('attempts_by_age').on('delivery_attempts').columns(['at']).execute();
  await schema.createIndex('deliveries_by_age').on('deliveries').columns(['updated_at']).execute();
}
