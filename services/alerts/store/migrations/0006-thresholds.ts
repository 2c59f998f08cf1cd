/** Since when which thresholds were in force, and who confirmed them. Both are only ever added to. */
import type { Kysely } from 'kysely';
import { idText } from '../column-types.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('config_in_force')
    .addColumn('at', 'bigint', (c) => c.primaryKey())
    .addColumn('version', idText(db, 64), (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('threshold_signatures')
    .addColumn('command_id', idText(db, 80), (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('version', idText(db, 64), (c) => c.notNull())
    .addColumn('actor', idText(db, 120), (c) => c.notNull())
    .addColumn('role', 'text')
    .addColumn('note', 'text')
    .execute();
}
