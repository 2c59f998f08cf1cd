/**
 * The configuration that was last in force, kept beside its file: a process that has to start while the file is faulty
 * goes by that and says so. Crowds are not left unwatched over a typing error. A file on this disk and nothing in Redis:
 * addresses of cameras may hold passwords.
 */
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { messageOf } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { ConfigError, loadConfig, parseConfig, textAsLoaded } from './load.ts';
import type { Config } from './schema.ts';
import { putWholeFile } from './whole-file.ts';

/**
 * `headroom.yaml.good`, in HEADROOM_LAST_GOOD_DIR where the file's own folder cannot be written, as in containers. Beside
 * the name that was given, and not where a link leads: links are turned to other files.
 */
export function goodFileOf(file: string): string {
  const dir = process.env.HEADROOM_LAST_GOOD_DIR;
  return dir ? join(resolve(dir), `${basename(file)}.good`) : `${resolve(file)}.good`;
}

/**
 * Reads the configuration to start with: the file, or what was last good of it while it is faulty.
 * @throws ConfigError where nothing good was kept, or an earlier Headroom's, which this one does not understand;
 *   HeadroomError CONFIG_MISSING when there is no such file
 */
export async function loadToStart(file: string, logger: Logger): Promise<Config> {
  try {
    const config = await loadConfig(file);
    await keepGood(file, textAsLoaded(file) as string, logger);
    return config;
  } catch (error) {
    const good = error instanceof ConfigError ? await readGood(file) : undefined;
    if (!good) throw error;
    const { config, keptAt } = good;
    logger.error(
      { file, goesBy: goodFileOf(file), of: new Date(keptAt).toISOString(), reason: messageOf(error) },
      'configuration refused, started with the last good one',
    );
    return config;
  }
}

/** What was last good, and since when it was; undefined where nothing usable was kept. */
export async function readGood(file: string): Promise<{ config: Config; keptAt: number } | undefined> {
  const kept = goodFileOf(file);
  try {
    const { mtimeMs } = await stat(kept);
    return { config: parseConfig(await readFile(kept, 'utf8'), kept), keptAt: mtimeMs };
  } catch {
    return undefined;
  }
}

/** Keeps a text that is in force, with the rights of its file: whole or not at all. Without it one runs all the same. */
export async function keepGood(file: string, text: string, logger: Logger): Promise<void> {
  const kept = goodFileOf(file);
  if ((await readFile(kept, 'utf8').catch(() => undefined)) === text) return;
  try {
    await putWholeFile(kept, text, await stat(file));
  } catch (error) {
    logger.warn(
      { file: kept, reason: messageOf(error) },
      'configuration not kept for a start while the file is faulty',
    );
  }
}
