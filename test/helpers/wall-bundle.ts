/** What a browser fetches to show the wall, and how much of it goes over the wire. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';

const DIST = fileURLToPath(new URL('../../services/dashboard/dist/', import.meta.url));

/** Page, scripts and styles that a page has fetched so far, as files of the build. */
export async function filesFetched(page: Page): Promise<string[]> {
  // By name: preloaded modules do not say that they are scripts.
  const addresses = await page.evaluate<string[]>(
    "performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => /[.](js|css)$/.test(name))",
  );
  return ['index.html', ...new Set(addresses.map((address) => new URL(address).pathname.slice(1)))];
}

/** Their bytes, each gzipped. */
export const gzippedBytes = (files: readonly string[]): number =>
  files.reduce((sum, file) => sum + gzipSync(readFileSync(`${DIST}${file}`)).length, 0);
