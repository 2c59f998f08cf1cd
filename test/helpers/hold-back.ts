/** Answers that are slow to reach the page, as over a bad link: the real ones, kept back. */
import type { Page, Request } from 'playwright-core';

export type HeldBack = {
  /** The request whose answer is kept back, once there is one. */
  readonly held: Request[];
  /** Lets the answer through. */
  release(): void;
};

/**
 * Keeps the server's answer to the next such request back until `release`; all others pass.
 * @param path as playwright's `page.route` takes it
 * @param from asked of each such request: the first one it is true for is held
 */
export async function holdBack(page: Page, path: string, method: string, from = () => true): Promise<HeldBack> {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const held: Request[] = [];
  await page.route(path, async (route) => {
    if (route.request().method() !== method || held.length > 0 || !from()) return route.fallback();
    held.push(route.request());
    const response = await route.fetch();
    await released;
    await route.fulfill({ response });
  });
  return { held, release };
}
