/** What the alerts service reads: readings and camera states, and operators' commands, each once and in order. */
import type { Redis } from 'ioredis';
import { alertKeys } from '../../shared/contracts/alert.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import type { Positions } from './store/claim.ts';

/** One entry. `lagMs` is how long ago it was written, by Redis' own clock. */
export type Entry = { id: string; stream: 'events' | 'commands'; kind: string; body: string; lagMs: number };

/** Entries older than this are looked at as of their own time. */
export const LIVE_LAG_MS = 1000;
const READ_COUNT = 500;

export class InputStreams {
  readonly #redis: Redis;
  #positions: { events: string; commands: string };

  private constructor(redis: Redis, positions: { events: string; commands: string }) {
    this.#redis = redis;
    this.#positions = positions;
  }

  /**
   * Goes on after the remembered positions; without any, from now on for readings and from the first command.
   * @param redis state database; its blocking reads must not hold up other commands, so a connection of its own
   */
  static async open(redis: Redis, remembered: Positions): Promise<InputStreams> {
    const newest = async (key: string): Promise<string> =>
      (await redis.xrevrange(key, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0';
    const events = await newest(stateKeys.events);
    const commands = await newest(alertKeys.commands);
    // A stream that ends before our position has begun anew: Redis lost its data, so all of it is unseen.
    return new InputStreams(redis, {
      events: remembered.events === undefined ? events : isAfter(remembered.events, events) ? '0-0' : remembered.events,
      commands:
        remembered.commands === undefined || isAfter(remembered.commands, commands) ? '0-0' : remembered.commands,
    });
  }

  /** Waits up to `blockMs` for entries. @throws when Redis does not answer */
  async read(blockMs: number): Promise<Entry[]> {
    const { events, commands } = this.#positions;
    const keys = [stateKeys.events, alertKeys.commands] as const;
    const streams = await this.#redis.xread(
      'COUNT',
      READ_COUNT,
      'BLOCK',
      blockMs,
      'STREAMS',
      ...keys,
      events,
      commands,
    );
    const entries: Entry[] = [];
    for (const [key, found] of streams ?? []) {
      const stream = key === alertKeys.commands ? 'commands' : 'events';
      for (const [id, fields] of found) {
        this.#positions[stream] = id;
        const field = (name: string): string => fields[fields.indexOf(name) + 1] ?? '';
        const lagMs = Date.now() - writtenAt(id);
        entries.push({
          id,
          stream,
          kind: stream === 'commands' ? 'command' : field('kind'),
          body: field('body'),
          lagMs,
        });
      }
    }
    // Old by our clock: ask Redis for its own, since the two may differ or one may have been set.
    if (entries.some((entry) => entry.lagMs > LIVE_LAG_MS)) {
      const [seconds, micros] = await this.#redis.time();
      const redisNow = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
      for (const entry of entries) entry.lagMs = Math.max(0, redisNow - writtenAt(entry.id));
    }
    return entries;
  }
}

const writtenAt = (id: string): number => Number(id.split('-')[0]);

function isAfter(a: string, b: string): boolean {
  const [aMs = 0, aSeq = 0] = a.split('-').map(Number);
  const [bMs = 0, bSeq = 0] = b.split('-').map(Number);
  return aMs > bMs || (aMs === bMs && aSeq > bSeq);
}
