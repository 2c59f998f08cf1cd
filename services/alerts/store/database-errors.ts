/** What a database's error means: is it away for a while, or will it never do? For SQLite and PostgreSQL. */

/** Connection (08), conflict (40), resources (53, 58), shutting down or starting up (57P), time limits, a standby. */
const PASSING_SQLSTATE = /^((08|40|53|58)[0-9A-Z]{3}|57P0[0-9]|55P03|57014|25006|25P03)$/;
const PASSING_SYSTEM =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|ENOENT|ECONNABORTED)$/;
/** What pg says without a code. */
const PASSING_TEXT =
  /^(Connection terminated|Query read timeout|timeout exceeded when trying to connect|timeout expired|Client (was closed|has encountered))|not queryable/;
/** BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL: the disk or another process, not what was asked. */
const PASSING_SQLITE = new Set([5, 6, 7, 8, 10, 13, 14, 15]);

/** Whether the database is away or cannot write now, and the same may succeed later. */
export function isDatabaseAway(error: unknown): boolean {
  for (const found of causesOf(error)) {
    const { code, errcode, message } = found as { code?: unknown; errcode?: unknown; message?: string };
    if (code === 'ERR_SQLITE_ERROR') return PASSING_SQLITE.has(Number(errcode) & 0xff);
    if (typeof code === 'string' && (PASSING_SQLSTATE.test(code) || PASSING_SYSTEM.test(code))) return true;
    if (typeof message === 'string' && PASSING_TEXT.test(message)) return true;
  }
  return false;
}

/** What to do about a server that answers and says no; undefined when it said something else. */
export function refusalOf(error: unknown): string | undefined {
  for (const found of causesOf(error)) {
    const { code, message = '' } = found as { code?: unknown; message?: string };
    if (code === '28P01' || code === '28000' || message.startsWith('SASL')) {
      return 'it refuses the log-in: check user and password in DATABASE_URL, and pg_hba.conf';
    }
    if (code === '3D000') return 'there is no such database: make it with createdb';
    if (code === '42501') return 'the user may not make tables: let it own the database';
    if (message.includes('does not support SSL')) return 'it speaks no TLS: leave sslmode out of DATABASE_URL';
    if (typeof code === 'string' && /CERT|UNABLE_TO_VERIFY/.test(code)) {
      return `its certificate is not trusted (${code}): name its authority with sslrootcert=FILE in DATABASE_URL`;
    }
  }
  return undefined;
}

function* causesOf(error: unknown): Generator<object> {
  for (let at = error; at !== null && typeof at === 'object'; at = (at as { cause?: unknown }).cause) {
    yield at;
    if (at instanceof AggregateError) yield* at.errors.filter((each) => each !== null && typeof each === 'object');
  }
}
