/**
 * `bench start`: a newcomer's first minute. From the command to the address, and to people counted on the screen of a
 * browser that waits for it; with everything set up, in an empty folder, `npm start`'s own script. Prints and never judges.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { launchChromium } from '../helpers/browser.ts';
import { until } from '../helpers/until.ts';
import { quantile } from './statistics.ts';

const START = resolve('infra/scripts/start.mjs');
const TIMES = 5;
const PATIENCE_MS = 300_000;

export async function benchStart({ json }: { json?: boolean }): Promise<void> {
  const chromium = await launchChromium();
  const addressMs: number[] = [];
  const peopleMs: number[] = [];
  try {
    for (let time = 0; time < TIMES; time += 1) {
      const dir = await mkdtemp(join(tmpdir(), 'hr-bench-start-'));
      const context = await chromium.newContext();
      const page = await context.newPage();
      const startedAt = performance.now();
      const child = spawn(process.execPath, [START], { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
      const gone = new Promise((done) => child.once('exit', done));
      let printed = '';
      child.stderr.on('data', (data) => {
        printed += data;
      });
      try {
        const url = await until(
          'the address is printed',
          () => {
            if (child.exitCode !== null) throw new Error(`it ended: ${printed}`);
            return /Dashboard: (http:\S+)/.exec(printed)?.[1];
          },
          PATIENCE_MS,
        );
        addressMs.push(performance.now() - startedAt);
        await page.goto(url);
        await page
          .locator('[data-testid="tile"][data-live="true"] [data-testid="count"]')
          .waitFor({ timeout: PATIENCE_MS });
        peopleMs.push(performance.now() - startedAt);
      } finally {
        child.kill('SIGTERM');
        await gone;
        await context.close();
        await rm(dir, { recursive: true, force: true, maxRetries: 5 });
      }
    }
  } finally {
    await chromium.close();
  }
  const report = {
    starts: TIMES,
    cores: availableParallelism(),
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
    toAddressP50Ms: Math.round(quantile(addressMs, 0.5)),
    toPeopleP50Ms: Math.round(quantile(peopleMs, 0.5)),
    toPeopleMaxMs: Math.round(Math.max(...peopleMs)),
  };
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else for (const [name, value] of Object.entries(report)) process.stdout.write(`${name.padEnd(20)} ${value}\n`);
}
