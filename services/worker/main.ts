import { serviceEnvironment } from '../../shared/runtime/environment.ts';
import { runService } from '../../shared/runtime/process.ts';
import { startWorker } from './service.ts';

const { logger, load } = serviceEnvironment('worker');
await runService(logger, async () => startWorker({ ...(await load()), logger }));
