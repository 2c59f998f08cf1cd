/** The database of the alerts is away: every screen says what goes on and what waits, and takes it back. */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { assertAccessible } from '../helpers/accessibility.ts';
import { SIDEWAYS_PX } from '../helpers/browser.ts';
import { screensOf } from '../helpers/screens.ts';

const PATIENCE_MS = 90_000;
const polygon = [
  [0, 0],
  [1, 0],
  [1, 1],
];
const screens = screensOf({
  cameras: [{ id: 'gate', sampleFps: 1, zones: [{ id: 'ramp', polygon, capacity: 500 }] }],
});

test('it is told on the wall and on a phone, in plain words, for as long as it lasts', async () => {
  const wall = await screens.browser.open(screens.site.url);
  const phone = await screens.browser.open(`${screens.site.url}/#/setup`, { size: 'small', language: 'ko-KR' });
  const said = wall.page.getByTestId('database-away');
  await wall.page.locator('[data-testid="tile"][data-live="true"]').waitFor({ timeout: PATIENCE_MS });
  assert.equal(await said.count(), 0);

  // Another process holds the file's lock: nothing can be stored.
  const other = new DatabaseSync(join(dirname(screens.site.configFile), 'headroom.db'), { timeout: 10_000 });
  other.exec('BEGIN IMMEDIATE');
  try {
    // Something to be stored, so that it is noticed soon.
    screens.site.setPeople('gate', 700);
    await said.waitFor({ timeout: PATIENCE_MS });
    assert.match((await said.textContent()) ?? '', /cannot be reached.*counts go on.*neither shown nor sent/s);
    await wall.page.locator('[data-testid="tile"][data-live="true"]').waitFor();
    assert.doesNotMatch((await wall.page.getByTestId('alerts').textContent()) ?? '', /No alert is on/, 'nobody knows');
    await wall.screenshot('database-away');
    await assertAccessible(wall.page, 'a wall whose database is away');
    await phone.page.getByTestId('database-away').waitFor({ timeout: PATIENCE_MS });
    const sideways = await phone.page.evaluate<number>(SIDEWAYS_PX);
    assert.ok(sideways <= 0, `it sticks out by ${sideways} px`);
    await phone.screenshot('database-away-360-ko');
  } finally {
    other.exec('ROLLBACK');
    other.close();
  }
  await said.waitFor({ state: 'detached', timeout: PATIENCE_MS });
  // What was noticed meanwhile is told now.
  await wall.page.locator('[data-testid="alert"][data-rule="zone-occupancy"]').waitFor({ timeout: PATIENCE_MS });
  for (const page of [wall, phone]) {
    page.assertClean();
    await page.close();
  }
});
