#!/usr/bin/env node
// Runs the command line on the pinned Node (the npm package `node`), whatever Node started this file.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
let node = process.execPath;
try {
  node = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin/node');
} catch {
  console.error('Headroom is not set up yet: run "npm start" (or "npm ci") in its folder once.');
  process.exit(2);
}
const child = spawn(node, [join(here, 'main.ts'), ...process.argv.slice(2)], {
  // The channel tells the command that we are gone, should anybody kill us the hard way.
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
});
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 128 : 1)));
