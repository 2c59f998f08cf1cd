/** The process of the test bench: what follows when it is ended. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { BenchRunner } from '../../services/worker/bench/bench-runner.ts';
import { type ModelFolder, openModelFolder } from '../../services/worker/model/manifest.ts';
import type { LookOptions } from '../../shared/contracts/bench.ts';
import { createLogger } from '../../shared/runtime/logger.ts';

const logger = createLogger('test', 'silent');
const OPTIONS: LookOptions = { width: 'native', seeds: 1, steps: [1], leastHead: 0.5 };
let model: ModelFolder;
let jpeg: Buffer;
let runner: BenchRunner;
before(async () => {
  model = await openModelFolder('models/small');
  jpeg = await readFile('test/fixtures/labelled/images/s2026-00014.jpg');
  runner = new BenchRunner({ provider: 'cpu', logger });
});
after(() => runner.close());

test('a look that comes while the process is being ended is done by the next one', async () => {
  const first = await runner.look(jpeg, OPTIONS, model);
  assert.ok(first.ok);
  // As when nobody has looked for a minute.
  const closing = runner.close();
  const second = await runner.look(jpeg, OPTIONS, model);
  await closing;
  assert.ok(second.ok, JSON.stringify(second));
});

test('one look that takes too long costs the next one nothing', async () => {
  // The next look has it for the start of a process and the loading of a model, too.
  const deadlineMs = 20_000;
  const strict = new BenchRunner({ provider: 'cpu', logger, deadlineMs });
  try {
    const endless = await strict.look(jpeg, { ...OPTIONS, seeds: 100_000 }, model);
    assert.ok(!endless.ok && endless.refusal.why === 'too-slow');
    const next = await strict.look(jpeg, OPTIONS, model);
    assert.ok(next.ok, JSON.stringify(next));
  } finally {
    await strict.close();
  }
});

test('a model that says nothing of use of a picture does not take another one’s place unnoticed', async () => {
  const other = await openModelFolder('models/standard');
  const { manifest } = model;
  const latent = { ...manifest.latent, std: 1e9 };
  const absurd = { ...model, manifest: { ...manifest, latent }, golden: undefined, fingerprint: 'absurd' };
  for (const held of [model, other]) assert.ok((await runner.look(jpeg, OPTIONS, held)).ok);
  const refused = await runner.look(jpeg, OPTIONS, absurd);
  assert.ok(!refused.ok && refused.refusal.why === 'failed', JSON.stringify(refused));
  const again = await runner.look(jpeg, OPTIONS, model);
  assert.ok(again.ok, JSON.stringify(again));
});
