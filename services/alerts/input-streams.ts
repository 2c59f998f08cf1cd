/** What the alerts service reads: readings and camera states, and operators' commands, each once and in order. */
import type { Redis } from 'ioredis';
import { alertKeys } from '../../shared/contracts/alert.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import { clockAheadMs } from '../../shared/runtime/redis.ts';
import type { Positions } from './store/claim.ts';

/** One entry. `lagMs` is how long ago it was written, by Redis' own clock. */
export type Entry = { id: string; stream: 'events' | 'commands'; kind: string; body: string; lagMs: number };

/** Entries older than this are looked at as of their own time. */
export const LIVE_LAG_MS = 1000;
const READ_COUNT = 500;

export class InputStreams {
  readonly #redis: Redis;
  #positions: { events: string; commands: string };
  /** How far Redis' clock is ahead of ours, ms. */
  #aheadMs: number;

  private constructor(redis: Redis, positions: { events: string; commands: string }, aheadMs: number) {
    this.#redis = redis;
    this.#positions = positions;
    this.#aheadMs = aheadMs;
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
    // A stream that ends before our position has lost its end. Of readings, what is left was judged: looked at again, the
    // calm before an alert would end it. A command that was carried out is not carried out again.
    const positions = {
      events: remembered.events === undefined || isAfter(remembered.events, events) ? events : remembered.events,
      commands:
        remembered.commands === undefined || isAfter(remembered.commands, commands) ? '0-0' : remembered.commands,
    };
    return new InputStreams(redis, positions, await clockAheadMs(redis));
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
        const lagMs = Date.now() + this.#aheadMs - writtenAt(id);
        entries.push({
          id,
          stream,
          kind: stream === 'commands' ? 'command' : field('kind'),
          body: field('body'),
          lagMs,
        });
      }
    }
    // Old, or from the future: one of the clocks may have been set since.
    if (entries.some(({ lagMs }) => lagMs > LIVE_LAG_MS || lagMs < 0)) {
      this.#aheadMs = await clockAheadMs(this.#redis);
      for (const entry of entries) entry.lagMs = Math.max(0, Date.now() + this.#aheadMs - writtenAt(entry.id));
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
