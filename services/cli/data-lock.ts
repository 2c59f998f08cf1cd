/** One Headroom per data folder: two would corrupt each other's Redis. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import { isProcessAlive } from '../../shared/runtime/process.ts';

/**
 * Takes the folder's lock. A lock of a process that is gone is taken over.
 * @returns gives the lock back
 * @throws HeadroomError ALREADY_RUNNING
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const file = join(dataDir, 'headroom.pid');
  const holder = Number(await readFile(file, 'utf8').catch(() => ''));
  if (holder > 0 && holder !== process.pid && isProcessAlive(holder)) {
    throw new HeadroomError(
      'ALREADY_RUNNING',
      `Headroom already runs with the data folder ${dataDir} (process ${holder}).`,
    );
  }
  await writeFile(file, String(process.pid));
  return () => rm(file, { force: true });
}
