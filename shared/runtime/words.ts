/**
 * What processes say of themselves in Redis: one JSON text each under a key of its own, told again and again, and gone by
 * itself when its process dies or hangs.
 */
import type { Redis } from 'ioredis';
import type { z } from 'zod';
import type { Lifecycle } from './lifecycle.ts';

export type Telling = {
  /** Of the step that ends it, for the log. */
  name: string;
  /** State database. */
  redis: Redis;
  key: string;
  everyMs: number;
  /** Time for which the word stands when it is not told again. */
  ttlMs: number;
  /** What is to be said now. One that takes longer than `everyMs` is waited for. */
  word: () => unknown;
  lifecycle: Lifecycle;
};

/** Says a word now and again until the lifecycle closes; then nobody finds it any more. */
export function keepTelling({ name, redis, key, everyMs, ttlMs, word, lifecycle }: Telling): void {
  let busy = false;
  let over = false;
  const tell = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      const text = JSON.stringify(await word());
      if (!over) await redis.set(key, text, 'PX', ttlMs);
    } catch {
      // A word that did not get through expires by itself.
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void tell(), everyMs);
  void tell();
  lifecycle.add(name, timer, async () => {
    over = true;
    clearInterval(timer);
    await redis.del(key).catch(() => undefined);
  });
}

/**
 * The words under the keys of a pattern. One that is no JSON, or does not fit, is as good as not said: the others stand.
 * @param redis state database
 * @param pattern glob of keys
 * @param wanted which of the keys found are to be read
 * @throws when Redis does not answer
 */
export async function wordsLike<Word>(
  redis: Redis,
  pattern: string,
  schema: z.ZodType<Word>,
  wanted: (key: string) => boolean = () => true,
): Promise<Word[]> {
  const keys = (await keysLike(redis, pattern)).filter(wanted);
  if (keys.length === 0) return [];
  return (await redis.mget(keys)).flatMap((text) => {
    const word = schema.safeParse(jsonOf(text));
    return word.success ? [word.data] : [];
  });
}

/** Each key once, though a scan may come by it twice. */
async function keysLike(redis: Redis, pattern: string): Promise<string[]> {
  const keys = new Set<string>();
  let cursor = '0';
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1000);
    cursor = next;
    for (const key of found) keys.add(key);
  } while (cursor !== '0');
  return [...keys];
}

/** Undefined where a text is no JSON: one broken word must not silence all others. */
export function jsonOf(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
