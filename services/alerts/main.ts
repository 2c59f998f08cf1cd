import { dataDirOf } from '../../shared/runtime/data-dir.ts';
import { serviceEnvironment } from '../../shared/runtime/environment.ts';
import { runService } from '../../shared/runtime/process.ts';
import { startAlerts } from './service.ts';

const { logger, load } = serviceEnvironment('alerts');
await runService(logger, async () => {
  const read = await load();
  const dataDir = process.env.HEADROOM_DATA_DIR || (await dataDirOf(read.config, read.configFile));
  return startAlerts({ ...read, dataDir, logger });
});
