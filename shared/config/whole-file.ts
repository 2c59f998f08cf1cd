/** Files that others read at any time: they find the old one or the new one, never a part. */
import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { chmod, chown, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Puts a whole new file in place, on the disk before it has the name.
 * @param like whose rights it gets: mode and, where this process may give files away, owner
 * @param beforeIt done when all is ready and nothing has changed yet
 * @throws what the file system or `beforeIt` said; nothing is left behind then
 */
export async function putWholeFile(
  file: string,
  text: string,
  { mode, uid, gid }: Pick<Stats, 'mode' | 'uid' | 'gid'>,
  beforeIt?: () => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.${randomUUID()}.tmp`);
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: 0o600, flush: true });
    // Only root may give files away; then the writer owns it, as with any editor.
    await chown(temporary, uid, gid).catch(() => undefined);
    await chmod(temporary, mode & 0o7777);
    await beforeIt?.();
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
