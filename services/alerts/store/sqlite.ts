/** SQLite for kysely through Node's own `node:sqlite`: no native package to build. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { type SqliteDatabase, SqliteDialect } from 'kysely';
import { HeadroomError, messageOf } from '../../../shared/runtime/errors.ts';

/**
 * A second process may hold the write lock while it takes over. Waiting for it halts this whole process, so it is short:
 * who finds the database locked for longer tries again.
 */
const BUSY_TIMEOUT_MS = 250;

/**
 * Opens or creates a database file. Write-ahead log with full synchronisation: what is committed survives a power cut.
 * @throws HeadroomError DATABASE_UNUSABLE
 */
export function sqliteDialect(file: string): SqliteDialect {
  let database: DatabaseSync;
  try {
    mkdirSync(dirname(file), { recursive: true });
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
  } catch (cause) {
    throw new HeadroomError(
      'DATABASE_UNUSABLE',
      `The database ${file} cannot be opened (${messageOf(cause)}). Check database.file, its folder and its rights.`,
      { cause },
    );
  }
  return new SqliteDialect({ database: asKyselyDatabase(database) });
}

const NOTHING: ReturnType<SqliteDatabase['prepare']> = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [][Symbol.iterator](),
};

/** kysely speaks better-sqlite3's dialect: parameters as one array, and `reader` for statements that give rows. */
function asKyselyDatabase(database: DatabaseSync): SqliteDatabase {
  return {
    close: () => database.close(),
    prepare(sql) {
      // A full disk ends the transaction by itself; an error of the roll-back would hide why.
      if (sql === 'rollback' && !database.isTransaction) return NOTHING;
      const statement = database.prepare(sql);
      const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...values(parameters)),
        run: (parameters) => statement.run(...values(parameters)),
        iterate: (parameters) => statement.iterate(...values(parameters)),
      };
    },
  };
}
