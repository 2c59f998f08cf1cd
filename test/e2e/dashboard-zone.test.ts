/** A zone's page over the whole path: a camera over RTSP in; a person looks at the present, back, and takes it home. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { type RtspServer, startRtspServer } from '../../infra/demo/small-rtsp-server.ts';
import { assertAccessible } from '../helpers/accessibility.ts';
import { SIDEWAYS_PX, startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { words } from '../helpers/page-words.ts';
import { startSystem, type TestSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';

const CLIP = fileURLToPath(new URL('../../infra/demo/crowd.mp4', import.meta.url));
const PATIENCE_MS = 60_000;

let camera: RtspServer;
let system: TestSystem;
let browser: TestBrowser;

const plugIn = (port = 0) => startRtspServer({ port, streams: [{ path: '/crowd', file: CLIP }] });

before(async () => {
  camera = await plugIn();
  system = await startSystem({
    cameras: [
      {
        id: 'square',
        name: 'Square',
        url: camera.urls[0] as string,
        sampleFps: 2,
        staleAfterMs: 15_000,
        calibration: { mount: { heightM: 8, tiltDeg: 35 }, verticalFovDeg: 45 },
        lines: [
          {
            id: 'door',
            name: 'Door',
            points: [
              [0.1, 0.6],
              [0.9, 0.6],
            ],
            in: 'left',
          },
        ],
        zones: [
          {
            id: 'left',
            name: 'Left half',
            polygon: [
              [0, 0.4],
              [0.5, 0.4],
              [0.5, 1],
              [0, 1],
            ],
            limits: { count: { caution: 2, severe: 400 }, peoplePerSqm: { caution: 3, severe: 6 } },
          },
        ],
      },
    ],
    config: {
      // A loaded machine may take as long as it likes: losing the camera is told by its connection.
      worker: { inferenceDeadlineMs: 30_000 },
      replay: { everyMs: 1000 },
      alerts: { smoothMs: 500, dwellMs: { attention: 500, caution: 500, alert: 500, severe: 500 } },
    },
  });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await system?.stop();
  await camera?.close();
});

/** Seconds of the day of `21:40:30`. */
const secondsOf = (clock: string) => clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
const chart = (page: Page) => page.getByTestId('count-chart');
/** Opaque pixels of a canvas. As text, because the tests are type-checked for Node, where there is no document. */
const painted = (selector: string) => `(() => {
  const canvas = document.querySelector('${selector}');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let at = 3; at < data.length; at += 4) sum += data[at] > 0 ? 1 : 0;
  return sum;
})()`;

async function openZone(options: Parameters<TestBrowser['open']>[1] = {}, window = '15m') {
  const watched = await browser.open(`${system.url}/#/zone/square/left/${window}`, options);
  await watched.page.getByTestId('zone-page').waitFor({ timeout: PATIENCE_MS });
  await watched.page.getByTestId('zone-count').waitFor({ timeout: PATIENCE_MS });
  return watched;
}

test('from the camera to its zone: figures, charts, thresholds, the alert, a sentence and a table', async () => {
  const watched = await browser.open(`${system.url}/#/camera/square`);
  const { page } = watched;
  await page.getByTestId('zone-table').getByRole('link', { name: 'Left half' }).click();
  await page.getByTestId('zone-count').waitFor({ timeout: PATIENCE_MS });
  assert.ok(Number(await words(page.getByTestId('zone-count'))) > 0);
  await page.getByTestId('range-15m').click();
  await page.getByTestId('shown').and(page.locator('[data-phase="ready"][data-step="10000"]')).waitFor();
  const span = page.getByTestId('alert-span').first();
  await span.waitFor({ timeout: PATIENCE_MS });
  assert.equal(await span.getAttribute('data-level'), 'caution');
  assert.match((await span.getAttribute('aria-label')) ?? '', /^Caution: People in the zone, .+ to now$/);
  assert.match((await span.getAttribute('href')) ?? '', /^#\/alerts\//);
  await until(
    'lines are drawn',
    async () => (await page.evaluate<number>(painted('[data-testid="count-chart"] canvas'))) > 500,
  );
  await page.getByTestId('density-chart').locator('canvas').waitFor();
  await until('the sentence tells the mean', async () =>
    /^Mean [\d.]+ people, highest \d+ at /.test(await words(page.getByTestId('summary'))),
  );
  assert.match(
    await words(page.getByTestId('summary')),
    /No count for/,
    'before the start nothing was counted, and that is said',
  );

  const door = page.getByTestId('flow').locator('[data-line="door"]');
  await until(
    'people over the line are told',
    async () => /^Door since .+\d+ ?\d+/.test(await words(door)),
    PATIENCE_MS,
  );

  const flow = page.locator('[data-testid="flow-history"][data-flow="door"]');
  await until(
    'the flow is kept and drawn',
    async () => /^In the time shown: \d+ in, \d+ out\./.test(await words(flow.getByTestId('flow-sum'))),
    PATIENCE_MS,
  );
  assert.notEqual(await flow.getAttribute('data-points'), '0');
  await flow.locator('canvas').first().waitFor();

  await page.getByText('The same as a table').first().click();
  await until(
    'stored spans stand in the table',
    async () => (await page.getByTestId('point-table').getByRole('row').count()) > 2,
    PATIENCE_MS,
  );
  await watched.screenshot('dashboard-zone-desktop-en');
  await assertAccessible(page, 'a zone with its table');
  watched.assertClean();
  await watched.close();
});

test('with the keyboard: back in time, closer, wider, and back to now; the address follows', async () => {
  const watched = await openZone();
  const { page } = watched;
  await page.getByTestId('charts').focus();
  await page.keyboard.press('ArrowLeft');
  await page.getByTestId('back-to-now').waitFor();
  assert.match(page.url(), /#\/zone\/square\/left\/\d+-\d+$/);
  await page.keyboard.press('End');
  await page.getByTestId('back-to-now').waitFor({ state: 'detached' });
  assert.match(page.url(), /\/15m$/);
  await page.keyboard.press('+');
  await until('closer', () => page.url().endsWith('/450s'));
  await page.keyboard.press('-');
  await until('wider', () => page.url().endsWith('/15m'));
  await page.getByText('From – to').click();
  await page.getByTestId('custom-from').fill('2026-01-02T10:00');
  await page.getByTestId('custom-to').fill('2026-01-02T09:00');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByText(/must be later/).waitFor();
  await page.getByTestId('custom-to').fill('2026-01-02T12:00');
  await page.getByRole('button', { name: 'Show' }).click();
  await until(
    'nothing was counted then',
    async () => (await words(page.getByTestId('summary'))) === 'Nothing was counted in this time.',
  );
  assert.equal(await chart(page).getAttribute('data-blind'), '1', 'all of it is blind');
  watched.assertClean();
  await watched.close();
});

test('another window of the same zone is shown when its address is opened; "back" shows the one before', async () => {
  const watched = await openZone({}, '1h');
  const { page } = watched;
  const past = page.getByTestId('back-to-now');
  const to = Date.now() - 120_000;
  const open = (window: string) => page.evaluate(`location.hash = '#/zone/square/left/${window}'`);
  await open(`${to - 600_000}-${to}`);
  await past.waitFor();
  await page.goBack();
  await past.waitFor({ state: 'detached' });
  // Moved by hand, the address follows; the same link opened once more shows what it names.
  await page.getByTestId('charts').press('ArrowLeft');
  await past.waitFor();
  await open('1h');
  await past.waitFor({ state: 'detached' });
  watched.assertClean();
  await watched.close();
});

test('the CSV of what is shown is saved, with a header and spans of the zone', async () => {
  const watched = await openZone();
  const { page } = watched;
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('csv').click()]);
  assert.match(download.suggestedFilename(), /^headroom_square_left_\d{4}-\d\d-\d\d\.csv$/);
  const [header, ...rows] = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
  assert.match(header ?? '', /^at,cameraId,zoneId,stepMs,samples,countMean/);
  assert.ok(rows.length > 0 && rows.every((row) => /^\d{4}-.*[+-]\d\d:\d\d,square,left,10000,/.test(row)));
  await watched.close();
});

test('what is kept is played and scrubbed: other maps, with time and count', async () => {
  const watched = await openZone();
  const { page } = watched;
  const replay = page.getByTestId('replay');
  await replay.getByTestId('replay-load').click();
  const slider = replay.getByTestId('replay-slider');
  await slider.waitFor({ timeout: PATIENCE_MS });
  const kept = async () => Number(await replay.getAttribute('data-maps'));
  await until(
    'some maps are kept',
    async () => {
      if ((await kept()) > 5) return true;
      await replay.getByRole('button', { name: 'Newest' }).click();
      return false;
    },
    PATIENCE_MS,
  );
  const maps = await kept();
  const stage = replay.getByTestId('replay-stage');
  await until('the newest map is drawn', async () => (await stage.getAttribute('data-drawn')) === String(maps - 1));
  assert.ok((await page.evaluate<number>(painted('[data-testid="replay-overlay"]'))) > 100);
  const newest = await words(replay.getByTestId('replay-time'));
  await slider.focus();
  await page.keyboard.press('Home');
  await until('the oldest map is drawn', async () => (await stage.getAttribute('data-drawn')) === '0');
  const oldest = await words(replay.getByTestId('replay-time'));
  assert.notEqual(oldest, newest);
  assert.match(await words(replay.getByTestId('replay-count')), /^\d+ (person|people)$/);
  assert.match((await slider.getAttribute('aria-valuetext')) ?? '', /^\d\d:\d\d:\d\d, \d+ (person|people)$/);
  await watched.screenshot('dashboard-replay-desktop-en');
  await replay.getByTestId('replay-play').click();
  await until(
    'it plays to the end by itself',
    async () => (await stage.getAttribute('data-drawn')) === String(maps - 1),
    PATIENCE_MS,
  );
  await until('and stops there', async () => (await words(replay.getByTestId('replay-play'))) === 'Play');

  const wanted = Math.max(secondsOf(newest) - (secondsOf(newest) % 60), secondsOf(oldest));
  const field = replay.getByTestId('replay-jump-time');
  await field.fill(newest.slice(0, 5));
  await replay.getByTestId('replay-jump').click();
  await until('the map of that minute, or the first there is, is shown', async () => {
    return Math.abs(secondsOf(await words(replay.getByTestId('replay-time'))) - wanted) <= 5;
  });
  const long = new Date(Date.now() - 2 * 3_600_000);
  await field.fill(`${String(long.getHours()).padStart(2, '0')}:${String(long.getMinutes()).padStart(2, '0')}`);
  await field.press('Enter');
  await replay.getByTestId('replay-missed').waitFor({ timeout: PATIENCE_MS });
  assert.match(
    await words(replay.getByTestId('replay-missed')),
    /^No map is kept of \d\d:\d\d:00: this one is of another time\.$/,
  );
  await until('the oldest map stands for it', async () => (await stage.getAttribute('data-drawn')) === '0');
  watched.assertClean();
  await watched.close();
});

test('on a phone, in Korean, nothing sticks out', async () => {
  const watched = await openZone({ size: 'phone', language: 'ko-KR' });
  const { page } = watched;
  await until(
    'the sentence',
    async () => /^평균 [\d.]+명, 최대 \d+명/.test(await words(page.getByTestId('summary'))),
    PATIENCE_MS,
  );
  await watched.screenshot('dashboard-zone-phone-ko');
  await page.getByTestId('replay-load').click();
  await page.getByTestId('replay-slider').waitFor({ timeout: PATIENCE_MS });
  await page.getByTestId('replay').scrollIntoViewIfNeeded();
  await watched.screenshot('dashboard-replay-phone-ko');
  await assertAccessible(page, 'a zone with replay, on a phone');
  assert.ok((await page.evaluate<number>(SIDEWAYS_PX)) <= 0);
  watched.assertClean();
  await watched.close();
});

test('a pulled camera leaves a gap that is marked and not bridged', async () => {
  const watched = await openZone({}, '300s');
  const { page } = watched;
  const { port } = camera;
  const gaps = async () => Number(await chart(page).getAttribute('data-blind'));
  await until('history is there', async () => (await page.getByTestId('shown').getAttribute('data-phase')) === 'ready');
  const before = await gaps();
  await camera.close();
  await page.getByTestId('zone-silent').waitFor({ timeout: PATIENCE_MS });
  await until('the time without a count is marked', async () => (await gaps()) > before, PATIENCE_MS);
  camera = await plugIn(port);
  await page.getByTestId('zone-count').waitFor({ timeout: PATIENCE_MS });
  assert.ok((await gaps()) > before, 'it stays when the count is back');
  await watched.screenshot('dashboard-zone-gap');
  watched.assertClean();
  await watched.close();
});
