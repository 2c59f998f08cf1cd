/** The system page when answers come late, or not at all: what is told is never older than what was told before. */
import { test } from 'node:test';
import { holdBack } from '../helpers/hold-back.ts';
import { screensOf } from '../helpers/screens.ts';
import { until } from '../helpers/until.ts';

const PATIENCE_MS = 60_000;
const screens = screensOf({ cameras: [{ id: 'gate', name: 'Gate', sampleFps: 1 }] });

test('a model that comes while the page is open is named, and a card that cannot be had is not said to be missing', async () => {
  const watched = await screens.browser.open(`${screens.site.url}/#/`);
  const { page } = watched;
  const old = await holdBack(page, '**/api/models', 'GET');
  await page.goto(`${screens.site.url}/#/system`);
  await until('the models were asked for', () => old.held.length > 0, PATIENCE_MS);
  const models = page.getByTestId('models');
  await models.locator('article').first().waitFor({ timeout: PATIENCE_MS });
  old.release();

  watched.expectRefusals([503, 404]);
  await page.route('**/api/models/*/card', (route) => route.fulfill({ status: 503, json: {} }), { times: 1 });
  await page.getByTestId('open-card').first().click();
  const card = page.getByTestId('model-card').first();
  await card.getByText('The card cannot be had now.').waitFor();
  await card.getByRole('button', { name: 'Try again' }).click();
  await card.getByText('This model has no card here.').waitFor();
  watched.assertClean();
  await watched.close();
});
