import { serviceEnvironment } from '../../shared/runtime/environment.ts';
import { runService } from '../../shared/runtime/process.ts';
import { startGateway } from './service.ts';

const { logger, load } = serviceEnvironment('gateway');
await runService(logger, async () => startGateway({ ...(await load()), logger }));
