/** The one place that decides which database it is: a file is SQLite, `postgres://` is PostgreSQL. */
import { setTimeout as delay } from 'node:timers/promises';
import { Kysely } from 'kysely';
import { HeadroomError, messageOf } from '../../../shared/runtime/errors.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import { scrub } from '../../../shared/runtime/secrets.ts';
import { isDatabaseAway, refusalOf } from './database-errors.ts';
import { migrate } from './migrate.ts';
import { checkServer, isPostgresUrl, postgresDialect, serverOf } from './postgres.ts';
import { sqliteDialect } from './sqlite.ts';
import type { AlertTables } from './tables.ts';

/** A server that starts together with this process is waited for this long. */
const WAIT_MS = 30_000;
const WAIT_STEP_MS = 1000;
/** Two processes that start on a new database make its tables at the same time: who comes second looks again. */
const ATTEMPTS = 5;
const PAUSE_MS = 300;

export type OpenOptions = { logger?: Logger | undefined; waitMs?: number };

/**
 * Opens a database and brings it to the newest form.
 * @param where a SQLite file, or `postgres://…`
 * @throws HeadroomError DATABASE_UNUSABLE, DATABASE_UNREACHABLE, DATABASE_REFUSED, DATABASE_TOO_OLD, DATABASE_ENCODING,
 * DATABASE_URL_INVALID or DATABASE_MIGRATION; no message holds a password
 */
export async function openDatabase(where: string, o: OpenOptions = {}): Promise<Kysely<AlertTables>> {
  const { logger, waitMs = WAIT_MS } = o;
  const startedAt = performance.now();
  let told = false;
  for (let failures = 0; ; ) {
    let db: Kysely<AlertTables> | undefined;
    try {
      db = connect(where, logger);
      if (isPostgresUrl(where)) await welcome(db, where, logger);
      await migrate(db);
      return db;
    } catch (error) {
      await db?.destroy().catch(() => undefined);
      const away = isPostgresUrl(where) && isDatabaseAway(error);
      if (away && performance.now() - startedAt < waitMs) {
        const reason = scrub(messageOf(error));
        if (!told) logger?.warn({ where: serverOf(where), reason, waitMs }, 'waiting for the database');
        told = true;
        await delay(WAIT_STEP_MS);
        continue;
      }
      failures += 1;
      if (away || refusalOf(error) !== undefined || failures === ATTEMPTS) throw explained(error, where, away);
      await delay(PAUSE_MS * (0.5 + Math.random()));
    }
  }
}

function connect(where: string, logger: Logger | undefined): Kysely<AlertTables> {
  return new Kysely<AlertTables>({
    dialect: isPostgresUrl(where) ? postgresDialect(where, logger) : sqliteDialect(where),
  });
}

async function welcome(db: Kysely<AlertTables>, where: string, logger: Logger | undefined): Promise<void> {
  const { fsync } = await checkServer(db as unknown as Kysely<never>);
  if (!fsync) logger?.warn({ where: serverOf(where) }, 'the database does not survive a power cut: fsync is off');
}

/** An error of a database in words that say what to do; itself where there are none. None holds a password. */
export function explained(error: unknown, where: string, away: boolean): unknown {
  if (!isPostgresUrl(where)) return error;
  const refusal = refusalOf(error);
  const server = `PostgreSQL at ${serverOf(where)}`;
  if (refusal !== undefined) return new HeadroomError('DATABASE_REFUSED', `${server} cannot be used: ${refusal}.`);
  if (!away) return error;
  return new HeadroomError(
    'DATABASE_UNREACHABLE',
    `${server} does not answer (${scrub(messageOf(error))}). Start it, or correct DATABASE_URL.`,
  );
}
