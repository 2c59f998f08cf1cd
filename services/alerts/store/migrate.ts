/**
 * How a database comes to its newest form: one file in `migrations/` for each step, named by number, written for SQLite
 * and PostgreSQL alike (ids and names with `idText` of column-types.ts, instants as `bigint`, flags as `integer`, JSON as
 * `text`). A step that has been released is never changed; the next number goes on from it.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Kysely } from 'kysely';
import { FileMigrationProvider, Migrator } from 'kysely/migration';
import { HeadroomError, messageOf } from '../../../shared/runtime/errors.ts';
import type { AlertTables } from './tables.ts';

const provider = new FileMigrationProvider({
  fs: { readdir },
  path: { join },
  migrationFolder: fileURLToPath(new URL('./migrations', import.meta.url)),
  import: (file) => import(pathToFileURL(file).href),
});

/**
 * Brings a database to the newest form.
 * @throws HeadroomError DATABASE_MIGRATION naming the step; the database is left as it was
 */
export async function migrate(db: Kysely<AlertTables>): Promise<void> {
  await renameFirstSteps(db);
  const { error, results } = await new Migrator({ db, provider }).migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find((result) => result.status === 'Error')?.migrationName ?? 'first';
  throw new HeadroomError(
    'DATABASE_MIGRATION',
    `The database cannot be brought up to date (${failed}): ${messageOf(error)}`,
    { cause: error },
  );
}

/** Databases from before the first version know its two steps by older names. */
async function renameFirstSteps(db: Kysely<AlertTables>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === 'kysely_migration')) return;
  const steps = db.withTables<{ kysely_migration: { name: string } }>();
  for (const name of ['alerts', 'history']) {
    await steps
      .updateTable('kysely_migration')
      .set({ name: `${name === 'alerts' ? '0001' : '0002'}-${name}` })
      .where('name', '=', `2026-11-${name}`)
      .execute();
  }
}
