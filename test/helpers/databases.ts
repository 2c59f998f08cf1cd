/** The databases Headroom runs on: tests of what is stored go over this table, so that both must give the same. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { startPostgres, type TestPostgres } from './postgres.ts';

export type TestDatabase = {
  /** What `AlertStore.open` and `startAlerts` are given. */
  where: string;
  /** Nothing can be written until what it gives is called: another process holds the lock, or the server was killed. */
  breakDown(): Promise<() => Promise<void>>;
  /** Undefined for SQLite. */
  server?: TestPostgres;
  remove(): Promise<void>;
};

/** One new, empty database of each kind. */
export const DATABASES: { name: string; create: () => Promise<TestDatabase> }[] = [
  {
    name: 'SQLite',
    async create() {
      const dir = await mkdtemp(join(tmpdir(), 'hr-sqlite-'));
      const where = join(dir, 'headroom.db');
      return {
        where,
        async breakDown() {
          const other = new DatabaseSync(where, { timeout: 10_000 });
          other.exec('BEGIN IMMEDIATE');
          return async () => {
            other.exec('ROLLBACK');
            other.close();
          };
        },
        remove: () => rm(dir, { recursive: true, force: true }),
      };
    },
  },
  {
    name: 'PostgreSQL',
    async create() {
      const server = await startPostgres();
      return {
        where: await server.database(),
        server,
        async breakDown() {
          await server.kill9();
          return () => server.start();
        },
        remove: () => server.stop(),
      };
    },
  },
];
