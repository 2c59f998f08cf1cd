// `npm start`: set up what is missing, then run Headroom.
import { setUp } from './setup.mjs';

try {
  await setUp('start');
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
process.argv.splice(2, 0, 'up');
await import('../../services/cli/bin.mjs');
