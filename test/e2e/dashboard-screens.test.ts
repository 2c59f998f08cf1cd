/**
 * Screens as people have them: several pages of one browser, a phone that would go dark, a network that fails for a
 * moment. What one page is told the others know, and nothing is said to be gone that only did not come.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { Evidence } from '../../shared/contracts/evidence.ts';
import { encodeHeatmap } from '../../shared/contracts/heatmap.ts';
import { encodeReplayRecord } from '../../shared/contracts/replay.ts';
import { SIDEWAYS_PX } from '../helpers/browser.ts';
import { screensOf } from '../helpers/screens.ts';
import { until } from '../helpers/until.ts';
import { WHOLE_PICTURE } from '../helpers/whole-picture.ts';

const quick = { attention: 300, caution: 300, alert: 300, severe: 300 };
const screens = screensOf({
  cameras: [
    {
      id: 'gate',
      name: 'Gate',
      zones: [{ id: 'all', name: 'All', polygon: WHOLE_PICTURE, limits: { count: { alert: 70 } } }],
    },
  ],
  people: 120,
  config: { alerts: { smoothMs: 300, dwellMs: quick, escalationSteps: 0 } },
});

const sound = (page: Page) => page.getByTestId('sound');
/** Any gesture will do. */
const allowSound = async (page: Page) => {
  await sound(page).waitFor();
  await page.keyboard.press('Shift');
};
const soundIs = (page: Page, state: string) =>
  until(`the sound is ${state}`, async () => (await sound(page).getAttribute('data-state')) === state);

test('two pages of one browser: muted here is muted there, and a new name and an acknowledgement are known there', async () => {
  const watched = await screens.browser.open(screens.site.url);
  const { page } = watched;
  const second = await page.context().newPage();
  await second.goto(screens.site.url);
  for (const one of [page, second]) {
    await allowSound(one);
    await soundIs(one, 'on');
  }
  await sound(page).getByRole('button').click();
  await soundIs(second, 'muted');
  const third = await page.context().newPage();
  await third.goto(screens.site.url);
  await allowSound(third);
  await soundIs(third, 'muted');
  await sound(third).getByRole('button').click();
  for (const one of [page, second]) await soundIs(one, 'on');

  await page.getByTestId('operator').getByRole('button').click();
  await page.getByLabel('Name or post').fill('Late shift');
  await page.getByRole('button', { name: 'Save' }).click();
  await second.getByTestId('operator').getByText('Late shift').waitFor();
  const alert = second.getByTestId('alerts').getByTestId('alert');
  await alert.getByRole('button', { name: /^Acknowledge/ }).click();
  await page
    .getByTestId('alerts')
    .getByTestId('alert')
    .getByText(/Acknowledged.*Late shift|Late shift/)
    .waitFor();
  watched.assertClean();
  await watched.close();
});

/** Wake locks as a phone gives them: taken back whenever the page is hidden. */
const WAKE_LOCKS = `
  globalThis.locks = [];
  globalThis.refuse = false;
  const give = async () => {
    if (refuse) throw new DOMException('low battery', 'NotAllowedError');
    const lock = { released: false, release: async () => { lock.released = true; } };
    locks.push(lock);
    return lock;
  };
  Object.defineProperty(navigator, 'wakeLock', { value: { request: give } });
  globalThis.hide = (hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    if (hidden) for (const lock of locks) lock.released = true;
    document.dispatchEvent(new Event('visibilitychange'));
  };
`;
const HELD = 'locks.filter(({ released }) => !released).length';
const held = (page: Page, count: number) =>
  until(`${count} wake locks are held`, async () => (await page.evaluate<number>(HELD)) === count);

test('a phone is kept awake on live pages alone, again after it was hidden, and says when it is not', async () => {
  const watched = await screens.browser.open('about:blank', { size: 'small' });
  const { page } = watched;
  await page.addInitScript(WAKE_LOCKS);
  await page.goto(screens.site.url);
  await held(page, 1);
  await page.evaluate('hide(true)');
  await held(page, 0);
  await page.evaluate('hide(false)');
  await held(page, 1);
  await page.evaluate("location.hash = '#/system'");
  await held(page, 0);
  await page.evaluate("location.hash = '#/camera/gate'");
  await held(page, 1);
  assert.equal(await page.getByTestId('may-go-dark').count(), 0);

  await page.evaluate('hide(true); refuse = true; hide(false)');
  const note = page.getByTestId('may-go-dark').and(page.locator('[data-why="refused"]'));
  await note.waitFor();
  await watched.screenshot('may-go-dark');
  await page.evaluate('hide(true); refuse = false; hide(false)');
  await note.waitFor({ state: 'detached' });
  watched.assertClean();
  await watched.close();
});

test('over http on a network the page says that the screen may go dark, until somebody has read it', async () => {
  const watched = await screens.browser.open('about:blank', { size: 'small', language: 'ko-KR' });
  const { page } = watched;
  // No browser takes this name for the machine itself. Its socket leads nowhere.
  watched.expectServerGone();
  await page.route('http://wall.test/**', async (route) => {
    const url = route.request().url().replace('http://wall.test', screens.site.url);
    await route.fulfill({ response: await route.fetch({ url }) });
  });
  await page.goto('http://wall.test/');
  const note = page.getByTestId('may-go-dark');
  await note.waitFor();
  assert.equal(await note.getAttribute('data-why'), 'insecure');
  await watched.screenshot('may-go-dark-http-ko');
  await note.getByRole('button').click();
  await note.waitFor({ state: 'detached' });
  await page.reload();
  await page.getByTestId('sound').waitFor({ state: 'attached' });
  assert.equal(await note.count(), 0, 'it was read');
  watched.assertClean();
  await watched.close();
});

test('a kept picture that did not come is asked for again; only one that the server has no more is gone', async () => {
  const watched = await screens.browser.open(screens.site.url);
  const { page } = watched;
  const answers: ('fail' | 'gone' | 'come')[] = ['fail'];
  watched.expectServerGone();
  watched.expectRefusals([404]);
  await page.route('**/api/alerts/*/evidence', (route) => {
    const kept: Evidence = Evidence.parse({
      ...{ eventId: 'e1', alertId: 'a1', sequence: 1, cameraId: 'gate', zoneId: 'all', mode: 'actual' },
      ...{ level: 'alert', capturedAt: 1_790_000_000_000, at: 1_790_000_000_000, privacy: 'picture', state: 'kept' },
      files: { picture: { bytes: 1, sha256: '0' } },
    });
    return route.fulfill({ json: [kept] });
  });
  await page.route('**/api/evidence/**', async (route) => {
    const answer = answers.at(-1);
    if (answer === 'fail') await route.abort('connectionreset');
    else if (answer === 'gone') await route.fulfill({ status: 404, json: {} });
    else if (route.request().url().endsWith('heat.png')) await route.abort('connectionreset');
    else await route.continue({ url: `${screens.site.url}/icon-192.png` });
  });
  await page.getByTestId('alert').getByTestId('open-alert').first().click();
  const evidence = page.getByTestId('alert-page').getByTestId('evidence');
  const notNow = evidence.getByTestId('evidence-not-now');
  await notNow.getByText('The picture did not come').waitFor();
  answers.push('come');
  await notNow.getByRole('button').click();
  const picture = evidence.locator('img').first();
  await until('the picture is there', () =>
    picture.evaluate((img) => (img as unknown as { naturalWidth: number }).naturalWidth > 0),
  );
  await notNow.getByText('The heat map did not come').waitFor();
  answers.push('gone');
  await notNow.getByRole('button').click();
  await evidence.getByText('The heat map is kept no more.').waitFor();
  await page.reload();
  await evidence.getByText('It cannot be shown any more.').waitFor();
  assert.equal(await notNow.count(), 0);
  await watched.close();
});

test('on paper an alert is black on white, with its pictures whole and its time zone, and nothing to press', async () => {
  const watched = await screens.browser.open(screens.site.url);
  const { page } = watched;
  await page.route('**/api/alerts/*/evidence', (route) => {
    const kept = [1, 2, 3].map((sequence) =>
      Evidence.parse({
        ...{ eventId: `e${sequence}`, alertId: 'a1', sequence, cameraId: 'gate', zoneId: 'all', mode: 'actual' },
        ...{ level: 'alert', capturedAt: 1_790_000_000_000, at: 1_790_000_000_000, privacy: 'picture', state: 'kept' },
        ...{ widthPx: 640, heightPx: 360 },
        files: { picture: { bytes: 1, sha256: '0' } },
      }),
    );
    return route.fulfill({ json: kept });
  });
  await page.route('**/api/evidence/**', (route) => route.continue({ url: `${screens.site.url}/icon-192.png` }));
  await page.getByTestId('alert').getByTestId('open-alert').first().click();
  const opened = page.getByTestId('alert-page');
  const paper = opened.getByTestId('alert-paper');
  await opened.getByTestId('evidence').locator('img').nth(2).waitFor({ state: 'attached' });
  assert.ok(!(await paper.isVisible()), 'the screen has no need of it');
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 720, height: 1000 });
  assert.match(
    (await paper.locator('dt, dd').allTextContents()).join(' '),
    /^Alert \S+ Began \d.+ 20\d\d .+ Printed \d.+ 20\d\d .+ Time zone of all times \S+$/,
  );
  for (const part of ['a', 'button', 'input', 'nav', 'form'].map((name) => page.locator(`${name}:visible`)))
    for (const text of await part.evaluateAll((all) =>
      all.map((one) => (one as unknown as { outerHTML: string }).outerHTML),
    ))
      assert.match(text, /target="_blank"/, 'only pictures are left of what can be pressed');
  assert.equal(await page.getByTestId('tile').filter({ visible: true }).count(), 0, 'what is of now is not of then');
  const colours = await page.evaluate<string[]>(
    "['h1', 'body'].map((name) => getComputedStyle(document.querySelector(name))[name === 'body' ? 'backgroundColor' : 'color'])",
  );
  assert.deepEqual(colours, ['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
  const pictures = opened.getByTestId('evidence').locator('li');
  assert.equal(await pictures.count(), 3);
  for (const one of await pictures.all()) {
    const box = await one.boundingBox();
    assert.ok(box && box.height > 100 && box.height < 500, `two to a page: ${JSON.stringify(box)}`);
  }
  const broken = await page.evaluate<string[]>(
    `[...document.querySelectorAll('[data-testid="evidence"] li')].map((one) => getComputedStyle(one).breakInside)`,
  );
  assert.deepEqual([...new Set(broken)], ['avoid'], 'no page ends within a picture');
  await watched.screenshot('alert-paper');
  await watched.close();
});

for (const language of ['en-GB', 'ko-KR'] as const) {
  test(`a phone that has lost the server stays as wide as it is, with the press that tries again (${language})`, async () => {
    const watched = await screens.browser.open(screens.site.url, { size: 'small', language });
    const { page } = watched;
    await page.getByTestId('tile').waitFor();
    watched.expectServerGone();
    await page.context().setOffline(true);
    const banner = page.getByTestId('lost-banner');
    await banner.waitFor();
    assert.ok((await page.evaluate<number>(SIDEWAYS_PX)) <= 0, 'nothing sticks out');
    const press = await banner.getByRole('button').boundingBox();
    assert.ok(press && press.x + press.width <= 360, JSON.stringify(press));
    await watched.screenshot(`lost-360-${language}`);
    watched.assertClean();
    await watched.close();
  });
}

test('of a whole day of kept maps only the newest hour is fetched, then the hour before it, over a gap', async () => {
  const everyMs = 5_000;
  const [hour, day] = [3_600_000, 86_400_000];
  const end = Date.now();
  const map = {
    cameraId: 'gate',
    seq: 1,
    width: 8,
    height: 4,
    peoplePerUnit: 0.1,
    values: new Uint8Array(32).fill(9),
    heads: [],
  };
  const record = (capturedAt: number) =>
    encodeReplayRecord({
      summary: { capturedAt, count: 7, interval: [5, 9], zones: [] },
      deflatedMap: deflateRawSync(encodeHeatmap({ ...map, capturedAt })),
    });
  /** For three and a half hours the camera was dark. */
  const isKept = (at: number) => at >= end - day && at <= end && !(at > end - 5 * hour && at < end - 1.5 * hour);
  let fetched = 0;
  const watched = await screens.browser.open('about:blank');
  const { page } = watched;
  await page.route('**/replay?*', async (route) => {
    const query = new URL(route.request().url()).searchParams;
    const [from, to, limit] = ['from', 'to', 'limit'].map((name) => Number(query.get(name))) as [
      number,
      number,
      number,
    ];
    const records: Uint8Array[] = [];
    for (
      let at = Math.ceil(Math.max(from, end - day) / everyMs) * everyMs;
      at <= to && records.length < limit;
      at += everyMs
    )
      if (isKept(at)) records.push(record(at));
    fetched += records.length;
    const headers = { 'x-replay-every-ms': `${everyMs}`, 'x-replay-keep-ms': `${day}` };
    await route.fulfill({ contentType: 'application/octet-stream', headers, body: Buffer.concat(records) });
  });
  await page.goto(`${screens.site.url}/#/zone/gate/all`);
  const replay = page.getByTestId('replay');
  const shown = () => replay.getByTestId('replay-time').getAttribute('datetime');
  const loaded = (what: string, at: (time: number) => boolean) =>
    until(what, async () => {
      const phase = await replay.getAttribute('data-phase');
      return phase === 'ready' && at(Date.parse((await shown()) ?? ''));
    });
  await replay.getByTestId('replay-load').click();
  await loaded('the newest map', (time) => time > end - 10_000);
  assert.ok(fetched <= 725, `${fetched} maps for an hour`);
  await replay.getByTestId('replay-earlier').click();
  await loaded('the hour before', (time) => time < end - hour + 60_000);
  await replay.getByTestId('replay-earlier').click();
  await loaded('the last map before it was dark', (time) => time <= end - 5 * hour && time > end - 5 * hour - 10_000);
  await replay.getByTestId('replay-later').click();
  await loaded('the first map after it', (time) => time >= end - 1.5 * hour && time < end - 1.5 * hour + 10_000);
  assert.ok(fetched < 4 * 725, `${fetched} maps of the day's 14 760`);
  watched.assertClean();
  await watched.close();
});
