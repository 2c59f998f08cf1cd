/**
 * Ends a process whose event loop stands still, so that whatever started it starts it again: it counts nothing and tells
 * nobody, and from outside it seems to live.
 */
import { url as inspectorUrl } from 'node:inspector';
import { Worker } from 'node:worker_threads';
import type { Logger } from './logger.ts';

/** Far longer than the longest piece of work that any service does at a stretch. */
const HANGS_AFTER_MS = 30_000;
const LOOKS = 10;

/** What the thread beside the event loop is given. */
export type Watch = {
  /** One number that the event loop goes on counting. */
  beats: SharedArrayBuffer;
  lookEveryMs: number;
  /** Looks in a row that find no new beat. They are counted, not timed: a machine that slept has not hung. */
  looks: number;
  /** Fields of the one line it writes into the log. */
  line: Record<string, unknown>;
};

/** Watches this process from now on, unless somebody debugs it: a breakpoint is no fault. */
export function watchEventLoop(logger: Logger, hangsAfterMs = HANGS_AFTER_MS): void {
  if (inspectorUrl() !== undefined) return;
  const beats = new SharedArrayBuffer(4);
  const counter = new Int32Array(beats);
  const lookEveryMs = hangsAfterMs / LOOKS;
  const line = { ...logger.bindings(), hangsAfterMs, msg: 'the process hangs and is ended' };
  const workerData: Watch = { beats, lookEveryMs, looks: LOOKS, line };
  const thread = new Worker(new URL('./watchdog-thread.ts', import.meta.url), { workerData });
  thread.on('error', (error) => logger.warn({ err: error }, 'nobody watches whether this process hangs'));
  thread.unref();
  setInterval(() => Atomics.add(counter, 0, 1), lookEveryMs / 2).unref();
}
