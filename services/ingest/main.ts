import { serviceEnvironment } from '../../shared/runtime/environment.ts';
import { runService } from '../../shared/runtime/process.ts';
import { startIngest } from './service.ts';

const { logger, load } = serviceEnvironment('ingest');
await runService(logger, async () => startIngest({ ...(await load()), logger }));
