/**
 * Names as people give them: as long as they may be and without a space, in Arabic, with what looks like HTML. On a
 * small phone no page is wider than the screen for them, and none of them is more than a text.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { SIDEWAYS_PX } from '../helpers/browser.ts';
import { screensOf } from '../helpers/screens.ts';
import { WHOLE_PICTURE } from '../helpers/whole-picture.ts';

const LONG = 'Nordwesttribünenaufgangsverbindungsbrücke'.repeat(2).slice(0, 80);
const HTML = '<img src="x" onerror="document.title=1"> & <b>"bold"</b>';
const ARABIC = 'ساحة المسجد الحرام';
/** What stands out furthest, for the message of a failing test. */
const WIDEST = `(() => {
  const wide = document.documentElement.clientWidth;
  const all = [...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > wide + 1);
  return all.slice(0, 6).map((e) => e.tagName + ' ' + e.className + ' ' + (e.textContent ?? '').trim().slice(0, 30)).join(' | ');
})()`;

const zone = (id: string, name: string) => ({
  id,
  name,
  polygon: WHOLE_PICTURE,
  capacity: 500,
  limits: { count: { alert: 70 } },
});
const camera = (id: string, name: string, neighbours: string[]) => ({
  id,
  name,
  neighbours,
  calibration: { mount: { heightM: 8, tiltDeg: 30 }, verticalFovDeg: 45 },
  zones: [zone('all', name), zone('again', name)],
  lines: [
    {
      id: 'line',
      name,
      points: [
        [0.1, 0.5],
        [0.9, 0.5],
      ],
      in: 'left',
    },
  ],
});

const screens = screensOf({
  cameras: [camera('long', LONG, ['html']), camera('html', HTML, ['long']), camera('arabic', ARABIC, ['long'])],
  people: 120,
  config: { alerts: { smoothMs: 300, dwellMs: { alert: 300 } } },
});

async function assertFits(page: Page, where: string): Promise<void> {
  const px = await page.evaluate<number>(SIDEWAYS_PX);
  assert.ok(px <= 0, `${where} is ${px} px wider than the screen: ${px > 0 ? await page.evaluate(WIDEST) : ''}`);
}

for (const id of ['long', 'html', 'arabic']) {
  test(`no page is wider than a small phone for the names of the camera "${id}"`, async () => {
    const watched = await screens.browser.open(screens.site.url, { size: 'small' });
    const { page } = watched;
    await page.locator(`[data-testid="tile"][data-camera="${id}"][data-live="true"]`).waitFor({ timeout: 30_000 });
    await assertFits(page, 'wall');
    await page.getByTestId('alert-bar').click();
    const open = page.getByTestId('alerts').locator(`[data-testid="open-alert"][href*="${id}"]`);
    await open.first().waitFor({ timeout: 30_000 });
    await assertFits(page, 'alerts');
    await open.first().click();
    await page.getByTestId('alert-page').getByTestId('history').locator('li').first().waitFor();
    await assertFits(page, 'alert');
    const wide: string[] = [];
    for (const [hash, there] of [
      [`#/camera/${id}`, '[data-testid="zone-table"]'],
      [`#/zone/${id}/all`, '[data-testid="count-chart"] canvas'],
      ['#/alerts', '[data-testid="log-event"]'],
      ['#/system', 'main table'],
      ['#/thresholds', 'main table'],
      ['#/bench', '[data-testid="bench-camera"]'],
      ['#/setup', 'main h1'],
      [`#/setup/${id}`, '[data-testid="save-bar"]'],
    ] as const) {
      await page.goto(`${screens.site.url}/${hash}`);
      await page.locator(there).first().waitFor();
      await assertFits(page, hash).catch((error: Error) => wide.push(error.message));
    }
    await page.getByTestId('tab-camera').focus();
    for (const tab of ['zones', 'lines', 'ground', 'limits']) {
      await page.keyboard.press('ArrowRight');
      await page.locator(`[data-testid="tab-${tab}"][aria-selected="true"]`).waitFor();
      await assertFits(page, tab).catch((error: Error) => wide.push(error.message));
    }
    assert.deepEqual(wide, []);
    assert.equal(await page.locator('main img[src="x"]').count(), 0);
    watched.assertClean();
    await watched.close();
  });
}
