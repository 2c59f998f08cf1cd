/** The first alert a site ever has, while the screen is cut off: it is told as any other once the screen is back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCuttableProxy } from '../helpers/cuttable-proxy.ts';
import { screensOf } from '../helpers/screens.ts';
import { until } from '../helpers/until.ts';
import { WHOLE_PICTURE } from '../helpers/whole-picture.ts';

const screens = screensOf({
  cameras: [
    {
      id: 'gate',
      name: 'Gate',
      zones: [{ id: 'all', name: 'All', polygon: WHOLE_PICTURE, limits: { count: { alert: 70 } } }],
    },
  ],
  people: 20,
  config: { alerts: { smoothMs: 300, dwellMs: { alert: 300 } } },
});

test('it is told to screen readers when the connection is back', async () => {
  const proxy = await startCuttableProxy(screens.site.url);
  const watched = await screens.browser.open(proxy.url);
  const { page } = watched;
  try {
    await page.locator('[data-testid="tile"][data-live="true"]').waitFor({ timeout: 30_000 });
    watched.expectServerGone();
    proxy.cut();
    await page.getByTestId('lost-banner').waitFor({ timeout: 20_000 });
    screens.site.setPeople('gate', 120);
    await until('it is raised', async () => {
      const events = (await (await fetch(`${screens.site.url}/api/alerts/events`)).json()) as unknown[];
      return events.length > 0;
    });
    // Meanwhile the screen says aloud that it hears of nothing.
    const sound = page.getByTestId('sound');
    await until('cut off', async () => (await sound.getAttribute('data-signal')) === 'cut-off', 30_000);
    proxy.restore();
    await page.getByTestId('alerts').getByTestId('alert').waitFor({ timeout: 30_000 });
    assert.equal(await sound.getAttribute('data-signal'), 'alert');
    const voice = page.getByTestId('alert-voice');
    await until('it is told', async () => /Gate – All/.test((await voice.textContent()) ?? ''), 10_000);
    watched.assertClean();
  } finally {
    await watched.close();
    await proxy.close();
  }
});

test('nobody is told of it who was not there', async () => {
  const watched = await screens.browser.open(screens.site.url);
  await watched.page.getByTestId('alerts').getByTestId('alert').waitFor({ timeout: 30_000 });
  await watched.page.goto(`${screens.site.url}/#/alerts`);
  await watched.page.getByTestId('log-event').first().waitFor();
  assert.equal(await watched.page.getByTestId('alert-voice').textContent(), '');
  watched.assertClean();
  await watched.close();
});
