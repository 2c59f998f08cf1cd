/** JSON logs. Changes of state, not ticks; fixed messages with the values in fields. */
import { type Logger, pino } from 'pino';
import { HeadroomError } from './errors.ts';
import { scrub } from './secrets.ts';

export type { Logger };

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
  return pino(
    {
      level,
      base: { service, pid: process.pid },
      redact: { paths: ['url', 'password', '*.url', '*.password', 'headers.authorization'], censor: '***' },
      // The net: `redact` sees fields, not the inside of strings.
      hooks: { streamWrite: scrub },
    },
    destination ?? standardOutput(),
  );
}

/** Lines kept while standard output cannot be written, bytes; later ones are dropped. */
const MAX_WAITING_BYTES = 64 * 1024;

/** A log whose disk is full, or that nobody reads any more, must not end what it tells of. */
function standardOutput(): ReturnType<typeof pino.destination> {
  const output = pino.destination({ dest: 1, sync: true, maxLength: MAX_WAITING_BYTES });
  output.on('error', () => undefined);
  return output;
}
