/** How far the totals of lines had come in each minute: what went over them is the difference between two. */
import type { Kysely } from 'kysely';
import { idText } from '../column-types.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('line_history')
    .addColumn('camera_id', idText(db, 63), (c) => c.notNull())
    .addColumn('line_id', idText(db, 63), (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('last_at', 'bigint', (c) => c.notNull())
    .addColumn('since', 'bigint', (c) => c.notNull())
    .addColumn('in_total', 'integer', (c) => c.notNull())
    .addColumn('out_total', 'integer', (c) => c.notNull())
    .addColumn('blind_ms', 'bigint', (c) => c.notNull())
    .addColumn('doubtful', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('line_history_pk', ['camera_id', 'line_id', 'at'])
    .execute();
  await db.schema.createIndex('line_history_by_age').on('line_history').columns(['at']).execute();
}
