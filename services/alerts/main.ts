import { serviceEnvironment } from '../../shared/runtime/environment.ts';
import { runService } from '../../shared/runtime/process.ts';
import { startAlerts } from './service.ts';

const { logger, load } = serviceEnvironment('alerts');
await runService(logger, async () =>
  startAlerts({ ...(await load()), dataDir: process.env.HEADROOM_DATA_DIR, logger }),
);
