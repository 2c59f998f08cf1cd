/** What the living workers say of their models. */
import type { Redis } from 'ioredis';
import { modelKeys, WorkerModels } from '../../shared/contracts/models.ts';

/**
 * One entry for each worker, by its instance name.
 * @param state state database
 * @throws when Redis does not answer
 */
export async function modelsKnown(state: Redis): Promise<WorkerModels[]> {
  const keys: string[] = [];
  let cursor = '0';
  do {
    const [next, found] = await state.scan(cursor, 'MATCH', modelKeys.pattern, 'COUNT', 1000);
    cursor = next;
    keys.push(...found);
  } while (cursor !== '0');
  if (keys.length === 0) return [];
  const words = await state.mget(keys);
  return words
    .flatMap((word) => WorkerModels.safeParse(word === null ? undefined : JSON.parse(word)).data ?? [])
    .sort((a, b) => a.instance.localeCompare(b.instance));
}
