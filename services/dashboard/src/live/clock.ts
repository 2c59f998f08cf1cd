/**
 * What time it is at the server, so that the age of a picture is right whatever the browser's own clock says.
 *
 * Built on a monotonic local clock: a user who sets the computer's time does not move any age. Every server time
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

  /** The server's time now, epoch ms, or undefined before the first message. */
  now(localNow: number): number | undefined {
    const best = this.#samples[0];
    return best && localNow + best.offset;
  }
}

/**
 * True when the machine slept between two ticks: the wall clock ran on and the monotonic one did not, or neither
 * timer ran. Whatever is on the screen is then of unknown age.
 */
export function sleptBetween(before: { wall: number; mono: number }, after: { wall: number; mono: number }): boolean {
  return after.wall - before.wall - (after.mono - before.mono) > 2_000;
}
