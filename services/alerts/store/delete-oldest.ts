/** Forgetting in small pieces, so that nobody waits long for the database meanwhile. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { AlertTables } from './tables.ts';

/** Rows deleted at a time, besides those of the same instant. */
const BATCH = 1000;

/**
 * Deletes the oldest rows of a table that are older than `before`.
 * @param column instant in epoch ms; wants an index
 * @param and a further condition
 * @returns whether more of them are left
 */
export async function deleteOldest(
  db: Kysely<AlertTables>,
  {
    table,
    column,
    before,
    and,
  }: { table: keyof AlertTables; column: string; before: number; and?: RawBuilder<unknown> },
): Promise<boolean> {
  const age = sql.ref(column);
  const old = sql`${age} < ${before}${and ? sql` and ${and}` : sql``}`;
  const { rows } = await sql<{ edge: number }>`
    select ${age} as edge from ${sql.table(table)} where ${old} order by ${age} limit 1 offset ${BATCH}`.execute(db);
  const edge = rows[0]?.edge;
  const piece = edge === undefined ? old : sql`${old} and ${age} <= ${edge}`;
  await sql`delete from ${sql.table(table)} where ${piece}`.execute(db);
  return edge !== undefined;
}
