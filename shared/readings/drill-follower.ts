/** Whether a drill is under way, as every service knows it: from a key in Redis that runs out with its player. */
import type { Redis } from 'ioredis';
import { DRILL_KEY, DRILL_LIFE_MS, Drill } from '../contracts/drill.ts';
import type { Lifecycle } from '../runtime/lifecycle.ts';

const LOOK_EVERY_MS = 300;

/**
 * Looks now, and until the lifecycle closes. A Redis that does not answer ends the drill as soon as its key would have.
 * @param o.redis fail-fast connection to the state database
 * @param o.onDrill called with each drill that begins, and with undefined when it is over
 */
export async function followDrill(o: {
  redis: Redis;
  lifecycle: Lifecycle;
  onDrill(drill: Drill | undefined): void;
}): Promise<void> {
  let known: Drill | undefined;
  let heardAt = performance.now();
  const look = async (): Promise<void> => {
    let found = known;
    try {
      found = parsed(await o.redis.get(DRILL_KEY));
      heardAt = performance.now();
    } catch {
      if (performance.now() - heardAt > DRILL_LIFE_MS) found = undefined;
    }
    if (o.lifecycle.closing || found?.drillId === known?.drillId) return;
    known = found;
    o.onDrill(found);
  };
  await look();
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => {
      looking = false;
    });
  }, LOOK_EVERY_MS);
  o.lifecycle.add('drill follower', timer, clearInterval);
}

/** Another version's drill is none that can be followed. */
function parsed(body: string | null): Drill | undefined {
  try {
    return body === null ? undefined : Drill.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
