/**
 * What an operator's own screen does while they look elsewhere or are in the middle of something: a desktop message
 * comes once, what is typed or chosen for one alert stays with that alert, answers that come late undo nothing, and a
 * computer that slept does not take old for new.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { AlertEvent } from '../../shared/contracts/alert.ts';
import { holdBack } from '../helpers/hold-back.ts';
import { words } from '../helpers/page-words.ts';
import { screensOf } from '../helpers/screens.ts';
import { until } from '../helpers/until.ts';
import { WHOLE_PICTURE } from '../helpers/whole-picture.ts';

/** More than any limit below, and less. */
const [CROWDED, QUIET] = [120, 20];

const camera = (id: string, name: string, count: object) => ({
  id,
  name,
  zones: [
    {
      id: 'all',
      name: 'All',
      polygon: WHOLE_PICTURE,
      limits: { count },
    },
  ],
});

const quick = { attention: 300, caution: 300, alert: 300, severe: 300 };
const screens = screensOf({
  cameras: [camera('gate', 'Gate', { alert: 70 }), camera('stairs', 'Stairs', { caution: 60, alert: 90 })],
  people: QUIET,
  config: {
    alerts: { smoothMs: 300, clearMs: 1_000, dwellMs: quick, escalateMs: { severe: 600_000, alert: 600_000 } },
  },
});

const card = (page: Page, name: string) => page.getByTestId('alerts').getByTestId('alert').filter({ hasText: name });

/** The browser's own messages, counted; and a window that is not in front. */
async function countMessages(page: Page): Promise<() => Promise<string[]>> {
  await page.context().grantPermissions(['notifications']);
  await page.addInitScript(`
    globalThis.told = [];
    document.hasFocus = () => false;
    const show = ServiceWorkerRegistration.prototype.showNotification;
    ServiceWorkerRegistration.prototype.showNotification = function (title, options) {
      told.push(title);
      return show.call(this, title, options);
    };
    globalThis.Notification = class extends Notification {
      constructor(title, options) { super(title, options); told.push(title); }
    };
  `);
  await page.reload();
  const notes = page.getByTestId('notes');
  await notes.getByRole('button').click();
  await notes.and(page.locator('[data-state="on"]')).waitFor();
  return () => page.evaluate<string[]>('told');
}

test('a desktop message of a rise comes once, however long nobody looks', async () => {
  const watched = await screens.browser.open(screens.site.url);
  const { page } = watched;
  const told = await countMessages(page);
  screens.site.setPeople('gate', CROWDED);
  await until('the message', async () => (await told()).length > 0);
  // The screen's clock goes on meanwhile, and the alerts' list comes again with the next alert.
  const seen = card(page, 'Gate').locator('.since');
  const first = await words(seen);
  await until('time passes on the screen', async () => (await words(seen)) !== first);
  screens.site.setPeople('stairs', 80);
  await card(page, 'Stairs').waitFor();
  assert.deepEqual(await told(), ['Alert: Gate – All']);
  watched.assertClean();
  await watched.close();
});

test('what is written for one alert stays with it: another one opened has empty forms and its own pictures', async () => {
  screens.site.setPeople('gate', CROWDED);
  screens.site.setPeople('stairs', 80);
  const watched = await screens.browser.open(screens.site.url);
  const { page } = watched;
  await card(page, 'Gate').getByTestId('open-alert').click({ timeout: 30_000 });
  const opened = page.getByTestId('alert-page');
  await opened.getByTestId('history').locator('li').first().waitFor();
  await opened.getByTestId('comment').fill('gate 3 is shut');
  await opened.getByTestId('silence-form').locator('input').fill('stewards at gate 3');
  // The other alert's pictures do not come.
  watched.expectRefusals([503]);
  await page.route('**/evidence', (route) => route.fulfill({ status: 503, body: '' }));

  await card(page, 'Stairs').getByTestId('open-alert').click();
  await opened.locator('.card', { hasText: 'Stairs' }).waitFor();
  assert.equal(await opened.getByTestId('comment').inputValue(), '', 'the comment was about the gate');
  assert.equal(await opened.getByTestId('silence-form').locator('input').inputValue(), '');
  await opened.getByTestId('evidence').getByText(/./).first().waitFor();
  assert.equal(await opened.getByTestId('evidence').locator('li').count(), 0, 'no picture of the gate');
  watched.assertClean();
  await watched.close();
});

test('keys pressed in a form or a dialog beside a camera stay there: the camera stays, and so does what was typed', async () => {
  screens.site.setPeople('gate', CROWDED);
  const watched = await screens.browser.open(`${screens.site.url}/#/camera/stairs`);
  const { page } = watched;
  const stairs = page.locator('[data-testid="camera-page"][data-camera="stairs"]');
  await stairs.waitFor();
  await card(page, 'Gate').getByTestId('more').click({ timeout: 30_000 });
  const comment = card(page, 'Gate').getByTestId('comment');
  await comment.fill('gate 3 is shu');
  for (const key of ['End', 'ArrowLeft', 'ArrowRight', 't', 'Escape']) await comment.press(key);
  assert.equal(await comment.inputValue(), 'gate 3 is shut');
  assert.ok(await stairs.isVisible(), 'keys in the form are no keys of the page');

  await page.locator('h1').click();
  await page.keyboard.press('?');
  const help = page.getByTestId('keys-help');
  await help.waitFor();
  for (const key of ['ArrowRight', 'Escape']) await page.keyboard.press(key);
  await help.waitFor({ state: 'hidden' });
  assert.ok(await stairs.isVisible(), 'keys in the dialog are no keys of the page');
  await page.keyboard.press('ArrowRight');
  await stairs.waitFor({ state: 'detached' });

  // On an alert's own page, too, Escape in a field is the field's.
  await card(page, 'Gate').getByTestId('open-alert').click();
  const opened = page.getByTestId('alert-page');
  await opened.getByTestId('comment').fill('stewards sent');
  await opened.getByTestId('comment').press('Escape');
  assert.equal(await opened.getByTestId('comment').inputValue(), 'stewards sent');
  await opened.locator('h1').focus();
  await page.keyboard.press('Escape');
  await opened.waitFor({ state: 'detached' });
  watched.assertClean();
  await watched.close();
});

test('on a phone the list makes way for what was opened from it, and for "back"', async () => {
  screens.site.setPeople('gate', CROWDED);
  const watched = await screens.browser.open(`${screens.site.url}/#/camera/stairs`, { size: 'small' });
  const { page } = watched;
  const bar = page.getByTestId('alert-bar');
  const isOpen = async (open: boolean) =>
    until(
      `the list is ${open ? 'open' : 'closed'}`,
      async () => (await bar.getAttribute('aria-expanded')) === `${open}`,
      5_000,
    );
  const opened = page.getByTestId('alert-page');
  await bar.filter({ hasText: 'Gate' }).click({ timeout: 30_000 });
  await card(page, 'Gate').getByTestId('open-alert').click();
  await opened.waitFor();
  await isOpen(false);
  // The one that is opened already, too.
  await bar.click();
  await isOpen(true);
  await card(page, 'Gate').getByTestId('open-alert').click();
  await isOpen(false);
  await bar.click();
  await isOpen(true);
  await page.goBack();
  await page.getByTestId('camera-page').waitFor();
  await isOpen(false);
  watched.assertClean();
  await watched.close();
});

test('what happens twice is told twice to screen readers, in the same words', async () => {
  screens.site.setPeople('gate', CROWDED);
  const watched = await screens.browser.open(screens.site.url);
  const { page } = watched;
  await card(page, 'Gate').getByTestId('open-alert').click({ timeout: 30_000 });
  await page.evaluate(`
    globalThis.told = [];
    const voice = document.querySelector('[data-testid="alert-voice"]');
    new MutationObserver(() => told.push(voice.textContent)).observe(voice, { childList: true, characterData: true, subtree: true });
  `);
  const told = () => page.evaluate<string[]>(`told.filter((words) => words.includes('Lee'))`);
  const escalate = page.getByTestId('alert-page').getByTestId('escalate');
  await escalate.click();
  await page.getByTestId('operator-name').fill('Lee');
  await page.getByTestId('operator-name').press('Enter');
  await until('told once', async () => (await told()).length === 1, 10_000);
  await escalate.click();
  await until('told twice', async () => (await told()).length === 2, 10_000);
  assert.equal(new Set(await told()).size, 1);
  watched.assertClean();
  await watched.close();
});

test('what was acknowledged yesterday at this time does not read as if it were now', async () => {
  screens.site.setPeople('gate', CROWDED);
  const watched = await screens.browser.open(screens.site.url);
  const { page } = watched;
  // As if it had all been a day ago.
  await page.routeWebSocket(/\/ws$/, (socket) => {
    socket.connectToServer().onMessage((message) => {
      const list =
        typeof message === 'string' && message.startsWith('{"type":"alerts"') ? JSON.parse(message) : undefined;
      for (const { operator } of list?.active ?? [])
        operator.acknowledged = { by: 'Lee', at: Date.now() - 86_400_000, level: 'severe' };
      socket.send(list ? JSON.stringify(list) : message);
    });
  });
  await page.reload();
  const seen = card(page, 'Gate').getByTestId('acknowledged');
  await seen.waitFor({ timeout: 30_000 });
  assert.match(await words(seen), /Acknowledged by Lee, \d+ \w{3,4}, \d\d:\d\d:\d\d$/);
  watched.assertClean();
  await watched.close();
});

test('a silence covers what the operator has seen: a rise while they give the reason is not silenced', async () => {
  screens.site.setPeople('stairs', 80);
  const watched = await screens.browser.open(screens.site.url);
  const { page } = watched;
  await card(page, 'Stairs').getByTestId('open-alert').click({ timeout: 30_000 });
  const form = page.getByTestId('alert-page').getByTestId('silence-form');
  const upTo = form.locator('select').first();
  await until('the level it is at', async () => (await upTo.inputValue()) === 'caution');
  await form.locator('input').fill('queue for the lift');
  screens.site.setPeople('stairs', CROWDED);
  await card(page, 'Stairs').and(page.locator('.alert')).waitFor({ timeout: 30_000 });
  assert.equal(await upTo.inputValue(), 'caution');
  watched.assertClean();
  await watched.close();
});

test('a rise that was read from the log before it was heard is told all the same', async () => {
  const rises = async () => {
    const events = AlertEvent.array().parse(
      await (await fetch(`${screens.site.url}/api/alerts/events?limit=1000`)).json(),
    );
    return events.filter(({ cameraId, type }) => cameraId === 'gate' && type === 'alert.firing');
  };
  const watched = await screens.browser.open(screens.site.url);
  const { page } = watched;
  screens.site.setPeople('gate', CROWDED);
  await card(page, 'Gate').first().waitFor({ timeout: 30_000 });
  screens.site.setPeople('gate', QUIET);
  await card(page, 'Gate').and(page.locator('.ended')).first().waitFor({ timeout: 30_000 });
  const before = (await rises()).length;
  // The socket is slower than the log: what it says of alerts waits.
  let slow = false;
  const waiting: (() => void)[] = [];
  await page.routeWebSocket(/\/ws$/, (socket) => {
    socket.connectToServer().onMessage((message) => {
      const late = slow && String(message).startsWith('{"type":"alert');
      if (late) waiting.push(() => socket.send(message));
      else socket.send(message);
    });
  });
  const told = await countMessages(page);
  slow = true;
  screens.site.setPeople('gate', CROWDED);
  const raised = await until('the log has it', async () => (await rises())[before]);
  await page.evaluate(`location.hash = '#/alerts/${raised.alertId}'`);
  await page.getByTestId('alert-page').getByText('Raised').waitFor();
  assert.deepEqual(await told(), []);
  slow = false;
  for (const say of waiting) say();
  await until('the message', async () => (await told()).length === 1);
  watched.assertClean();
  await watched.close();
});

test('a silence that could not be ended says so, and stays on the list', async () => {
  const watched = await screens.browser.open(screens.site.url);
  const { page } = watched;
  await fetch(`${screens.site.url}/api/silences`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      actor: 'Lee',
      cameraId: 'stairs',
      upToLevel: 'caution',
      reason: 'queue',
      durationMs: 60_000,
    }),
  });
  await page.reload();
  const silences = page.getByTestId('silences');
  const row = silences.locator('li', { hasText: 'queue' });
  await row.waitFor({ timeout: 30_000 });
  watched.expectRefusals([503]);
  await page.route('**/api/silences/*', (route) => route.fulfill({ status: 503, json: {} }), { times: 1 });
  await row.getByRole('button').click();
  await page.getByTestId('operator-name').fill('Lee');
  await page.getByTestId('operator-name').press('Enter');
  await row.getByRole('alert').filter({ hasText: 'Not done' }).waitFor({ timeout: 5_000 });
  await row.getByRole('button').click();
  await row.waitFor({ state: 'detached' });
  watched.assertClean();
  await watched.close();
});

test('a list of silences that was asked for before a silence does not take it away', async () => {
  const watched = await screens.browser.open(screens.site.url);
  const { page } = watched;
  let reloaded = false;
  // One that the page before has asked for ends with it.
  const first = await holdBack(page, '**/api/silences', 'GET', () => reloaded);
  await page.reload({ waitUntil: 'commit' });
  reloaded = true;
  // Of the gate there are an alert that is on and one that has ended by now.
  screens.site.setPeople('stairs', CROWDED);
  await until('the first list is on its way', () => first.held.length > 0);
  await card(page, 'Stairs').getByTestId('open-alert').click();
  const form = page.getByTestId('alert-page').getByTestId('silence-form');
  await form.locator('input').fill('stewards are there');
  await form.getByRole('button').click();
  await page.getByTestId('operator-name').fill('Post 3');
  await page.keyboard.press('Enter');
  const silences = page.getByTestId('silences');
  await silences.waitFor();
  const late = page.waitForEvent('requestfinished', (request) => request === first.held[0]);
  first.release();
  await late;
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))');
  assert.equal(await silences.getByText('stewards are there').count(), 1);
  watched.assertClean();
  await watched.close();
});

test('an event that never came over the socket is told to screen readers when the log has told it', async () => {
  const watched = await screens.browser.open(screens.site.url);
  const { page } = watched;
  // Something has been told before: what was missed stands in the midst of the log.
  screens.site.setPeople('gate', CROWDED);
  await card(page, 'Gate').first().waitFor({ timeout: 30_000 });
  screens.site.setPeople('gate', QUIET);
  screens.site.setPeople('stairs', QUIET);
  const on = page.locator('[data-testid="alerts"] [data-testid="alert"]:not(.ended)');
  await until('no alert is on', async () => (await on.count()) === 0, 60_000);
  let lost = 0;
  let losing = false;
  await page.routeWebSocket(/\/ws$/, (socket) => {
    socket.connectToServer().onMessage((message) => {
      if (losing && String(message).startsWith('{"type":"alert",')) lost += 1;
      else socket.send(message);
    });
  });
  await page.reload();
  await page.locator('[data-testid="tile"][data-camera="gate"][data-live="true"]').waitFor({ timeout: 30_000 });
  losing = true;
  screens.site.setPeople('gate', CROWDED);
  await until('what is told of the gate is lost', () => lost > 0, 30_000);
  losing = false;
  const voice = page.getByTestId('alert-voice');
  assert.equal(await words(voice), '');
  screens.site.setPeople('stairs', CROWDED);
  await until('the gate is told with the stairs', async () => /Gate/.test(await words(voice)), 30_000);
  watched.assertClean();
  await watched.close();
});

test('a computer that slept and has no network yet: nothing on the screen is younger than it is', async () => {
  const watched = await screens.browser.open(screens.site.url);
  const { page } = watched;
  const tile = page.locator('[data-testid="tile"][data-camera="gate"]');
  await tile.and(page.locator('[data-live="true"]')).waitFor({ timeout: 30_000 });
  // As after a sleep of an hour: the wall clock ran on, the monotonic one and the network did not.
  await page.evaluate(`
    const now = Date.now;
    Date.now = () => now() + 3_600_000;
    globalThis.WebSocket = class { static OPEN = 1; close() {} };
  `);
  await page.getByTestId('alerts-as-of').waitFor();
  await until('as of an hour ago', async () => /1 h ago/.test(await words(page.getByTestId('alerts-as-of'))), 5_000);
  assert.equal(await tile.getByTestId('count').count(), 0, 'a count of an hour ago is none');
  watched.assertClean();
  await watched.close();
});
