/** How large the database is and how much room there is for it: measured now and then, told as metrics. */
import { stat, statfs } from 'node:fs/promises';
import { sql } from 'kysely';
import type { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import { Gauge, type Registry } from '../../shared/runtime/metrics.ts';
import type { AlertStore } from './store/alert-store.ts';

const EVERY_MS = 15_000;

export type StorageOptions = {
  store: AlertStore;
  /** The SQLite file; undefined with PostgreSQL. */
  file: string | undefined;
  dataDir: string;
  registry: Registry;
  lifecycle: Lifecycle;
};

/** Measures at once and then every fifteen seconds, until the lifecycle closes. What cannot be measured is not told. */
export function watchStorage({ store, file, dataDir, registry, lifecycle }: StorageOptions): void {
  const registers = [registry];
  const database = new Gauge({
    name: 'headroom_database_bytes',
    help: 'Size of the database of alerts and history',
    labelNames: ['kind'],
    registers,
  });
  const free = new Gauge({
    name: 'headroom_data_disk_free_bytes',
    help: 'Free space below the data folder',
    registers,
  });
  const total = new Gauge({
    name: 'headroom_data_disk_bytes',
    help: 'Size of the disk below the data folder',
    registers,
  });

  const measure = async (): Promise<void> => {
    const size = file === undefined ? await postgresBytes(store) : await sqliteBytes(file);
    if (size !== undefined) database.set({ kind: file === undefined ? 'postgresql' : 'sqlite' }, size);
    const disk = await statfs(dataDir).catch(() => undefined);
    if (!disk) return;
    free.set(disk.bavail * disk.bsize);
    total.set(disk.blocks * disk.bsize);
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
