/** Column types that mean the same in SQLite and PostgreSQL. For migrations. */
import { type Kysely, PostgresAdapter, type RawBuilder, sql } from 'kysely';

/**
 * Text that is compared, sorted or made unique: ids and names. PostgreSQL would sort it by its language; as SQLite does,
 * it goes by bytes, so that both give the same lists in the same order. SQLite knows no length, PostgreSQL refuses more.
 */
export function idText(db: Kysely<never> | Kysely<unknown>, length: number): RawBuilder<string> {
  const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter;
  return isPostgres ? sql`varchar(${sql.lit(length)}) collate "C"` : sql`varchar(${sql.lit(length)})`;
}
