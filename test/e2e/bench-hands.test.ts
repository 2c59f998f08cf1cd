/** The test bench under a hand: fingers that enlarge move no mark, and clicks outlive the file they were made on. */
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { strToU8, unzipSync, zipSync } from 'fflate';
import type { Page } from 'playwright-core';
import { screensOf } from '../helpers/screens.ts';
import { until } from '../helpers/until.ts';

const WITHIN_MS = 60_000;
const PICTURE = 'test/fixtures/labelled/images/s2026-00006.jpg';
// Nothing counts here: clicks need no model.
const screens = screensOf({ cameras: [{ id: 'gate', name: 'Gate', sampleFps: 1 }] });
let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-bench-hands-'));
});
after(() => rm(dir, { recursive: true, force: true }));

async function open(file: string, options = {}) {
  const watched = await screens.browser.open(`${screens.site.url}/#/bench`, options);
  await watched.page.getByTestId('bench-files').setInputFiles([file], { timeout: WITHIN_MS });
  await watched.page.getByTestId('bench-pictures').locator('li').first().waitFor({ timeout: WITHIN_MS });
  return watched;
}
const canvas = (page: Page) => page.getByTestId('bench-canvas');
const clicked = (page: Page, heads: number) =>
  until(`${heads} clicked`, async () =>
    ((await page.locator('label.complete').textContent()) ?? '').includes(`(${heads})`),
  );
async function exported(page: Page): Promise<Record<string, Uint8Array>> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('bench-export').click()]);
  return unzipSync(await readFile(await download.path()));
}
const pointsIn = (zip: Record<string, Uint8Array>): [number, number][] =>
  JSON.parse(new TextDecoder().decode(zip['labels.jsonl'])).points;

test('two fingers, one of which comes down on a mark, enlarge and move no mark', async () => {
  const { page, assertClean, close } = await open(PICTURE, { size: 'phone' });
  const at = { x: 120, y: 90 };
  await canvas(page).tap({ position: at });
  await clicked(page, 1);
  const before = pointsIn(await exported(page));
  await canvas(page).scrollIntoViewIfNeeded();
  const box = await canvas(page).boundingBox();
  assert.ok(box);
  const finger = (id: number, x: number, y: number) => ({ id, x: box.x + x, y: box.y + y });
  const devtools = await page.context().newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...touchPoints: object[]) =>
    devtools.send('Input.dispatchTouchEvent', { type, touchPoints } as never);
  const mark = finger(0, at.x, at.y);
  await touch('touchStart', mark);
  await touch('touchStart', mark, finger(1, 160, 90));
  for (const x of [180, 220, 260]) await touch('touchMove', mark, finger(1, x, 90));
  // The other finger leaves first, and the one on the mark slips.
  await touch('touchEnd', finger(1, 260, 90));
  for (const x of [100, 60]) await touch('touchMove', finger(0, x, 90));
  await touch('touchEnd');
  await until(
    'it is enlarged',
    async () => Number(await canvas(page).getAttribute('data-scale')) > box.width / 768 + 0.1,
  );
  assert.deepEqual(pointsIn(await exported(page)), before);
  await clicked(page, 1);
  assertClean();
  await close();
});

test('a mark that is removed while it is held takes no other with it', async () => {
  const { page, assertClean, close } = await open(PICTURE);
  const places = [
    { x: 200, y: 100 },
    { x: 300, y: 150 },
  ];
  for (const position of places) await canvas(page).click({ position });
  await clicked(page, 2);
  const [, second] = pointsIn(await exported(page));
  await canvas(page).scrollIntoViewIfNeeded();
  const box = await canvas(page).boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + 200, box.y + 100);
  await page.mouse.down();
  await page.mouse.down({ button: 'right' });
  await page.mouse.up({ button: 'right' });
  await clicked(page, 1);
  await page.mouse.move(box.x + 240, box.y + 240, { steps: 4 });
  await page.mouse.up();
  await clicked(page, 1);
  assert.deepEqual(pointsIn(await exported(page)), [second]);
  assertClean();
  await close();
});

test('a picture whose file is gone from the disk is exported as it was clicked', async () => {
  const file = join(dir, 'snapshot.jpg');
  await copyFile(PICTURE, file);
  const { page, assertClean, close } = await open(file);
  await canvas(page).click({ position: { x: 200, y: 100 } });
  await clicked(page, 1);
  // As a camera's own tool does with every new snapshot.
  await writeFile(file, 'another snapshot');
  const zip = await exported(page);
  assert.deepEqual(Buffer.from(zip['images/snapshot.jpg'] ?? []), await readFile(PICTURE));
  assertClean();
  await close();
});

test('a picture with clicks is not removed without a question', async () => {
  const { page, assertClean, close } = await open(PICTURE);
  await canvas(page).click({ position: { x: 200, y: 100 } });
  await clicked(page, 1);
  const asked: string[] = [];
  page.once('dialog', (dialog) => {
    asked.push(dialog.message());
    void dialog.dismiss();
  });
  const remove = page.getByRole('button', { name: 'Remove s2026-00006.jpg' });
  await remove.click();
  assert.match(asked.join(), /^Remove s2026-00006\.jpg and its clicked head\?$/);
  await clicked(page, 1);
  page.once('dialog', (dialog) => void dialog.accept());
  await remove.click();
  await canvas(page).waitFor({ state: 'detached' });
  assertClean();
  await close();
});

test('a labelled picture of another size than its label says is not taken in with heads elsewhere', async () => {
  const file = join(dir, 'labelled.zip');
  const label = { image: 'images/small.jpg', width: 1536, height: 864, points: [[1400, 800]] };
  const image = new Uint8Array(await readFile(PICTURE));
  const fitting = { ...label, image: 'images/fits.jpg', width: 768, height: 432, points: [[400, 200]] };
  const labels = strToU8([label, fitting].map((one) => JSON.stringify(one)).join('\n'));
  await writeFile(file, zipSync({ 'labels.jsonl': labels, 'images/small.jpg': image, 'images/fits.jpg': image }));
  const { page, assertClean, close } = await open(file);
  await page
    .getByTestId('bench-troubles')
    .getByText(/small\.jpg is of another size/)
    .waitFor();
  assert.deepEqual(pointsIn(await exported(page)), [[400, 200]]);
  assertClean();
  await close();
});
