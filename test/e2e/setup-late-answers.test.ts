/** Set-up while an answer is on its way: what is typed meanwhile stays, and what comes too late changes nothing. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { parseConfig } from '../../shared/config/load.ts';
import { holdBack } from '../helpers/hold-back.ts';
import { screensOf } from '../helpers/screens.ts';
import { until } from '../helpers/until.ts';

const PATIENCE_MS = 60_000;
const screens = screensOf({
  cameras: [
    { id: 'gate', name: 'Gate', sampleFps: 1 },
    { id: 'north', name: 'North road', sampleFps: 1 },
  ],
});

const nameOf = async (id: string) =>
  parseConfig(await readFile(screens.site.configFile, 'utf8')).cameras.find((camera) => camera.id === id)?.name;

async function signIn(page: Page): Promise<void> {
  await page.getByTestId('operator-name').fill('Post 3');
  await page.keyboard.press('Enter');
}

test('what is typed while a save is on its way is not taken back: it waits for the next one', async () => {
  const watched = await screens.browser.open(`${screens.site.url}/#/setup/gate`);
  const { page } = watched;
  const name = page.getByTestId('camera-name');
  await name.fill('Gate 3', { timeout: PATIENCE_MS });
  const answer = await holdBack(page, '**/api/config/cameras/gate', 'PUT');
  await page.getByTestId('save').click();
  await signIn(page);
  await until('it is in the file', async () => (await nameOf('gate')) === 'Gate 3');
  await name.fill('Gate 3, north');
  answer.release();
  await until('the save is over', async () => (await page.getByTestId('save').textContent()) === 'Save');
  assert.equal(await name.inputValue(), 'Gate 3, north');
  await page.getByTestId('discard').waitFor();
  await page.getByTestId('save').click();
  await page.getByTestId('saved').waitFor({ timeout: PATIENCE_MS });
  assert.equal(await nameOf('gate'), 'Gate 3, north');
  watched.assertClean();
  await watched.close();
});

test('of a camera that is added, too', async () => {
  const watched = await screens.browser.open(`${screens.site.url}/#/setup/%2B`);
  const { page } = watched;
  const name = page.getByTestId('camera-name');
  await name.fill('East road', { timeout: PATIENCE_MS });
  await page.getByTestId('camera-address').fill('rtsp://192.0.2.1/east');
  const answer = await holdBack(page, '**/api/config/cameras/east-road', 'PUT');
  await page.getByTestId('save').click();
  await signIn(page);
  await until('it is in the file', async () => (await nameOf('east-road')) === 'East road');
  await name.fill('East road, lower end');
  answer.release();
  await page.locator('[data-testid="camera-editor"][data-camera="east-road"]').waitFor({ timeout: PATIENCE_MS });
  await page.locator('[data-testid="camera-editor"][data-dirty="true"]').waitFor();
  assert.equal(await name.inputValue(), 'East road, lower end');
  await until('its own page', async () => page.url().endsWith('#/setup/east-road'));
  await page.getByTestId('save').click();
  await page.getByTestId('saved').waitFor({ timeout: PATIENCE_MS });
  assert.equal(await nameOf('east-road'), 'East road, lower end');
  watched.assertClean();
  await watched.close();
});

test('who leaves while a new camera is being saved is not fetched back from where they went', async () => {
  const watched = await screens.browser.open(`${screens.site.url}/#/setup/%2B`);
  const { page } = watched;
  await page.getByTestId('camera-name').fill('West road', { timeout: PATIENCE_MS });
  await page.getByTestId('camera-address').fill('rtsp://192.0.2.1/west');
  const answer = await holdBack(page, '**/api/config/cameras/west-road', 'PUT');
  await page.getByTestId('save').click();
  await signIn(page);
  await until('it is in the file', async () => (await nameOf('west-road')) === 'West road');
  await page.evaluate("location.hash = '#/alerts'");
  const readAgain = page.waitForResponse('**/api/config');
  answer.release();
  await (await readAgain).finished();
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))');
  assert.match(page.url(), /#\/alerts$/);
  watched.assertClean();
  await watched.close();
});

test('a configuration that was asked for before a save and comes after it does not bring the old camera back', async () => {
  const watched = await screens.browser.open(`${screens.site.url}/#/setup/north`);
  const { page } = watched;
  const name = page.getByTestId('camera-name');
  await name.waitFor({ timeout: PATIENCE_MS });
  const view = await holdBack(page, '**/api/config', 'GET');
  // Somebody else changes something: this screen asks again, and its answer is slow.
  const { version } = (await (await fetch(`${screens.site.url}/api/config`)).json()) as { version: string };
  const changed = await fetch(`${screens.site.url}/api/config/alerts`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', 'if-match': `"${version}"` },
    body: JSON.stringify({ actor: 'Post 4', change: { clearMs: 61_000 } }),
  });
  assert.equal(changed.status, 200, await changed.text());
  await until('it is asked', () => view.held.length > 0);

  watched.expectRefusals([412]);
  await name.fill('North road 2');
  await page.getByTestId('save').click();
  await signIn(page);
  await page.getByTestId('saved').waitFor({ timeout: PATIENCE_MS });
  const late = page.waitForEvent('requestfinished', (request) => request === view.held[0]);
  view.release();
  await late;
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))');
  assert.equal(await name.inputValue(), 'North road 2');
  watched.assertClean();
  await watched.close();
});

test('the answer about one address is not told of another', async () => {
  const watched = await screens.browser.open(`${screens.site.url}/#/setup/%2B`);
  const { page } = watched;
  const address = page.getByTestId('camera-address');
  await address.fill('rtsp://192.0.2.1/first', { timeout: PATIENCE_MS });
  let answerNow = () => {};
  const asked = new Promise<void>((resolve) => {
    answerNow = resolve;
  });
  const result = { codec: 'h264', stream: 'h264', widthPx: 640, heightPx: 360, measuredFps: 25, firstPictureMs: 90 };
  await page.route('**/api/probe', async (route) => {
    await asked;
    await route.fulfill({ json: { result: { ok: true, ...result } } });
  });
  await page.getByTestId('probe').click();
  await address.fill('rtsp://192.0.2.1/second');
  answerNow();
  const told = page.getByTestId('probe-result');
  await page.getByTestId('probe').and(page.locator(':enabled')).waitFor();
  assert.equal(await told.getAttribute('data-ok'), null, 'nobody looked at the second one');
  await address.fill('rtsp://192.0.2.1/first');
  await told.and(page.locator('[data-ok="true"]')).waitFor();
  watched.assertClean();
  await watched.close();
});

test('a camera that somebody removed meanwhile is not brought back unasked', async () => {
  const watched = await screens.browser.open(`${screens.site.url}/#/setup/north`);
  const { page } = watched;
  const name = page.getByTestId('camera-name');
  await name.fill('North road, new', { timeout: PATIENCE_MS });
  const version = (await fetch(`${screens.site.url}/api/config`)).headers.get('etag');
  const removed = await fetch(`${screens.site.url}/api/config/cameras/north?actor=Kim`, {
    method: 'DELETE',
    headers: { 'if-match': version ?? '' },
  });
  assert.equal(removed.status, 200);
  watched.expectRefusals([404, 412]);
  await page.getByTestId('save').click();
  await signIn(page);
  await page.getByTestId('save-bar').getByText('removed this camera').waitFor({ timeout: 10_000 });
  assert.equal(await nameOf('north'), undefined);
  // Saved once more it is what somebody wants.
  assert.equal(await name.inputValue(), 'North road, new');
  await page.getByTestId('save').click();
  await until('it is back', async () => (await nameOf('north')) === 'North road, new');
  watched.assertClean();
  await watched.close();
});

test('a change by somebody else is not written over when it could not be read', async () => {
  const watched = await screens.browser.open(`${screens.site.url}/#/setup/gate`);
  const { page } = watched;
  await page.getByTestId('camera-name').fill('Gate, mine', { timeout: PATIENCE_MS });
  await page.route('**/api/config', (route) => route.abort());
  watched.expectServerGone();
  watched.expectRefusals([412]);
  const etag = (await fetch(`${screens.site.url}/api/config`)).headers.get('etag') ?? '';
  const changed = await fetch(`${screens.site.url}/api/config/cameras/gate`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', 'if-match': etag },
    body: JSON.stringify({ actor: 'Kim', change: { name: 'Gate, of Kim' } }),
  });
  assert.equal(changed.status, 200, await changed.text());
  await page.getByTestId('save').click();
  await signIn(page);
  await page.getByTestId('save-bar').getByRole('alert').waitFor({ timeout: PATIENCE_MS });
  assert.equal(await nameOf('gate'), 'Gate, of Kim');
  // Once it can be read both are laid side by side.
  await page.unroute('**/api/config');
  await page.getByTestId('save').click();
  await page.getByTestId('conflict').getByText('Gate, of Kim').waitFor({ timeout: PATIENCE_MS });
  assert.equal(await nameOf('gate'), 'Gate, of Kim');
  watched.assertClean();
  await watched.close();
});

test('a save that cannot be read back is no conflict with itself', async () => {
  const watched = await screens.browser.open(`${screens.site.url}/#/setup/gate`);
  const { page } = watched;
  const name = page.getByTestId('camera-name');
  await name.fill('Gate, once', { timeout: PATIENCE_MS });
  await page.route('**/api/config', (route) => route.abort());
  watched.expectServerGone();
  await page.getByTestId('save').click();
  await signIn(page);
  await page.getByTestId('saved').waitFor({ timeout: PATIENCE_MS });
  await name.fill('Gate, twice');
  await page.getByTestId('save').click();
  await until('it is saved again', async () => (await nameOf('gate')) === 'Gate, twice');
  await page.getByTestId('saved').waitFor({ timeout: PATIENCE_MS });
  assert.equal(await page.getByTestId('conflict').isVisible(), false);
  watched.assertClean();
  await watched.close();
});

test('a camera is not removed over a change that cannot be read, and the reason is said', async () => {
  const watched = await screens.browser.open(`${screens.site.url}/#/setup/gate`);
  const { page } = watched;
  await page.getByTestId('remove').click({ timeout: PATIENCE_MS });
  await page.route('**/api/config', (route) => route.abort());
  watched.expectServerGone();
  watched.expectRefusals([412]);
  const etag = (await fetch(`${screens.site.url}/api/config`)).headers.get('etag') ?? '';
  const changed = await fetch(`${screens.site.url}/api/config/cameras/gate`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', 'if-match': etag },
    body: JSON.stringify({ actor: 'Kim', change: { name: 'Gate, of Kim again' } }),
  });
  assert.equal(changed.status, 200, await changed.text());
  await page.getByTestId('remove-yes').click();
  await signIn(page);
  await page.getByTestId('save-bar').getByText('The server does not answer').waitFor({ timeout: PATIENCE_MS });
  assert.equal(await nameOf('gate'), 'Gate, of Kim again');
  watched.assertClean();
  await watched.close();
});

test('a camera that somebody changed meanwhile is not removed unseen', async () => {
  const watched = await screens.browser.open(`${screens.site.url}/#/setup/gate`);
  const { page } = watched;
  await page.getByTestId('remove').click({ timeout: PATIENCE_MS });
  const view = await holdBack(page, '**/api/config', 'GET');
  const etag = (await fetch(`${screens.site.url}/api/config`)).headers.get('etag') ?? '';
  const changed = await fetch(`${screens.site.url}/api/config/cameras/gate`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', 'if-match': etag },
    body: JSON.stringify({ actor: 'Kim', change: { name: 'Gate, drawn anew' } }),
  });
  assert.equal(changed.status, 200, await changed.text());
  await until('it is asked', () => view.held.length > 0);
  watched.expectRefusals([412]);
  await page.getByTestId('remove-yes').click();
  await signIn(page);
  await page.getByTestId('save-bar').getByText('changed this camera meanwhile').waitFor({ timeout: PATIENCE_MS });
  assert.equal(await nameOf('gate'), 'Gate, drawn anew');
  view.release();
  watched.assertClean();
  await watched.close();
});

test('a camera that a receiver names is not removed, and it is said where', async () => {
  const text = await readFile(screens.site.configFile, 'utf8');
  const endpoint = '{ id: page, url: "https://192.0.2.1/", secrets: ["${HR_TEST_NO_SUCH}"], cameras: [gate] }';
  await writeFile(screens.site.configFile, `${text}deliveries: { endpoints: [${endpoint}] }\n`);
  const watched = await screens.browser.open(`${screens.site.url}/#/setup/gate`);
  const { page } = watched;
  watched.expectRefusals([422]);
  await page.getByTestId('remove').click({ timeout: PATIENCE_MS });
  await page.getByTestId('remove-yes').click();
  await signIn(page);
  await page.getByTestId('save-bar').getByText('deliveries.endpoints[0].cameras[0]').waitFor({ timeout: PATIENCE_MS });
  assert.ok(await nameOf('gate'));
  watched.assertClean();
  await watched.close();
});
