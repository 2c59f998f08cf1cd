/** What every service's `main.ts` does around its service: signals, exit codes, dying with its supervisor or when it hangs. */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { messageOf } from './errors.ts';
import type { Service } from './lifecycle.ts';
import { type Logger, standardOutput } from './logger.ts';
import { scrub } from './secrets.ts';
import { watchEventLoop } from './watchdog.ts';

/**
 * Where this process has its number from. Every container has numbers of its own and begins them at 1, and containers of
 * the host's network have its name, too: together with this, a number is one process.
 */
export const processSpace: string = (() => {
  let where = hostname();
  try {
    where = `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    // Not Linux, or a sandbox that tells nothing: the host's name must do.
  }
  return createHash('sha256').update(where).digest('hex').slice(0, 8);
})();

/** Whether a process of this machine, and of this container, lives. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, but is somebody else's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Exit code of a start that failed for a reason the operator can mend. */
export const EXIT_CANNOT_START = 2;

/** Longest time between the signal and exit, also of a service that is still starting. */
const CLOSE_DEADLINE_MS = 8000;

/** For the last lines of the log. */
const LAST_LINES_MS = 500;

/** Ends this process once its last lines are out. Where nobody takes them, an orderly exit would wait for that for ever. */
async function leave(code: number): Promise<never> {
  if (!(await standardOutput.empty(LAST_LINES_MS))) process.kill(process.pid, 'SIGKILL');
  process.exit(code);
}

/**
 * Runs a service until SIGTERM or SIGINT, or until the supervisor's channel closes. Exits 0 after a clean stop and
 * {@link EXIT_CANNOT_START} with one message when it cannot start.
 */
export async function runService(logger: Logger, start: () => Promise<Service & { url?: string }>): Promise<void> {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop());
  // Started by `headroom up`: when that is gone, even by kill -9, so are we. It may have gone while we were loading.
  process.on('disconnect', () => stop());
  if (process.send && !process.connected) stop();
  // From the signal on, whatever we are at: a start may wait for a Redis that has gone for good.
  void stopped.then(() =>
    setTimeout(() => {
      logger.error({ deadlineMs: CLOSE_DEADLINE_MS }, 'forced to exit');
      void leave(1);
    }, CLOSE_DEADLINE_MS),
  );
  // Nobody reads them any more, or their disk is full: no reason to stop watching.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  // Node's own way would print the error as it is, with any secret in it.
  for (const event of ['unhandledRejection', 'uncaughtException']) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, 'programming error');
      void leave(1);
    });
  }

  let service: Service & { url?: string };
  try {
    service = await start();
  } catch (error) {
    process.stderr.write(`${scrub(messageOf(error))}\n`);
    return leave(EXIT_CANNOT_START);
  }
  if (process.connected) process.send?.({ type: 'ready', url: service.url });
  watchEventLoop(logger);
  await stopped;
  await service.close();
  await leave(0);
}
