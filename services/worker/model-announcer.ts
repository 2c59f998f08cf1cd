/** Says in Redis what models this worker has, and what it refused: how the gateway and its pages know. */
import type { Redis } from 'ioredis';
import { MODELS_TTL_MS, modelKeys, type WorkerModels } from '../../shared/contracts/models.ts';
import type { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import type { ModelRegistry } from './model-registry.ts';

const EVERY_MS = 1000;

/** @param o.redis state database */
export function announceModels(o: {
  instance: string;
  redis: Redis;
  registry: ModelRegistry;
  defaultModel: () => string;
  lifecycle: Lifecycle;
}): void {
  const key = modelKeys.worker(o.instance);
  const tell = async (): Promise<void> => {
    const word: WorkerModels = { instance: o.instance, defaultModel: o.defaultModel(), models: o.registry.states() };
    await o.redis.set(key, JSON.stringify(word), 'PX', MODELS_TTL_MS);
  };
  // A word that did not get through expires by itself.
  const timer = setInterval(() => void tell().catch(() => undefined), EVERY_MS);
  void tell().catch(() => undefined);
  o.lifecycle.add('model announcer', timer, async () => {
    clearInterval(timer);
    await o.redis.del(key).catch(() => undefined);
  });
}
