/**
 * Which alerts process leads: a key that expires. It only says who should; that no two write is ensured by the fencing
 * number in the database (a paused process does not notice that its lease ran out).
 */
import type { Redis } from 'ioredis';
import { alertKeys } from '../../shared/contracts/alert.ts';

/** A dead leader is followed within this time. */
export const LEASE_MS = 3000;
export const RENEW_EVERY_MS = 1000;

const ACQUIRE = `local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;
const RENEW = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0`;
/** Of several who can, the first one. */
const TAKE_OFFER = `if redis.call('DEL', KEYS[2]) == 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

/** Takes the lease if it is free or still ours. @throws when Redis does not answer */
export async function acquireLease(redis: Redis, holder: string): Promise<boolean> {
  return (await redis.eval(ACQUIRE, 1, alertKeys.lease, holder, LEASE_MS)) === 1;
}

/** @returns false when somebody else has it or it ran out; @throws when Redis does not answer */
export async function renewLease(redis: Redis, holder: string): Promise<boolean> {
  return (await redis.eval(RENEW, 1, alertKeys.lease, holder, LEASE_MS)) === 1;
}

/** Says for the time of a lease that whoever can reach the database may lead instead. */
export async function offerLease(redis: Redis): Promise<void> {
  await redis.set(alertKeys.leaseOffer, '1', 'PX', LEASE_MS);
}

/**
 * Takes the place of a leader that offers it.
 * @param canStore whether this process can reach the database; asked only where there is an offer
 * @throws when Redis does not answer
 */
export async function takeOffer(redis: Redis, holder: string, canStore: () => Promise<boolean>): Promise<boolean> {
  if ((await redis.exists(alertKeys.leaseOffer)) === 0 || !(await canStore())) return false;
  return (await redis.eval(TAKE_OFFER, 2, alertKeys.lease, alertKeys.leaseOffer, holder, LEASE_MS)) === 1;
}

/** Lets a successor start at once. */
export async function releaseLease(redis: Redis, holder: string): Promise<void> {
  await redis.eval(RELEASE, 1, alertKeys.lease, holder);
}
