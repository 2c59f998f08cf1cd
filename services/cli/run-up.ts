/** The `up` command around {@link startHeadroom}: which configuration, what is said on the terminal. */
import { existsSync } from 'node:fs';
import { createLogger } from '../../shared/runtime/logger.ts';
import { runService } from '../../shared/runtime/process.ts';
import { startHeadroom } from './up.ts';

const DEFAULT_CONFIG = 'headroom.yaml';

export async function runUp(options: { config?: string; demo?: boolean }): Promise<void> {
  const configFile = options.config ?? (!options.demo && existsSync(DEFAULT_CONFIG) ? DEFAULT_CONFIG : undefined);
  if (configFile) {
    const logger = createLogger('launcher');
    await runService(logger, async () => {
      const headroom = await startHeadroom(configFile, logger);
      say(headroom.url, `cameras of ${configFile}`);
      return headroom;
    });
  } else {
    // A newcomer reads the address, not state changes.
    process.env.HEADROOM_LOG_LEVEL ??= 'warn';
    const logger = createLogger('launcher');
    await runService(logger, async () => {
      process.stderr.write('headroom: no headroom.yaml here, starting the demo camera\n');
      const { startDemo } = await import('./demo.ts');
      const demo = await startDemo(logger);
      say(demo.url, `the demo camera (served over RTSP by ${demo.server})`);
      return demo;
    });
  }
}

function say(url: string, watching: string): void {
  process.stderr.write(`\n  Headroom watches ${watching}.\n  Dashboard: ${url}\n  Stop with Ctrl-C.\n\n`);
}
