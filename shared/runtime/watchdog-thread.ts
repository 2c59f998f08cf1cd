/** The thread of `watchdog.ts`: it shares nothing with the event loop but a number. */
import { write } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { Watch } from './watchdog.ts';

const FATAL = 60;
/** For the line in the log, which nobody may be taking. */
const LAST_LINE_MS = 500;

const { beats, lookEveryMs, looks, line } = workerData as Watch;
const counter = new Int32Array(beats);
let [seen, without] = [-1, 0];

setInterval(() => {
  const now = Atomics.load(counter, 0);
  without = now === seen ? without + 1 : 0;
  seen = now;
  if (without === looks) end();
}, lookEveryMs);

function end(): void {
  const kill = (): boolean => process.kill(process.pid, 'SIGKILL');
  setTimeout(kill, LAST_LINE_MS);
  write(1, `${JSON.stringify({ level: FATAL, time: Date.now(), ...line })}\n`, kill);
}
