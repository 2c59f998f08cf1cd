/** Says in Redis what models this worker has, and what it refused: how the gateway and its pages know. */
import type { Redis } from 'ioredis';
import { MODELS_TTL_MS, modelKeys, type WorkerModels } from '../../shared/contracts/models.ts';
import type { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import { keepTelling } from '../../shared/runtime/words.ts';
import type { ModelRegistry } from './model-registry.ts';

/** @param o.redis state database */
export function announceModels(o: {
  instance: string;
  redis: Redis;
  registry: ModelRegistry;
  defaultModel: () => string;
  lifecycle: Lifecycle;
}): void {
  keepTelling({
    ...{ name: 'model announcer', redis: o.redis, lifecycle: o.lifecycle },
    ...{ key: modelKeys.worker(o.instance), everyMs: 1000, ttlMs: MODELS_TTL_MS },
    word: (): WorkerModels => ({
      instance: o.instance,
      defaultModel: o.defaultModel(),
      models: o.registry.states(),
    }),
  });
}
