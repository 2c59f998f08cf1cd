/** Alerts in the dashboard over the whole path: a camera over RTSP in; a person sees, acknowledges and looks back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { type RtspServer, startRtspServer } from '../../infra/demo/small-rtsp-server.ts';
import { SIDEWAYS_PX, startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { words } from '../helpers/page-words.ts';
import { startSystem, type TestSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';

const CLIP = fileURLToPath(new URL('../../infra/demo/crowd.mp4', import.meta.url));
/** Longer than an alert must have stood still before the key means it. */
const SETTLED_MS = 900;

let camera: RtspServer;
let system: TestSystem;
let browser: TestBrowser;

before(async () => {
  camera = await startRtspServer({ streams: [{ path: '/crowd', file: CLIP }] });
  const zone = (id: string, name: string, left: number, count: object) => ({
    id,
    name,
    polygon: [
      [left, 0],
      [left + 0.5, 0],
      [left + 0.5, 1],
      [left, 1],
    ],
    limits: { count },
  });
  system = await startSystem({
    cameras: [
      {
        id: 'square',
        name: 'Square',
        url: camera.urls[0] as string,
        sampleFps: 2,
        zones: [zone('left', 'Left half', 0, { severe: 1 }), zone('right', 'Right half', 0.5, { caution: 1 })],
      },
    ],
    config: {
      alerts: {
        mode: 'exercise',
        smoothMs: 500,
        noDataNoticeMs: 1_000,
        dwellMs: { attention: 500, caution: 500, alert: 500, severe: 500 },
      },
    },
  });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await system?.stop();
  await camera?.close();
});

const card = (page: Page, zone: string) => page.getByTestId('alert').filter({ hasText: zone });
const level = (place: Locator) => place.getByTestId('level').first().getAttribute('data-level');

test('an alert fires, cannot be missed, is acknowledged with one key, and its history says by whom', async () => {
  const watched = await browser.open(system.url);
  const { page } = watched;
  const severe = card(page, 'Left half');
  await severe.waitFor({ timeout: 30_000 });
  await card(page, 'Right half').waitFor({ timeout: 30_000 });
  assert.equal(await level(severe), 'severe');
  assert.equal(await level(card(page, 'Right half')), 'caution');
  assert.match(await words(page.getByTestId('alert').first()), /Left half/, 'the most dangerous stands first');
  await until('the threshold is told', async () => (await severe.getByTestId('alert-threshold').count()) === 1);
  assert.equal(await words(severe.getByTestId('alert-threshold')), 'Severe from 1 person');
  assert.match(await words(severe.getByTestId('alert-value')), /^\d+ people$/);
  assert.match(await words(severe), /DRILL.*Not acknowledged/);
  assert.match(await words(page.getByTestId('drill')), /DRILL/);
  const tile = page.locator('[data-testid="tile"][data-camera="square"]');
  assert.equal(await tile.getAttribute('data-level'), 'severe');
  assert.equal(await page.getByTestId('sound').getAttribute('data-state'), 'off');
  assert.match(await page.title(), /Severe: Square – Left half/);
  await watched.screenshot('dashboard-alerts-desktop-en');

  await page.waitForTimeout(SETTLED_MS);
  await page.keyboard.press('a');
  await page.getByTestId('operator-name').fill('Post 3');
  await page.keyboard.press('Enter');
  await severe.and(page.locator('[data-unheard="false"]')).waitFor();
  assert.match(await words(severe.getByTestId('acknowledged')), /Acknowledged by Post 3/);
  assert.equal(await level(severe), 'severe', 'an acknowledgement clears nothing');
  assert.equal(await page.getByTestId('sound').getAttribute('data-state'), 'on', 'the first key let alarms sound');

  await severe.getByTestId('more').click();
  await severe.getByTestId('comment').fill('closing the gate');
  await severe.getByTestId('comment').press('Enter');
  await until('the history says who did what', async () => {
    const history = await words(severe.getByTestId('history'));
    return /Raised.*Acknowledged by Post 3.*Comment by Post 3.*closing the gate/.test(history);
  });
  const entries = await severe.getByTestId('history').locator('li').allTextContents();
  assert.equal(new Set(entries).size, entries.length, 'no entry twice');
  await watched.screenshot('dashboard-alerts-history');
  watched.assertClean();
  await watched.close();
});

test('on a phone, in Korean: the bar tells the worst, opens to the list, and nothing sticks out', async () => {
  const watched = await browser.open(system.url, { size: 'phone', language: 'ko-KR' });
  const { page } = watched;
  const bar = page.getByRole('button', { name: /경보 보기/ });
  await bar.filter({ hasText: '심각' }).waitFor();
  await watched.screenshot('dashboard-alerts-phone-closed-ko');
  await bar.click();
  await card(page, 'Left half').waitFor();
  assert.match(await words(card(page, 'Left half').getByTestId('acknowledged')), /Post 3 확인/);
  assert.ok((await page.evaluate<number>(SIDEWAYS_PX)) <= 0);
  await watched.screenshot('dashboard-alerts-phone-open-ko');
  watched.assertClean();
  await watched.close();
});

test('without pictures the alert stays and says so; without a server all stay, marked as of when', async () => {
  const watched = await browser.open(system.url);
  const { page } = watched;
  const severe = card(page, 'Left half');
  await severe.waitFor();
  await camera.close();
  await severe.getByTestId('no-data').waitFor({ timeout: 20_000 });
  assert.match(await words(severe.getByTestId('no-data')), /Last known: Severe.*nothing counts as over/);
  assert.equal(await level(severe), 'severe');
  await until(
    'a caution without pictures is unknown',
    async () => (await level(card(page, 'Right half'))) === 'unknown',
  );
  await watched.screenshot('dashboard-alerts-no-data');

  watched.expectServerGone();
  await system.stop();
  await page.getByTestId('alerts-as-of').waitFor({ timeout: 10_000 });
  assert.equal(await level(severe), 'severe');
  await watched.screenshot('dashboard-alerts-connection-lost');
  watched.assertClean();
  await watched.close();
});
