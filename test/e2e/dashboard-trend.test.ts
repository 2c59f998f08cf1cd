/** A zone that fills, in Chromium on a simulated site: an arrow on the wall, a sentence and the forecast at the zone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessible } from '../helpers/accessibility.ts';
import { startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { words } from '../helpers/page-words.ts';
import { type SimulatedSite, startSimulatedSite } from '../helpers/simulated-site.ts';
import { until } from '../helpers/until.ts';
import { WHOLE_PICTURE } from '../helpers/whole-picture.ts';

/** Six bins of ten seconds are the least a slope is made of. */
const SEEN_MS = 150_000;
const STEP_MS = 500;
const PEOPLE_A_STEP = 0.5;

let site: SimulatedSite;
let browser: TestBrowser;
let filling: NodeJS.Timeout;

before(async () => {
  site = await startSimulatedSite({
    people: 20,
    cameras: [
      {
        id: 'gate',
        name: 'Gate',
        staleAfterMs: 20_000,
        zones: [
          {
            id: 'all',
            name: 'Whole gate',
            polygon: WHOLE_PICTURE,
            limits: { count: { caution: 900 } },
          },
        ],
      },
    ],
    config: { alerts: { trendMinMs: 30_000, trendWindowMs: 120_000 } },
  });
  let people = 20;
  filling = setInterval(() => {
    people += PEOPLE_A_STEP;
    site.setPeople('gate', Math.round(people));
  }, STEP_MS);
  browser = await startBrowser();
});

after(async () => {
  clearInterval(filling);
  await browser?.close();
  await site?.stop();
});

test('the wall tells the rate once it is certain, the zone when the level comes', async () => {
  const watched = await browser.open(site.url);
  const { page } = watched;
  const rate = page.getByTestId('zones').getByTestId('rate');
  await rate.waitFor({ timeout: SEEN_MS });
  assert.match(
    await words(rate),
    /^↗ \+[\d.]+\/min Filling by [\d.]+ people a minute\. At this rate Caution \(900 people\) in about \d+ min \(\d+–\d+\+? min\)\.$/,
  );
  await assertAccessible(page, 'a wall with a rate');
  await watched.screenshot('dashboard-rate-wall');

  await page.goto(`${site.url}/#/zone/gate/all/15m`);
  await page.getByTestId('forecast').waitFor();
  assert.match(await words(page.getByTestId('forecast')), /^At this rate Caution \(900 people\) in about \d+ min/);
  assert.match(await words(page.getByTestId('zone-rate')), /\+[\d.]+ – \+[\d.]+ people\/min$/);
  await assertAccessible(page, 'a zone with a forecast');
  await watched.screenshot('dashboard-rate-zone');
  watched.assertClean();
  await watched.close();

  const korean = await browser.open(`${site.url}/#/zone/gate/all/15m`, { language: 'ko-KR' });
  await until('the sentence is there in Korean', async () =>
    /^이 속도라면 약 \d+분 후\(\d+–\d+\+?분\) 주의 단계/.test(await words(korean.page.getByTestId('forecast'))),
  );
  await korean.close();
});
