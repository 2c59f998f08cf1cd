/** How large the database is and how much room there is for it: measured now and then, told as metrics. */
import { stat, statfs } from 'node:fs/promises';
import { sql } from 'kysely';
import type { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import type { AlertMetrics } from './alert-metrics.ts';
import type { AlertStore } from './store/alert-store.ts';

const EVERY_MS = 15_000;

export type StorageOptions = {
  store: AlertStore;
  /** The SQLite file; undefined with PostgreSQL. */
  file: string | undefined;
  dataDir: string;
  metrics: AlertMetrics;
  lifecycle: Lifecycle;
};

/** Measures at once and then every fifteen seconds, until the lifecycle closes. What cannot be measured is not told. */
export function watchStorage({ store, file, dataDir, metrics, lifecycle }: StorageOptions): void {
  const measure = async (): Promise<void> => {
    const size = file === undefined ? await postgresBytes(store) : await sqliteBytes(file);
    if (size !== undefined) metrics.databaseBytes.set({ kind: file === undefined ? 'postgresql' : 'sqlite' }, size);
    const disk = await statfs(dataDir).catch(() => undefined);
    if (!disk) return;
    metrics.diskFreeBytes.set(disk.bavail * disk.bsize);
    metrics.diskBytes.set(disk.blocks * disk.bsize);
  };
  const timer = setInterval(() => void measure(), EVERY_MS);
  void measure();
  lifecycle.add('storage watch', timer, clearInterval);
}

/** The file and what has not been written back into it yet. */
async function sqliteBytes(file: string): Promise<number | undefined> {
  const sizes = await Promise.all(
    [file, `${file}-wal`].map((path) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes[0] === 0 ? undefined : sizes.reduce((sum, size) => sum + size, 0);
}

async function postgresBytes(store: AlertStore): Promise<number | undefined> {
  const query = sql<{ bytes: string }>`select pg_database_size(current_database()) as bytes`;
  const size = Number((await query.execute(store.db).catch(() => undefined))?.rows[0]?.bytes);
  return Number.isFinite(size) ? size : undefined;
}
