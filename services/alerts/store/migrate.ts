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
  await refuseNewer(db);
  const { error, results } = await new Migrator({ db, provider }).migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find((result) => result.status === 'Error')?.migrationName ?? 'first';
  throw new HeadroomError(
    'DATABASE_MIGRATION',
    `The database cannot be brought up to date (${failed}): ${messageOf(error)}`,
    { cause: error },
  );
}

/**
 * Changes nothing.
 * @throws HeadroomError DATABASE_MIGRATION when the database has taken a step that this version does not know
 */
export async function refuseNewer(db: Kysely<AlertTables>): Promise<void> {
  if (!(await hasSteps(db))) return;
  const known = new Set([...Object.keys(await provider.getMigrations()), ...Object.keys(FIRST_NAMES)]);
  const taken = await stepsOf(db).selectFrom('kysely_migration').select('name').orderBy('name').execute();
  const newer = taken.findLast(({ name }) => !known.has(name))?.name;
  if (newer === undefined) return;
  throw new HeadroomError(
    'DATABASE_MIGRATION',
    `The database is of a newer Headroom (it has taken the step ${newer}): run that one, or put the back-up from before it in place.`,
  );
}

/** What the first two steps were named before the first version. */
const FIRST_NAMES: Record<string, string> = { '2026-11-alerts': '0001-alerts', '2026-11-history': '0002-history' };

const stepsOf = (db: Kysely<AlertTables>) => db.withTables<{ kysely_migration: { name: string } }>();

async function hasSteps(db: Kysely<AlertTables>): Promise<boolean> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  return tables.some(({ name }) => name === 'kysely_migration');
}

/** Databases from before the first version know its two steps by older names. */
async function renameFirstSteps(db: Kysely<AlertTables>): Promise<void> {
  if (!(await hasSteps(db))) return;
  for (const [before, name] of Object.entries(FIRST_NAMES)) {
    await stepsOf(db).updateTable('kysely_migration').set({ name }).where('name', '=', before).execute();
  }
}
