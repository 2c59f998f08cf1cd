/** Whether the database of alerts will do, for `headroom doctor`: asked, tried and left as it was. */
import { randomBytes } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Kysely, sql } from 'kysely';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import { explained } from '../alerts/store/database.ts';
import { isDatabaseAway } from '../alerts/store/database-errors.ts';
import { refuseNewer } from '../alerts/store/migrate.ts';
import { checkServer, postgresDialect, serverOf } from '../alerts/store/postgres.ts';
import { sqliteDialect } from '../alerts/store/sqlite.ts';
import type { AlertTables } from '../alerts/store/tables.ts';

/**
 * PostgreSQL: it answers, is new enough, writes UTF-8, lets this user make tables, and is of no newer Headroom.
 * @param url as in DATABASE_URL; neither what is returned nor what is thrown holds its password
 * @throws HeadroomError DATABASE_UNREACHABLE, DATABASE_REFUSED, DATABASE_TOO_OLD, DATABASE_ENCODING,
 * DATABASE_MIGRATION or DATABASE_URL_INVALID
 */
export async function lookAtPostgres(url: string): Promise<string> {
  const where = serverOf(url);
  const db = new Kysely<never>({ dialect: postgresDialect(url) });
  try {
    const { version, fsync } = await checkServer(db);
    await tryTable(db);
    await refuseNewer(db as unknown as Kysely<AlertTables>);
    const warning = fsync ? '' : '; fsync is off: it does not survive a power cut';
    return `PostgreSQL ${version} at ${where}, tables may be made${warning}`;
  } catch (error) {
    throw explained(error, url, isDatabaseAway(error));
  } finally {
    await db.destroy();
  }
}

/**
 * SQLite: the file and its folder, where its log stands beside it, may be written; what is there is a database of no newer
 * Headroom.
 * @throws HeadroomError DATABASE_UNUSABLE or DATABASE_MIGRATION
 */
export async function lookAtFile(file: string): Promise<string> {
  const writable = (path: string): Promise<NodeJS.ErrnoException | undefined> =>
    access(path, constants.W_OK).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error,
    );
  const found = await writable(file);
  const folder = dirname(file);
  const failure = (found?.code === 'ENOENT' ? undefined : found) ?? (await writable(folder));
  if (failure) {
    const what = failure.code === 'ENOENT' ? `there is no folder ${folder}` : `${failure.path}: ${failure.code}`;
    throw new HeadroomError('DATABASE_UNUSABLE', `The database file cannot be written (${what}): see database.file.`);
  }
  if (found) return `SQLite, ${file}, made at the first start`;
  const db = new Kysely<AlertTables>({ dialect: sqliteDialect(file) });
  try {
    await refuseNewer(db);
  } finally {
    await db.destroy();
  }
  return `SQLite, ${file}`;
}

/** Makes a table and takes it back: no rule of rights is guessed at. */
async function tryTable(db: Kysely<never>): Promise<void> {
  const name = `headroom_doctor_${randomBytes(6).toString('hex')}`;
  const undo = new Error('tried');
  await db
    .transaction()
    .execute(async (trial) => {
      await sql`create table ${sql.table(name)} (n integer)`.execute(trial);
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
}
