/** Evidence on disk: one folder a day, files named by a hash of the event, written whole or not at all. */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EvidencePart } from '../../../shared/contracts/alert-command.ts';
import type { Evidence } from '../../../shared/contracts/evidence.ts';

const SUFFIX: Record<EvidencePart, string> = { picture: '.jpg', heat: '.png', map: '.map' };

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export class EvidenceFiles {
  readonly #dir: string;

  /** @param dir made when the first file is written */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Alert ids hold characters that not every file system takes; the day lets people and backups find their way. */
  pathOf({ eventId, at }: Pick<Evidence, 'eventId' | 'at'>, part: EvidencePart): string {
    const day = new Date(at).toISOString().slice(0, 10);
    return join(this.#dir, day, sha256(Buffer.from(eventId)).slice(0, 32) + SUFFIX[part]);
  }

  /** Free space where evidence lies, MB. @throws when the file system does not say */
  async freeMb(): Promise<number> {
    await mkdir(this.#dir, { recursive: true });
    const { bavail, bsize } = await statfs(this.#dir);
    return (bavail * bsize) / 1e6;
  }

  /** Writes a file and waits until it is on the disk. @throws what the file system said; no half file stays */
  async write(
    entry: Pick<Evidence, 'eventId' | 'at'>,
    part: EvidencePart,
    bytes: Uint8Array,
  ): Promise<{ bytes: number; sha256: string }> {
    const path = this.pathOf(entry, part);
    const half = `${path}.part`;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    try {
      const file = await open(half, 'w', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(half, path);
    } catch (error) {
      await rm(half, { force: true }).catch(() => undefined);
      throw error;
    }
    return { bytes: bytes.length, sha256: sha256(bytes) };
  }

  /** @throws ENOENT when it is not there */
  read(entry: Pick<Evidence, 'eventId' | 'at'>, part: EvidencePart): Promise<Buffer> {
    return readFile(this.pathOf(entry, part));
  }

  /** Deletes what there is of an event, and its day's folder when it was the last. */
  async delete(entry: Pick<Evidence, 'eventId' | 'at'>): Promise<void> {
    for (const part of Object.keys(SUFFIX) as EvidencePart[]) await rm(this.pathOf(entry, part), { force: true });
    await rmdir(dirname(this.pathOf(entry, 'map'))).catch(() => undefined);
  }

  /** Deletes the folders of days that were over before `at`. @returns those days @throws what the file system said */
  async deleteDaysBefore(at: number): Promise<string[]> {
    const found = await readdir(this.#dir).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const lastKept = new Date(at).toISOString().slice(0, 10);
    const days = found.filter((name) => /^\d{4}-\d{2}-\d{2}$/.test(name) && name < lastKept);
    for (const day of days) await rm(join(this.#dir, day), { recursive: true, force: true });
    return days;
  }
}
