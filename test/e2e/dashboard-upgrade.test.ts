/** The server is replaced by another version under an open screen, which no service worker helps: plain http on a LAN. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import type { WatchedPage } from '../helpers/browser.ts';
import { screensOf } from '../helpers/screens.ts';

const screens = screensOf({ cameras: [{ id: 'gate', name: 'Gate' }] });

/** A screen whose parts still to be fetched are gone, until the page itself is fetched again. */
async function openOldScreen(part: RegExp): Promise<WatchedPage> {
  const watched = await screens.browser.open('about:blank');
  const { page } = watched;
  await page.addInitScript(`navigator.serviceWorker.register = () => Promise.reject(new Error('none'))`);
  let fetched = 0;
  await page.route(`${screens.site.url}/`, (route) => {
    fetched += 1;
    return route.fallback();
  });
  await page.route(part, (route) => (fetched > 1 ? route.fallback() : route.fulfill({ status: 404, body: '' })));
  watched.expectRefusals([404]);
  await page.goto(`${screens.site.url}/`);
  await page.locator('[data-testid="tile"][data-live="true"]').waitFor({ timeout: 30_000 });
  return watched;
}

const again = (page: Page) => page.getByRole('button', { name: 'Try again' });

test('a page that is gone with the old version comes when it is asked for again', async () => {
  const watched = await openOldScreen(/assets\/ZonePage/);
  const { page } = watched;
  await page.evaluate(`location.hash = '#/zone/gate'`);
  await page.getByText('could not be fetched').waitFor();
  await again(page).click();
  await again(page).click();
  await page.getByTestId('zone-page').waitFor({ timeout: 10_000 });
  await watched.close();
});

test('a chart that is gone with it says so', async () => {
  const watched = await openOldScreen(/assets\/TrendChart/);
  const { page } = watched;
  await page.getByRole('link', { name: 'Gate' }).click();
  await page.getByTestId('camera-page').getByText('could not be fetched').waitFor({ timeout: 10_000 });
  assert.ok(await page.getByTestId('count').isVisible());
  await again(page).click();
  await again(page).click();
  await page.getByTestId('camera-page').locator('.chart canvas').waitFor({ timeout: 10_000 });
  await watched.close();
});
