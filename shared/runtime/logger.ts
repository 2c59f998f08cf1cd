/** JSON logs. Changes of state, not ticks; fixed messages with the values in fields. */
import { type Logger, pino } from 'pino';
import { HeadroomError } from './errors.ts';
import { LogOutput } from './log-output.ts';
import { scrub } from './secrets.ts';

export type { Logger };

/** Of all loggers of this process. */
export const standardOutput = new LogOutput(1);

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/**
 * Creates a service's root logger on standard output.
 * @param service name in every line
 * @param level pino level; `silent` for none
 * @param destination where lines go; standard output by default
 * @throws HeadroomError LOG_LEVEL_INVALID
 */
export function createLogger(
  service: string,
  level: string = process.env.HEADROOM_LOG_LEVEL || 'info',
  destination?: { write(line: string): void },
): Logger {
  if (!LEVELS.includes(level)) {
    const known = `${LEVELS.slice(0, -1).join(', ')} or ${LEVELS.at(-1)}`;
    throw new HeadroomError('LOG_LEVEL_INVALID', `HEADROOM_LOG_LEVEL must be one of ${known}.`);
  }
  const logger = pino(
    {
      level,
      base: { service, pid: process.pid },
      redact: { paths: ['url', 'password', '*.url', '*.password', 'headers.authorization'], censor: '***' },
      // The net: `redact` sees fields, not the inside of strings.
      hooks: { streamWrite: scrub },
    },
    destination ?? standardOutput,
  );
  if (!destination) standardOutput.onLost = (lines) => logger.warn({ lines }, 'log lines lost, nobody took them');
  return logger;
}
