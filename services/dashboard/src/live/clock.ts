/**
 * What time it is at the server, so that the age of a picture is right whatever the browser's own clock says.
 *
 * Built on a monotonic local clock: a user who sets the computer's time moves no age, but for the moment until the next
 * connection, where it looks like a sleep. Every server time
 * arrives late by the network's delay, so the largest offset of the last minute is the nearest to the truth; a delay
 * that grows meanwhile then shows as age, as it should.
 */
const WINDOW_MS = 60_000;

type Sample = { at: number; offset: number };

export class ServerClock {
  #samples: Sample[] = [];

  /** Forgets what was learnt: the next server may be another machine. */
  reset(): void {
    this.#samples = [];
  }

  /** Takes in a server time (epoch ms) that arrived at the monotonic local time `localNow`. */
  learn(serverTime: number, localNow: number): void {
    const offset = serverTime - localNow;
    // Kept in falling order of offset: an earlier, smaller one can never become the largest again.
    while ((this.#samples.at(-1)?.offset ?? Number.POSITIVE_INFINITY) <= offset) this.#samples.pop();
    this.#samples.push({ at: localNow, offset });
    while (this.#samples.length > 1 && localNow - (this.#samples[0]?.at ?? 0) > WINDOW_MS) this.#samples.shift();
  }

  /** The local clock stood still for so long: whatever is on the screen is older by that. */
  skip(ms: number): void {
    for (const sample of this.#samples) sample.offset += ms;
  }

  /** The server's time now, epoch ms, or undefined before the first message. */
  now(localNow: number): number | undefined {
    const best = this.#samples[0];
    return best && localNow + best.offset;
  }
}

/** Differences below this are timers that are late, and a wall clock that is being set right. */
const SLEEP_MS = 2_000;

/**
 * How long the machine slept between two ticks, ms: the wall clock ran on and the monotonic one did not. Whatever is on
 * the screen is then of unknown age. 0 when it did not.
 */
export function sleptBetween(before: { wall: number; mono: number }, after: { wall: number; mono: number }): number {
  const ms = after.wall - before.wall - (after.mono - before.mono);
  return ms > SLEEP_MS ? ms : 0;
}
