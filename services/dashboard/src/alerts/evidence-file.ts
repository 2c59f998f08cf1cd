/** Whether a kept picture that did not come is gone: only the server's own word says so. */

export type Found = 'there' | 'gone' | 'not-now';

/** What an answer's status says of a file. Pure. */
export function foundBy(status: number): Found {
  if (status >= 200 && status < 300) return 'there';
  return status === 404 || status === 410 ? 'gone' : 'not-now';
}

/** How long after its n-th failure in a row a picture is asked for again by itself. Pure. */
export const retryMs = (failures: number): number => Math.min(30_000, 2_000 * 2 ** Math.min(failures - 1, 10));

const TIMEOUT_MS = 8_000;

/** An `<img>` does not tell why it failed: its address is asked for its status alone. */
export async function lookFor(src: string): Promise<Found> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    return foundBy((await fetch(src, { method: 'HEAD', cache: 'no-store', signal })).status);
  } catch {
    return 'not-now';
  }
}
