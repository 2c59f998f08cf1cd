// `npm start`: set up what is missing, then run Headroom.
import { setUp } from './setup.mjs';

try {
  await setUp('start');
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
// npm's shell does not pass a SIGTERM on: it just dies. When our parent is gone, that was the signal.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.emit('SIGTERM');
}, 250).unref();

process.argv.splice(2, 0, 'up');
await import('../../services/cli/bin.mjs');
