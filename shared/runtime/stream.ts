/** Following a Redis stream: every entry once and in order while Redis answers, and a word when some may be missing. */
import type { Redis } from 'ioredis';
import type { Lifecycle } from './lifecycle.ts';

const BLOCK_MS = 1000;
const AT_ONCE = 500;
const PAUSE_MS = 200;

export type StreamEntry = { id: string; fields: Record<string, string> };

/**
 * Reads a stream until the lifecycle closes.
 * @param redis a connection of its own: reading blocks it
 * @param from id after which to begin
 * @param onGap Redis was away or emptied: entries may be missing, take the state from elsewhere. Asked again until it
 *   succeeds; entries that come while it is busy are told after it
 */
export async function followStream(o: {
  redis: Redis;
  key: string;
  from: string;
  lifecycle: Lifecycle;
  onEntry: (entry: StreamEntry) => void;
  onGap: () => Promise<unknown>;
}): Promise<void> {
  let from: string | undefined = o.from;
  while (!o.lifecycle.closing) {
    try {
      const after: string = from ?? (await pastGap(o));
      from = after;
      const streams = await o.redis.xread('COUNT', AT_ONCE, 'BLOCK', BLOCK_MS, 'STREAMS', o.key, after);
      for (const [id, list] of streams?.[0]?.[1] ?? []) {
        from = id;
        const fields: Record<string, string> = {};
        for (let i = 0; i + 1 < list.length; i += 2) fields[list[i] as string] = list[i + 1] as string;
        o.onEntry({ id, fields });
      }
    } catch {
      from = undefined;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** The place to go on from. Taken before the state is: what comes in between is told twice rather than never. */
async function pastGap(o: { redis: Redis; key: string; onGap: () => Promise<unknown> }): Promise<string> {
  const [newest] = await o.redis.xrevrange(o.key, '+', '-', 'COUNT', 1);
  await o.onGap();
  return newest?.[0] ?? '0';
}
