/** The dashboard over the whole path: a camera over RTSP in, pixels out. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { type RtspServer, startRtspServer } from '../../infra/demo/small-rtsp-server.ts';
import { SIDEWAYS_PX, startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { words } from '../helpers/page-words.ts';
import { startSystem, type TestSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';

const CLIP = fileURLToPath(new URL('../../infra/demo/crowd.mp4', import.meta.url));
/** Time in which a loss must be shown, ms, and what a loaded test machine may add to it. */
const SHOWN_WITHIN_MS = 3000;
const MACHINE_SLACK_MS = 1500;
const NOTHING_LISTENS = 'rtsp://127.0.0.1:9/nothing';

let camera: RtspServer;
let system: TestSystem;
let browser: TestBrowser;

const plugIn = (port = 0) => startRtspServer({ port, streams: [{ path: '/crowd', file: CLIP }] });

before(async () => {
  camera = await plugIn();
  const left = {
    id: 'left',
    name: 'Left half',
    polygon: [
      [0, 0.1],
      [0.5, 0.1],
      [0.5, 1],
      [0, 1],
    ],
    capacity: 80,
  };
  system = await startSystem({
    cameras: [
      { id: 'square', name: 'Square', url: camera.urls[0] as string, sampleFps: 2, zones: [left] },
      { id: 'exit', name: 'South exit', url: NOTHING_LISTENS, sampleFps: 2 },
    ],
  });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await system?.stop();
  await camera?.close();
});

const tileSelector = (id: string) => `[data-testid="tile"][data-camera="${id}"]`;
const tile = (page: Page, id: string) => page.locator(tileSelector(id));
/** What is written there, with spaces as a reader sees them. */
const text = (page: Page, id: string, part: string) => words(tile(page, id).getByTestId(part).first());
const status = (page: Page, id: string) => tile(page, id).getByTestId('status').getAttribute('data-status');

/** Waits until the camera's count is live, and gives it. */
async function liveCount(page: Page, id: string, withinMs = 20_000): Promise<number> {
  await tile(page, id).and(page.locator('[data-live="true"]')).waitFor({ timeout: withinMs });
  return Number(await text(page, id, 'count'));
}

async function noNumberShown(page: Page, id: string): Promise<void> {
  assert.equal(await tile(page, id).getAttribute('data-live'), 'false');
  for (const part of ['count', 'interval', 'age'])
    assert.equal(await tile(page, id).getByTestId(part).count(), 0, part);
  assert.doesNotMatch(await text(page, id, 'zones'), /\d/);
}

/** Runs in the page. As text, because the tests are type-checked for Node, where there is no document. */
const paintedPixels = (tileSelector: string) => `(() => {
  const canvas = document.querySelector('${tileSelector} [data-testid="overlay"]');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let painted = 0;
  for (let at = 3; at < data.length; at += 4) if (data[at] > 0) painted += 1;
  return painted;
})()`;
const FOCUSED_TILE = `document.activeElement?.getAttribute('data-tile-link')`;

/** How many pixels of the overlay are painted. */
const overlayPixels = (page: Page, id: string) => page.evaluate<number>(paintedPixels(tileSelector(id)));

test('people are counted before the eyes of the reader: number, picture and heat move', async () => {
  const watched = await browser.open(system.url);
  const { page } = watched;
  assert.ok((await liveCount(page, 'square')) > 0);
  const seen = new Set<string>();
  const pictures = new Set<string | null>();
  await until('count and picture move', async () => {
    seen.add(await text(page, 'square', 'count'));
    pictures.add(await tile(page, 'square').getByTestId('picture').getAttribute('data-seq'));
    return seen.size >= 3 && pictures.size >= 4;
  });
  await until('heat lies over the picture', async () => (await overlayPixels(page, 'square')) > 100);
  assert.match(await text(page, 'square', 'age'), /^counted \d\.\d s ago$/);
  assert.match(await text(page, 'square', 'interval'), /^\d+–\d+$/);
  assert.match(await text(page, 'square', 'zones'), /Left half\s*\d+/);
  assert.equal(await words(page.getByTestId('live-cameras')), '1 of 2');
  for (const part of ['ingest', 'inference', 'redis']) {
    assert.equal(await page.getByTestId(`system-${part}`).getAttribute('data-state'), 'up');
  }
  await watched.screenshot('dashboard-wall-desktop-en');
  watched.assertClean();
  await watched.close();
});

test('a camera without signal stands first, with its reason and without a number', async () => {
  const watched = await browser.open(system.url, { language: 'ko-KR' });
  const { page } = watched;
  await liveCount(page, 'square');
  assert.equal(await status(page, 'exit'), 'no-signal');
  assert.equal(await page.getByTestId('tile').first().getAttribute('data-camera'), 'exit');
  assert.equal(await text(page, 'exit', 'reason'), '카메라가 연결을 거부했습니다.');
  await noNumberShown(page, 'exit');
  assert.equal(await page.locator('html').getAttribute('lang'), 'ko');
  await watched.screenshot('dashboard-wall-desktop-ko');

  await page.getByRole('button', { name: 'English' }).click();
  assert.equal(await text(page, 'exit', 'reason'), 'The camera refuses the connection.');
  await page.reload();
  await liveCount(page, 'square');
  assert.equal(await page.locator('html').getAttribute('lang'), 'en', 'the choice is kept');
  watched.assertClean();
  await watched.close();
});

test('with the keyboard alone: to a camera, along the cameras, and back', async () => {
  const watched = await browser.open(system.url);
  const { page } = watched;
  await liveCount(page, 'square');
  const focused = () => page.evaluate<string | undefined>(FOCUSED_TILE);
  await page.locator('[data-tile-link="exit"]').focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await focused(), 'square');
  await page.keyboard.press('Enter');
  const detail = page.locator('[data-testid="camera-page"]');
  await detail.waitFor();
  assert.equal(await detail.getAttribute('data-camera'), 'square');
  await detail
    .getByTestId('zone-table')
    .getByRole('row', { name: /Left half/ })
    .waitFor();
  await detail.getByTestId('chart').locator('canvas').waitFor();
  await until('the large picture comes', async () => detail.getByTestId('picture').getAttribute('data-seq'));
  await watched.screenshot('dashboard-camera-desktop-en');
  await page.keyboard.press('ArrowRight');
  await page.locator('[data-testid="camera-page"][data-camera="exit"]').waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.locator('[data-testid="camera-page"][data-camera="square"]').waitFor();
  await page.keyboard.press('Escape');
  await tile(page, 'square').waitFor();
  await until('the focus is back where it was', async () => (await focused()) === 'square');
  watched.assertClean();
  await watched.close();
});

test('on a phone nothing sticks out sideways, in either language', async () => {
  for (const language of ['en-GB', 'ko-KR'] as const) {
    const watched = await browser.open(system.url, { size: 'phone', language });
    const { page } = watched;
    await liveCount(page, 'square');
    const sideways = () => page.evaluate<number>(SIDEWAYS_PX);
    assert.ok((await sideways()) <= 0);
    await watched.screenshot(`dashboard-wall-phone-${language.slice(0, 2)}`);
    await tile(page, 'square').locator('a').click();
    await page.getByTestId('camera-page').getByTestId('count').waitFor();
    assert.ok((await sideways()) <= 0);
    await watched.screenshot(`dashboard-camera-phone-${language.slice(0, 2)}`);
    watched.assertClean();
    await watched.close();
  }
});

test('a pulled camera says so within 3 s and shows no number; its return is shown', async () => {
  const watched = await browser.open(system.url);
  const { page } = watched;
  await liveCount(page, 'square');
  const { port } = camera;
  await camera.close();
  const isLost = async () => (await status(page, 'square')) === 'no-signal';
  await until('no signal', isLost, SHOWN_WITHIN_MS + MACHINE_SLACK_MS);
  await noNumberShown(page, 'square');
  assert.match(await text(page, 'square', 'last-counted'), /^last counted /);
  await until('a screen reader is told', async () =>
    /Square: No signal/.test(await words(page.getByTestId('announcer'))),
  );
  await watched.screenshot('dashboard-pulled-camera');

  camera = await plugIn(port);
  assert.ok((await liveCount(page, 'square', 10_000)) > 0);
  watched.assertClean();
  await watched.close();
});

test('when the server stops, nothing on the screen stays live', async () => {
  const watched = await browser.open(system.url);
  const { page } = watched;
  await liveCount(page, 'square');
  watched.expectServerGone();
  await system.stop();
  await until(
    'the connection counts as lost',
    async () => (await page.getByTestId('connection').getAttribute('data-state')) === 'lost',
    5_000,
  );
  assert.equal(await page.locator('[data-live="true"]').count(), 0);
  assert.match(await words(page.getByTestId('lost-banner')), /No number on this screen is live/);
  assert.equal(await page.getByTestId('total').count(), 0, 'no total');
  await until('no number is left', async () => (await tile(page, 'square').getByTestId('count').count()) === 0, 6_000);
  await noNumberShown(page, 'square');
  await watched.screenshot('dashboard-connection-lost');
  watched.assertClean();
  await watched.close();
});
