/** Whether the database of alerts will do, for `headroom doctor`: asked, tried and left as it was. */
import { randomBytes } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Kysely, sql } from 'kysely';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import { explained } from '../alerts/store/database.ts';
import { isDatabaseAway } from '../alerts/store/database-errors.ts';
import { checkServer, postgresDialect, serverOf } from '../alerts/store/postgres.ts';

/**
 * PostgreSQL: it answers, is new enough, writes UTF-8, and lets this user make tables.
 * @param url as in DATABASE_URL; neither what is returned nor what is thrown holds its password
 * @throws HeadroomError DATABASE_UNREACHABLE, DATABASE_REFUSED, DATABASE_TOO_OLD, DATABASE_ENCODING or
 * DATABASE_URL_INVALID
 */
export async function lookAtPostgres(url: string): Promise<string> {
  const where = serverOf(url);
  const db = new Kysely<never>({ dialect: postgresDialect(url) });
  try {
    const { version, fsync } = await checkServer(db);
    await tryTable(db);
    const warning = fsync ? '' : '; fsync is off: it does not survive a power cut';
    return `PostgreSQL ${version} at ${where}, tables may be made${warning}`;
  } catch (error) {
    throw explained(error, url, isDatabaseAway(error));
  } finally {
    await db.destroy();
  }
}

/** SQLite: the file, or the folder it will stand in, may be written. @throws HeadroomError DATABASE_UNUSABLE */
export async function lookAtFile(file: string): Promise<string> {
  const writable = (path: string): Promise<NodeJS.ErrnoException | undefined> =>
    access(path, constants.W_OK).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error,
    );
  const found = await writable(file);
  const failure = found?.code === 'ENOENT' ? await writable(dirname(file)) : found;
  if (failure) {
    const what = failure.code === 'ENOENT' ? `there is no folder ${dirname(file)}` : `${file}: ${failure.code}`;
    throw new HeadroomError('DATABASE_UNUSABLE', `The database file cannot be written (${what}): see database.file.`);
  }
  return `SQLite, ${file}${found ? ', made at the first start' : ''}`;
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
