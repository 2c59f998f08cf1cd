/** One Headroom per data folder: two would corrupt each other's Redis. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import { isProcessAlive } from '../../shared/runtime/process.ts';

/**
 * Takes the folder's lock. A lock of a process that is gone is taken over, also when its number has another one now, as
 * after a power cut or in a container.
 * @returns gives the lock back
 * @throws HeadroomError ALREADY_RUNNING
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const file = join(dataDir, 'headroom.pid');
  const me = await holderText(process.pid);
  // Of several that start at once one makes the file; read again, since somebody may have taken it for a dead one's
  // while it was still empty.
  while (!(await made(file, me)) || (await textOf(file)) !== me) {
    const held = await textOf(file);
    if (held === me) break;
    if (held === undefined) continue;
    const holder = await livingHolder(held);
    if (holder !== undefined) {
      throw new HeadroomError(
        'ALREADY_RUNNING',
        `Headroom already runs with the data folder ${dataDir} (process ${holder}).`,
      );
    }
    await takeAway(file, held);
  }
  return () => rm(file, { force: true });
}

/** Number of a process, and when it began where the kernel tells: a number alone is given to others later. */
async function holderText(pid: number): Promise<string> {
  const began = await startOf(pid);
  return began === undefined ? String(pid) : `${pid} ${began}`;
}

async function livingHolder(held: string): Promise<number | undefined> {
  const [number, began] = held.trim().split(' ');
  const pid = Number(number);
  if (!(pid > 0) || !isProcessAlive(pid)) return undefined;
  const now = began === undefined ? undefined : await startOf(pid);
  return now === undefined || now === began ? pid : undefined;
}

/** When a process began, clock ticks since the machine did (proc(5), field 22 of stat); undefined off Linux. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The second field, the program's name in brackets, may hold anything.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** @returns whether the file was made; false where there is one already */
async function made(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a dead holder's lock, and no other: somebody else may have done so and taken the lock meanwhile. */
async function takeAway(file: string, dead: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  await rename(file, aside).catch(() => undefined);
  const found = await textOf(aside);
  if (found === dead) await rm(aside, { force: true });
  else if (found !== undefined) await rename(aside, file);
}

const textOf = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined);
