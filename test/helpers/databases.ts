/** The databases Headroom runs on: tests of what is stored go over this table, so that both must give the same. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, type TestPostgres } from './postgres.ts';

export type TestDatabase = {
  /** What `AlertStore.open` and `startAlerts` are given. */
  where: string;
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
      return { where: join(dir, 'headroom.db'), remove: () => rm(dir, { recursive: true, force: true }) };
    },
  },
  {
    name: 'PostgreSQL',
    async create() {
      const server = await startPostgres();
      return { where: await server.database(), server, remove: () => server.stop() };
    },
  },
];
