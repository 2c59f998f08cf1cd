/** What must hold before anything is started. Each check names what is wrong and what to do. */

import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { cameraSource } from '../../shared/config/load.ts';
import type { Config } from '../../shared/config/schema.ts';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import { checkFfmpeg } from '../ingest/ffmpeg-version.ts';
import { modelsInUse, openModel } from '../worker/model/manifest.ts';

/** Runs all checks that need no running part. @throws HeadroomError from the first that fails */
export async function preflight(config: Config): Promise<void> {
  await checkFfmpeg();
  for (const camera of config.cameras) cameraSource(camera);
  for (const [name, usedBy] of modelsInUse(config)) await openModel(config.worker.modelsDir, name, usedBy);
  await checkPort(config.gateway.host, config.gateway.port);
}

const OTHER_PORT = 'Choose another gateway.port.';
const OTHER_HOST = 'Correct gateway.host.';

/** Why nobody can listen there, and what to do, by what the system says. */
const UNUSABLE: Record<string, string> = {
  EADDRINUSE: `it is taken. ${OTHER_PORT}`,
  EACCES: `this user may not use it. ${OTHER_PORT}`,
  EADDRNOTAVAIL: `this machine has no such address. ${OTHER_HOST}`,
  ENOTFOUND: `there is no such address. ${OTHER_HOST}`,
};

/** @throws HeadroomError PORT_UNUSABLE when the port is taken or may not be used, or the address is another machine's */
export async function checkPort(host: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((done, fail) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = UNUSABLE[cause.code ?? ''] ?? `${cause.code ?? cause.message}. ${OTHER_PORT}`;
      fail(new HeadroomError('PORT_UNUSABLE', `Cannot listen on ${host}:${port}: ${why}`, { cause }));
    });
    server.listen(port, host, () => server.close(() => done()));
  });
}

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
