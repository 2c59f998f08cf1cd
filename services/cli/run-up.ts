/** The `up` command around {@link startHeadroom}: which configuration, what is said on the terminal. */
import { loadConfig } from '../../shared/config/load.ts';
import { ownConfig } from '../../shared/config/own-config.ts';
import { messageOf } from '../../shared/runtime/errors.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { runService } from '../../shared/runtime/process.ts';
import { startHeadroom } from './up.ts';

const KEPT = ['What you set up in an earlier demo is kept; npm start -- --reset-demo begins anew.'];

export async function runUp(options: { config?: string; demo?: boolean; resetDemo?: boolean }): Promise<void> {
  const configFile = options.config ?? (options.demo || options.resetDemo ? undefined : ownConfig());
  if (configFile) {
    const logger = createLogger('launcher');
    await runService(logger, async () => {
      const headroom = await startHeadroom(configFile, logger);
      const faults = await loadConfig(configFile).then(
        () => [],
        (error) => [messageOf(error), 'Until that is mended, what was last good of it is watched.'],
      );
      say(headroom.url, `cameras of ${configFile}`, [...faults, ...headroom.leftOut.map((why) => `LEFT OUT  ${why}`)]);
      return headroom;
    });
  } else {
    // A newcomer reads the address, not state changes.
    process.env.HEADROOM_LOG_LEVEL ??= 'warn';
    const logger = createLogger('launcher');
    await runService(logger, async () => {
      const why = options.demo || options.resetDemo ? '' : 'no headroom.yaml here, ';
      process.stderr.write(`headroom: ${why}starting the demo camera\n`);
      const { startDemo } = await import('./demo.ts');
      const demo = await startDemo(logger, options.resetDemo);
      say(demo.url, `the demo camera (served over RTSP by ${demo.server})`, demo.kept ? KEPT : []);
      return demo;
    });
  }
}

function say(url: string, watching: string, more: readonly string[] = []): void {
  const lines = [`Headroom watches ${watching}.`, `Dashboard: ${url}`, ...more, 'Stop with Ctrl-C.'];
  process.stderr.write(`\n${lines.map((line) => `  ${line}\n`).join('')}\n`);
}
