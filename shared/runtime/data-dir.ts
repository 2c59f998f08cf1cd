/** Where a configuration's own data lie: the same for `headroom up`, for a service started alone, and for `doctor`. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import { HeadroomError } from './errors.ts';

/** The folder of a configuration's own data, made if need be. Two configurations never share one by accident. */
export async function dataDirOf(config: Config, configFile: string): Promise<string> {
  const file = resolve(configFile);
  const name = `${basename(file).replace(/\.ya?ml$/, '')}-${createHash('sha256').update(file).digest('hex').slice(0, 8)}`;
  const dir = resolve(config.dataDir ?? join('.headroom', name));
  await mkdir(dir, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new HeadroomError(
      'DATA_DIR_UNUSABLE',
      `The data folder cannot be made (${cause.code}); set dataDir to one that can.`,
      { cause },
    );
  });
  return dir;
}
