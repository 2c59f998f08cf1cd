/** What the living workers say of their models. */
import type { Redis } from 'ioredis';
import { modelKeys, WorkerModels } from '../../shared/contracts/models.ts';
import { wordsLike } from '../../shared/runtime/words.ts';

/**
 * One entry for each worker, by its instance name.
 * @param state state database
 * @throws when Redis does not answer
 */
export async function modelsKnown(state: Redis): Promise<WorkerModels[]> {
  const words = await wordsLike(state, modelKeys.pattern, WorkerModels);
  return words.sort((a, b) => a.instance.localeCompare(b.instance));
}
