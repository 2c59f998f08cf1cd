/** What lies in the model folder, and what the worker says of it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { InferencePool } from '../../services/worker/inference-pool.ts';
import { ModelRegistry } from '../../services/worker/model-registry.ts';
import { createWorkerMetrics } from '../../services/worker/worker-metrics.ts';
import { Config } from '../../shared/config/schema.ts';
import { WorkerModels } from '../../shared/contracts/models.ts';
import { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';

test('a folder put aside under a name that no setting can hold keeps no worker from telling its models', async () => {
  const logger = createLogger('test', 'silent');
  const lifecycle = new Lifecycle(logger);
  const modelsDir = await mkdtemp(join(tmpdir(), 'hr-models-'));
  try {
    for (const name of ['small', 'small-2', 'small.before', 'copy of small']) {
      await symlink(resolve('models/small'), join(modelsDir, name));
    }
    const config = Config.parse({ worker: { model: 'small', modelsDir } });
    const metrics = createWorkerMetrics(createRegistry('worker', 'test'));
    const models = await ModelRegistry.open({ config, logger, metrics });
    const setup = { models: models.models(), provider: 'cpu', threads: 1 } as const;
    const pool = await InferencePool.start({ setup, processes: 1, deadlineMs: 10_000, logger });
    lifecycle.add('pool', pool, () => pool.close());
    await models.serve(pool, lifecycle);
    const word = WorkerModels.safeParse({ instance: 'test', defaultModel: 'small', models: models.states() });
    assert.ok(word.success, JSON.stringify(word.error?.issues));
    assert.deepEqual(
      word.data.models.map(({ name }) => name),
      ['small', 'small-2'],
    );
  } finally {
    await lifecycle.close();
    await rm(modelsDir, { recursive: true, force: true });
  }
});
