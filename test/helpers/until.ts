/** Waiting for conditions instead of for time. */

/**
 * Calls `condition` until it gives something true, and gives that back.
 * @param what named in the error when it never comes
 * @throws Error after `withinMs`, with the last error of the condition as cause
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  withinMs = 60_000,
  everyMs = 25,
): Promise<NonNullable<T>> {
  const startedAt = performance.now();
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() - startedAt > withinMs) {
      throw new Error(`waited ${withinMs} ms in vain: ${what}`, { cause: lastError });
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
