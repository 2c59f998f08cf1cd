/** One Headroom per data folder: two would corrupt each other's Redis. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HeadroomError } from '../../shared/runtime/errors.ts';

const SQLITE_BUSY = 5;

/** What this process holds, by folder, and how often it took it. */
const held = new Map<string, { lock: DatabaseSync; times: number }>();

/**
 * Takes the folder's lock: SQLite's exclusive one on a file that stays empty. The kernel gives it back whenever the
 * process ends, so none is left behind by a power cut, and of several that start at once one gets it. Who has it may
 * take it again, as the demo does before it starts Headroom; it is free when it was given back as often.
 * @returns gives the lock back
 * @throws HeadroomError ALREADY_RUNNING
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const folder = resolve(dataDir);
  const holderFile = join(folder, 'headroom.pid');
  const mine = held.get(folder) ?? { lock: await takeLock(folder, holderFile), times: 0 };
  held.set(folder, mine);
  mine.times += 1;
  await writeFile(holderFile, String(process.pid));
  return async () => {
    mine.times -= 1;
    if (mine.times > 0) return;
    held.delete(folder);
    await rm(holderFile, { force: true });
    mine.lock.close();
  };
}

async function takeLock(folder: string, holderFile: string): Promise<DatabaseSync> {
  const lock = new DatabaseSync(join(folder, 'headroom.lock'));
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
    // For people: which process to look for.
    const holder = (await readFile(holderFile, 'utf8').catch(() => '')).trim();
    throw new HeadroomError(
      'ALREADY_RUNNING',
      `Headroom already runs with the data folder ${folder}${holder && ` (process ${holder})`}.`,
    );
  }
}
