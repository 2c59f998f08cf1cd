/** What must hold before anything is started. Each check names what is wrong and what to do. */

import { createServer } from 'node:net';
import type { Config } from '../../shared/config/schema.ts';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import { checkFfmpeg } from '../ingest/ffmpeg-version.ts';
import { modelsInUse, openModel } from '../worker/model/manifest.ts';

/** Runs all checks that need no running part. @throws HeadroomError from the first that fails */
export async function preflight(config: Config): Promise<void> {
  await checkFfmpeg();
  for (const [name, usedBy] of modelsInUse(config)) await openModel(config.worker.modelsDir, name, usedBy);
  await checkPort(config.gateway.host, config.gateway.port);
}

/** What to do, by what the system says. `setting` names the port. */
const advice = (code: string | undefined, setting: string): string => {
  const otherPort = `Choose another ${setting}.`;
  const known: Record<string, string> = {
    EADDRINUSE: `it is taken. ${otherPort}`,
    EACCES: `this user may not use it. ${otherPort}`,
    EADDRNOTAVAIL: 'this machine has no such address. Correct gateway.host.',
    ENOTFOUND: 'there is no such address. Correct gateway.host.',
  };
  return known[code ?? ''] ?? `${code}. ${otherPort}`;
};

/**
 * @param host undefined for all addresses
 * @throws HeadroomError PORT_UNUSABLE when the port is taken or may not be used, or the address is another machine's
 */
export async function checkPort(host: string | undefined, port: number, setting = 'gateway.port'): Promise<void> {
  const server = createServer();
  await new Promise<void>((done, fail) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const where = host === undefined ? `port ${port}` : `${host}:${port}`;
      const why = advice(cause.code ?? cause.message, setting);
      fail(new HeadroomError('PORT_UNUSABLE', `Cannot listen on ${where}: ${why}`, { cause }));
    });
    server.listen(port, host, () => server.close(() => done()));
  });
}
