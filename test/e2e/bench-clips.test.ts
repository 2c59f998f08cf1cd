/** Clips on the test bench while others are under way. Their answers are made up: there is no model here. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BenchAnswer } from '../../shared/contracts/bench.ts';
import { encodeHeatmap } from '../../shared/contracts/heatmap.ts';
import { screensOf } from '../helpers/screens.ts';
import { until } from '../helpers/until.ts';

const screens = screensOf({ cameras: [{ id: 'square', name: 'Square' }] });

/** A picture as the camera has it. */
const newestPicture = () =>
  until('a picture', async () => {
    const response = await fetch(`${screens.site.url}/api/cameras/square/frame.jpg`);
    return response.ok ? Buffer.from(await response.arrayBuffer()) : undefined;
  });

/** What the server says of a clip of one picture. */
function answersOf(jpeg: Buffer): string {
  const heatmap = { cameraId: 'bench', seq: 1, capturedAt: 1, width: 2, height: 2, peoplePerUnit: 0.1, heads: [] };
  const run = {
    ...{ steps: 1, seed: 1, count: 1, interval: [0, 2], mapCount: 1, blockCount: 1, heads: 0, peaks: [], ms: 1 },
    heatmap: Buffer.from(encodeHeatmap({ ...heatmap, values: new Uint8Array(4) })).toString('base64'),
  };
  const look = {
    model: { name: 'simulated', version: '0', defaultSteps: 1, headThreshold: 0.5, headWeight: 0.5, level: 0.9 },
    ...{ widthPx: 768, heightPx: 432, lookedAtWidthPx: 768, lookedAtHeightPx: 432, decodeMs: 1, encodeMs: 1 },
    runs: [run],
  };
  const answers = [
    { type: 'cut', frames: 1, more: false },
    { type: 'frame', index: 0, atMs: 0, jpeg: jpeg.toString('base64'), look },
    { type: 'done', frames: 1 },
  ];
  return `${answers.map((answer) => JSON.stringify(BenchAnswer.parse(answer))).join('\n')}\n`;
}

test('a clip dropped in while another is under way: both come in whole', async () => {
  const watched = await screens.browser.open(`${screens.site.url}/#/bench`);
  const { page } = watched;
  const picture = await newestPicture();
  const answers: (() => Promise<void>)[] = [];
  await page.route('**/api/bench/clip?*', (route) => {
    answers.push(() => route.fulfill({ contentType: 'application/x-ndjson', body: answersOf(picture) }));
  });
  const files = page.getByTestId('bench-files');
  const put = (name: string) => files.setInputFiles([{ name, mimeType: 'video/mp4', buffer: Buffer.from(name) }]);
  const drawn = () => page.evaluate('new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))');
  const listed = page.getByTestId('bench-pictures').locator('li');
  await put('north.mp4');
  await until('it is asked', () => answers[0]);
  await put('south.mp4');
  await drawn();
  await answers[0]?.();
  await listed.first().waitFor();
  await until('the other one is asked', () => answers[1]);
  await drawn();
  await answers[1]?.();
  await until('the other one is here, too', async () => (await listed.count()) === 2, 5_000);
  const names = await listed.allTextContents();
  assert.deepEqual(names.map((name) => /(north|south)\.mp4/.exec(name)?.[0]).sort(), ['north.mp4', 'south.mp4']);
  watched.assertClean();
  await watched.close();
});

test('the pictures of a clip do not take the place of the one whose heads are being clicked', async () => {
  const watched = await screens.browser.open(`${screens.site.url}/#/bench`);
  const { page } = watched;
  const picture = await newestPicture();
  let answer: (() => Promise<void>) | undefined;
  await page.route('**/api/bench/look?*', () => undefined); // nobody counts here
  await page.route('**/api/bench/clip?*', (route) => {
    answer = () => route.fulfill({ contentType: 'application/x-ndjson', body: answersOf(picture) });
  });
  const files = page.getByTestId('bench-files');
  const listed = page.getByTestId('bench-pictures').locator('li');
  const canvas = page.getByTestId('bench-canvas');
  await files.setInputFiles([{ name: 'walk.mp4', mimeType: 'video/mp4', buffer: Buffer.from('walk') }]);
  await until('it is asked', () => answer);
  await files.setInputFiles([{ name: 'square.jpg', mimeType: 'image/jpeg', buffer: picture }]);
  await canvas.click({ position: { x: 200, y: 100 } });
  const clicked = page.locator('label.complete');
  await clicked.filter({ hasText: '(1)' }).waitFor();

  await answer?.();
  await until('the picture of the clip is here', async () => (await listed.count()) === 2);
  await canvas.click({ position: { x: 300, y: 150 } });
  await clicked.filter({ hasText: '(2)' }).waitFor({ timeout: 5_000 });
  assert.match((await page.locator('li.selected').textContent()) ?? '', /square\.jpg/);
  watched.assertClean();
  await watched.close();
});

test('a clip that was counted before another model was chosen is counted again with that', async () => {
  const watched = await screens.browser.open(`${screens.site.url}/#/bench`);
  const { page } = watched;
  const picture = await newestPicture();
  const looks: string[] = [];
  let answer: (() => Promise<void>) | undefined;
  await page.route('**/api/bench/look?*', (route) => void looks.push(route.request().url()));
  await page.route('**/api/bench/clip?*', (route) => {
    answer = () => route.fulfill({ contentType: 'application/x-ndjson', body: answersOf(picture) });
  });
  const files = page.getByTestId('bench-files');
  await files.setInputFiles([{ name: 'square.jpg', mimeType: 'image/jpeg', buffer: picture }]);
  await page.getByTestId('bench-canvas').waitFor();
  await files.setInputFiles([{ name: 'walk.mp4', mimeType: 'video/mp4', buffer: Buffer.from('walk') }]);
  await until('it is asked', () => answer);
  await page.getByTestId('bench-model').selectOption('night');
  await page.getByRole('button', { name: 'Remove square.jpg' }).click();
  looks.length = 0;
  await answer?.();
  await page.getByTestId('bench-pictures').getByText('walk.mp4').waitFor();
  await until('the chosen model is asked', () => looks.some((url) => url.includes('model=night')), 5_000);
  watched.assertClean();
  await watched.close();
});

test('what waits to be taken in when all is removed does not come afterwards', async () => {
  const watched = await screens.browser.open(`${screens.site.url}/#/bench`);
  const { page } = watched;
  const picture = await newestPicture();
  let asked = 0;
  await page.route('**/api/bench/look?*', () => undefined);
  // Never answered.
  await page.route('**/api/bench/clip?*', () => {
    asked += 1;
  });
  page.on('dialog', (dialog) => void dialog.accept());
  const files = page.getByTestId('bench-files');
  const put = (name: string) => files.setInputFiles([{ name, mimeType: 'video/mp4', buffer: Buffer.from(name) }]);
  const underWay = page.getByTestId('bench-clip');
  await files.setInputFiles([{ name: 'square.jpg', mimeType: 'image/jpeg', buffer: picture }]);
  await page.getByTestId('bench-canvas').waitFor();
  await put('north.mp4');
  await until('the first is asked', () => asked === 1);
  await put('south.mp4');
  await page.getByRole('button', { name: 'Remove all' }).click();
  await put('west.mp4');
  await until('the next is asked', () => asked === 2);
  assert.match((await underWay.textContent()) ?? '', /west\.mp4/);
  watched.assertClean();
  await watched.close();
});
