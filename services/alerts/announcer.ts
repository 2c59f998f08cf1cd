/**
 * The outbox's way out: stored events into the Redis stream, each once and in order; the list of running alerts; answers
 * to commands. Everything here may be repeated without harm.
 */
import type { Redis } from 'ioredis';
import { type ActiveAlert, alertKeys } from '../../shared/contracts/alert.ts';
import type { AlertReply } from '../../shared/contracts/alert-command.ts';
import type { Change } from './change.ts';
import { type AlertStore, DeposedError } from './store/alert-store.ts';
import type { Told } from './store/claim.ts';
import { isDatabaseAway } from './store/database-errors.ts';

/** Events kept in Redis for clients that resume; older ones come from the database. */
const EVENTS_KEPT = 10_000;
const REPLY_LIFE_MS = 60_000;

/**
 * Appends one event unless it is there already or a newer leader speaks.
 * KEYS: announced, events. ARGV: fence, epoch, offset, event, entries kept.
 */
const ANNOUNCE = `
local last = redis.call('HMGET', KEYS[1], 'fence', 'epoch', 'offset')
if last[2] == ARGV[2] then
  if tonumber(last[1] or '0') > tonumber(ARGV[1]) then return -1 end
  if tonumber(last[3] or '0') >= tonumber(ARGV[3]) then return 0 end
end
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'epoch', ARGV[2], 'offset', ARGV[3])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[5], '*', 'epoch', ARGV[2], 'offset', ARGV[3], 'body', ARGV[4])
return 1`;

/** What was announced last, by whomever. @throws when Redis does not answer */
export async function lastAnnounced(redis: Redis): Promise<Told | undefined> {
  const [epoch, offset, fence] = await redis.hmget(alertKeys.announced, 'epoch', 'offset', 'fence');
  return epoch ? { epoch, offset: Number(offset), fence: Number(fence) } : undefined;
}

export class Announcer {
  readonly #redis: Redis;
  readonly #store: AlertStore;
  readonly #fence: number;

  constructor(redis: Redis, store: AlertStore, fence: number) {
    this.#redis = redis;
    this.#store = store;
    this.#fence = fence;
  }

  /**
   * Announces what is stored and not yet announced.
   * @returns how many events went out
   * @throws DeposedError, or when Redis does not answer: call again later
   */
  async announce(): Promise<number> {
    let told = 0;
    for (;;) {
      const events = await this.#store.unannounced();
      const last = events.at(-1);
      if (!last) return told;
      for (const event of events) {
        const args = [this.#fence, event.epoch, event.offset, JSON.stringify(event), EVENTS_KEPT];
        const done = await this.#redis.eval(ANNOUNCE, 2, alertKeys.announced, alertKeys.events, ...args);
        if (done === -1) throw new DeposedError();
        told += 1;
      }
      await this.#store.markAnnounced(last.offset);
    }
  }

  /** Replaces the list of alerts that are on or not acknowledged. */
  async listAll(alerts: Iterable<ActiveAlert>): Promise<void> {
    const write = this.#redis.multi().del(alertKeys.active);
    for (const alert of alerts) write.hset(alertKeys.active, alert.alertId, JSON.stringify(alert));
    await write.exec();
  }

  async list(alerts: Change['alerts']): Promise<void> {
    if (alerts.size === 0) return;
    const write = this.#redis.multi();
    for (const [id, alert] of alerts) {
      if (alert) write.hset(alertKeys.active, id, JSON.stringify(alert));
      else write.hdel(alertKeys.active, id);
    }
    await write.exec();
  }

  /**
   * Answers a command; one that changed something is ticked off in the database. Where that is away the answer is given
   * all the same: a successor will give it once more, to nobody.
   */
  async reply(reply: AlertReply, stored: boolean): Promise<void> {
    const key = alertKeys.reply(reply.commandId);
    await this.#redis.multi().del(key).lpush(key, JSON.stringify(reply)).pexpire(key, REPLY_LIFE_MS).exec();
    if (!stored) return;
    await this.#store.markReplied(reply.commandId).catch((error) => {
      if (!isDatabaseAway(error)) throw error;
    });
  }
}
