import type { Locator } from 'playwright-core';

/** The text of a place on the page, on one line. */
export const words = async (place: Locator): Promise<string> =>
  ((await place.textContent()) ?? '').replace(/\s+/g, ' ').trim();
