/** `headroom doctor`: everything that must be right, looked at one by one. */
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { goodFileOf, readGood } from '../../shared/config/last-good.ts';
import { ConfigError, loadConfig } from '../../shared/config/load.ts';
import type { Config } from '../../shared/config/schema.ts';
import { dataDirOf } from '../../shared/runtime/data-dir.ts';
import { configuredDatabase } from '../../shared/runtime/environment.ts';
import { HeadroomError, messageOf } from '../../shared/runtime/errors.ts';
import { scrub } from '../../shared/runtime/secrets.ts';
import { checkFfmpeg } from '../ingest/ffmpeg-version.ts';
import { CrowdCounter } from '../worker/model/crowd-counter.ts';
import { proveGolden } from '../worker/model/golden.ts';
import { modelsInUse, openModel } from '../worker/model/manifest.ts';
import { endpointOf, sourceOf } from './left-out.ts';
import { lookAtFile, lookAtPostgres } from './look-at-database.ts';
import { lookAtPorts } from './look-at-ports.ts';
import { lookAtReceiver } from './look-at-receiver.ts';
import { lookAtRedis } from './look-at-redis.ts';
import { probeCamera } from './probe.ts';
import { whichConfig } from './which-config.ts';

const LEAST_DISK_BYTES = 1024 ** 3;

/** Runs every check, also after one has failed. @returns whether all passed */
export async function runDoctor(named: string | undefined): Promise<boolean> {
  const configFile = whichConfig(named);
  let healthy = true;
  const check = async (what: string, look: () => Promise<string>): Promise<void> => {
    try {
      process.stdout.write(`ok    ${what}: ${scrub(await look())}\n`);
    } catch (error) {
      healthy = false;
      process.stdout.write(`FAIL  ${what}: ${scrub(messageOf(error))}\n`);
    }
  };

  let config: Config | undefined;
  await check('configuration', async () => {
    config = await loadConfig(configFile).catch(async (error) => {
      throw error instanceof ConfigError ? await withLastGood(error, configFile) : error;
    });
    return `${configFile}, ${config.cameras.length} camera(s)`;
  });
  await check('ffmpeg', async () => `version ${await checkFfmpeg()}`);
  if (!config) return false;
  const { worker, cameras } = config;
  const checked = config;
  await check('redis', () => lookAtRedis(checked, configFile));
  await check('database', async () => {
    const url = configuredDatabase(checked);
    if (url !== undefined) return lookAtPostgres(url);
    return lookAtFile(checked.database.file ?? join(await dataDirOf(checked, configFile), 'headroom.db'));
  });
  for (const [name, usedBy] of modelsInUse(checked)) {
    await check(`model ${name}`, async () => {
      const model = await openModel(worker.modelsDir, name, usedBy);
      const counter = await CrowdCounter.load(model, { provider: worker.provider, threads: 1 });
      if (model.golden) await proveGolden(counter, model.golden);
      const proved = model.golden ? 'golden vectors kept' : 'no golden vectors';
      return `version ${model.manifest.version}, provider ${worker.provider}, ${proved}`;
    });
  }
  await check('port', () => lookAtPorts(checked));
  await check('disk', async () => {
    const dir = await dataDirOf(checked, configFile);
    const { bavail, bsize } = await statfs(dir);
    const free = bavail * bsize;
    const shown = `${(free / 1024 ** 3).toFixed(1)} GiB free in ${dir}`;
    if (free < LEAST_DISK_BYTES) throw new HeadroomError('DISK_FULL', `${shown}; 1 GiB is needed`);
    return shown;
  });
  for (const receiver of checked.deliveries.endpoints) {
    await check(`receiver ${receiver.id}`, () => lookAtReceiver(endpointOf(receiver)));
  }
  for (const camera of cameras) {
    await check(`camera ${camera.id}`, async () => {
      sourceOf(camera);
      const { result } = await probeCamera(camera.url, camera.id);
      if (!result.ok) throw new HeadroomError('CAMERA_SILENT', result.detail);
      return `${result.widthPx}×${result.heightPx}, first picture after ${result.firstPictureMs} ms`;
    });
  }
  return healthy;
}

/** What a start would go by meanwhile, said with the faults. */
async function withLastGood(error: ConfigError, configFile: string): Promise<Error> {
  const good = await readGood(configFile);
  if (!good) return error;
  const since = new Date(good.keptAt).toISOString();
  const meanwhile = `Until they are mended, Headroom goes by what was last good, also after a start: ${goodFileOf(configFile)} of ${since}.`;
  return new HeadroomError('CONFIG_INVALID', `${error.message}\n  ${meanwhile}`);
}
