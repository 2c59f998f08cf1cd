/** One Headroom per data folder: two would corrupt each other's Redis. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HeadroomError } from '../../shared/runtime/errors.ts';

const SQLITE_BUSY = 5;

/**
 * Takes the folder's lock: SQLite's exclusive one on a file that stays empty. The kernel gives it back whenever the
 * process ends, so none is left behind by a power cut, and of several that start at once one gets it.
 * @returns gives the lock back
 * @throws HeadroomError ALREADY_RUNNING
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const lock = new DatabaseSync(join(dataDir, 'headroom.lock'));
  const holderFile = join(dataDir, 'headroom.pid');
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
    // For people: which process to look for.
    const holder = (await readFile(holderFile, 'utf8').catch(() => '')).trim();
    throw new HeadroomError(
      'ALREADY_RUNNING',
      `Headroom already runs with the data folder ${dataDir}${holder && ` (process ${holder})`}.`,
    );
  }
  await writeFile(holderFile, String(process.pid));
  return async () => {
    await rm(holderFile, { force: true });
    lock.close();
  };
}
