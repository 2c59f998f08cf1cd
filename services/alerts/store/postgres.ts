/** PostgreSQL for kysely: a small pool that never waits for long, and replaces what has broken. */
import { type Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { HeadroomError, messageOf } from '../../../shared/runtime/errors.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import { registerSecret, scrub } from '../../../shared/runtime/secrets.ts';

/** Oldest version its makers still maintain. */
const OLDEST_POSTGRES = 14;
/** Deliveries write side by side; the loop that judges readings needs one. */
const CONNECTIONS = 6;
const CONNECT_TIMEOUT_MS = 3000;
/** A process that was stopped within a transaction must not keep its successor from leading. */
const IDLE_IN_TRANSACTION_MS = 3000;
const LOCK_TIMEOUT_MS = 3000;
const STATEMENT_TIMEOUT_MS = 8000;
/** Longer than the server's own limit: reached only when the network or a halted server swallows the answer. */
const ANSWER_TIMEOUT_MS = 10_000;
const INT8 = pg.types.builtins.INT8;
const READ_ONLY_TRANSACTION = '25006';

export const isPostgresUrl = (where: string): boolean => /^postgres(ql)?:/i.test(where);

/**
 * A dialect that connects when the first query comes.
 * @param url `postgres://user:password@host:port/database`, with parameters such as `sslmode`
 * @throws HeadroomError DATABASE_URL_INVALID, which does not repeat the address
 */
export function postgresDialect(url: string, logger?: Logger): PostgresDialect {
  const where = serverOf(url);
  const pool = new pg.Pool({
    Client: ImpatientClient,
    max: CONNECTIONS,
    application_name: 'headroom-alerts',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    keepAlive: true,
    // What is committed survives a power cut, whatever the database's own default.
    options: '-c synchronous_commit=on',
    // Epoch milliseconds and offsets stay far below 2^53.
    types: { getTypeParser: (oid, format) => (oid === INT8 ? Number : pg.types.getTypeParser(oid, format as 'text')) },
    connectionString: url,
  });
  let away = false;
  const lost = (error: Error): void => {
    if (!away) logger?.warn({ where, reason: scrub(messageOf(error)) }, 'database connection lost');
    away = true;
  };
  pool.on('error', lost);
  pool.on('connect', (client) => {
    if (away) logger?.info({ where }, 'database connection is back');
    away = false;
    // One that breaks between two queries of a transaction would otherwise end the process.
    client.on('error', lost);
  });
  return new PostgresDialect({ pool });
}

/**
 * `host:port/database` of an address, which may be shown. Its password is masked from here on wherever it turns up.
 * @throws HeadroomError DATABASE_URL_INVALID
 */
export function serverOf(url: string): string {
  try {
    const parsed = new URL(url);
    const { searchParams } = parsed;
    for (const secret of [parsed.password, searchParams.get('password'), searchParams.get('sslpassword')]) {
      if (secret) registerSecret(decodeURIComponent(secret));
    }
    const host = parsed.host || searchParams.get('host') || 'localhost';
    return `${host}${parsed.pathname}`;
  } catch {
    throw new HeadroomError(
      'DATABASE_URL_INVALID',
      'The database address is no URL: write postgres://user:password@host:5432/database, and percent-encode whatever ' +
        'is neither a letter nor a digit in the password.',
    );
  }
}

/**
 * Asks the server whether it will do.
 * @throws HeadroomError DATABASE_TOO_OLD or DATABASE_ENCODING, or what the connection said
 */
export async function checkServer(db: Kysely<never>): Promise<{ version: string; fsync: boolean }> {
  const { rows } = await sql<{ version: string; encoding: string; fsync: string; standby: boolean }>`
    select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding,
      current_setting('fsync') as fsync, pg_is_in_recovery() as standby`.execute(db);
  const server = rows[0];
  if (!server) throw new Error('the server says nothing about itself');
  refuseServer(Number(server.version), server.encoding);
  if (server.standby) throw new StandbyError();
  return { version: versionOf(Number(server.version)), fsync: server.fsync === 'on' };
}

/** `15.12` of 150012, `9.6.24` of 90624. */
export function versionOf(number: number): string {
  const major = Math.floor(number / 10_000);
  return major >= 10 ? `${major}.${number % 10_000}` : `${major}.${Math.floor(number / 100) % 100}.${number % 100}`;
}

/** The rules that {@link checkServer} goes by. @param version such as 150012 for 15.12 */
export function refuseServer(version: number, encoding: string): void {
  if (version < OLDEST_POSTGRES * 10_000) {
    throw new HeadroomError(
      'DATABASE_TOO_OLD',
      `PostgreSQL ${versionOf(version)} is too old: Headroom needs ${OLDEST_POSTGRES} or newer.`,
    );
  }
  if (encoding !== 'UTF8') {
    throw new HeadroomError(
      'DATABASE_ENCODING',
      `The database's encoding is ${encoding}: create one with "createdb --encoding UTF8 --template template0".`,
    );
  }
}

/** Nothing can be written here; after a switch-over it may be another server's turn. */
class StandbyError extends Error {
  readonly code = READ_ONLY_TRANSACTION;
  constructor() {
    super('the server is a standby and takes no writes');
  }
}

/** Drops a connection that does not answer or leads to a server that has become a standby: the next one is new. */
class ImpatientClient extends pg.Client {
  // biome-ignore lint/suspicious/noExplicitAny: pg's overloads, handed through as they are.
  override query(...args: any[]): any {
    // biome-ignore lint/suspicious/noExplicitAny: the same.
    const answer = (super.query as any)(...args);
    if (typeof answer?.then === 'function') answer.then(undefined, (error: unknown) => this.#judge(error));
    return answer;
  }

  #judge(error: unknown): void {
    const { code, message } = error as { code?: string; message?: string };
    if (code !== READ_ONLY_TRANSACTION && message !== 'Query read timeout') return;
    (this as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}
