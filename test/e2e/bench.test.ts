/** The test bench in Chromium over the whole path: drop, look, click, compare, export, and the same figures by `evaluate`. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { type RtspServer, startRtspServer } from '../../infra/demo/small-rtsp-server.ts';
import { readLabelled } from '../../models/evaluation/labelled-data.ts';
import { assertAccessible } from '../helpers/accessibility.ts';
import { SIDEWAYS_PX, startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { holdBack } from '../helpers/hold-back.ts';
import { runCli, startSystem, type TestSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';

const WITHIN_MS = 120_000;
/** Looks stand behind everything else on the machine. */
const PATIENCE_MS = 600_000;
const FIXTURES = 'test/fixtures/labelled';
const CLIP = 'infra/demo/crowd.mp4';
const image = (name: string) => `${FIXTURES}/images/s2026-${name}.jpg`;

let source: RtspServer;
let system: TestSystem;
let browser: TestBrowser;
let dir: string;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-bench-e2e-'));
  source = await startRtspServer({ port: 0, streams: [{ path: '/crowd', file: CLIP }] });
  const camera = {
    ...{ id: 'square', name: 'Square', url: source.urls[0] as string, sampleFps: 1, staleAfterMs: 60_000 },
    farField: { until: 0.35, maxWidth: 1600 },
  };
  system = await startSystem({ cameras: [camera], config: { worker: { inferenceDeadlineMs: 20_000 } } });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await system?.stop();
  await source?.close();
  await rm(dir, { recursive: true, force: true });
});

const open = async (options = {}) => {
  const watched = await browser.open(`${system.url}/#/bench`, options);
  await watched.page.getByTestId('bench-page').waitFor({ timeout: WITHIN_MS });
  return watched;
};
const put = (page: Page, files: string[]) => page.getByTestId('bench-files').setInputFiles(files);
const canvas = (page: Page) => page.getByTestId('bench-canvas');
const counted = async (page: Page): Promise<number> => {
  await page.getByTestId('bench-count').waitFor({ timeout: WITHIN_MS });
  return Number(await page.getByTestId('bench-count').getAttribute('data-count'));
};
const listed = (page: Page) => page.getByTestId('bench-pictures').locator('li');
const show = (page: Page, name: string) => page.getByRole('button', { name: `Show ${name}` }).click();
const figure = async (page: Page, id: string, of: 'here' | 'all'): Promise<number> => {
  const cell = page.locator(`tr[data-figure="${id}"] td[data-of="${of}"]`);
  return Number(await cell.getAttribute('data-value', { timeout: WITHIN_MS }));
};
const clickedHeads = async (page: Page): Promise<number> =>
  Number(/\((\d+)\)/.exec((await page.locator('label.complete').textContent()) ?? '')?.[1]);
/** Moves a slider as a hand does. */
const slide = (slider: Locator, value: number) => slider.fill(String(value));

/** Where a place of the picture is on the canvas when all of it is shown. */
async function onCanvas(page: Page, [x, y]: [number, number], size: { widthPx: number; heightPx: number }) {
  const box = await canvas(page).boundingBox();
  assert.ok(box);
  const scale = Math.min(box.width / size.widthPx, box.height / size.heightPx);
  return {
    x: (box.width - size.widthPx * scale) / 2 + x * scale,
    y: (box.height - size.heightPx * scale) / 2 + y * scale,
  };
}
/** Heads that are far enough from each other to be clicked without enlarging, px. */
const apart = (heads: [number, number][]): [number, number][] =>
  heads.filter(([x, y], i) => heads.slice(0, i).every(([ox, oy]) => Math.hypot(x - ox, y - oy) > 16));
/** A sum over all pixels of what is drawn: another picture gives another sum. */
const PIXELS = `(() => {
  const canvas = document.querySelector('[data-testid="bench-canvas"]');
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let at = 0; at < data.length; at += 1) sum = (sum * 31 + data[at]) >>> 0;
  return sum;
})()`;
const pixels = (page: Page) => page.evaluate<number>(PIXELS);

async function exported(page: Page): Promise<{ zip: string; folder: string }> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('bench-export').click()]);
  const zip = join(dir, `${Date.now()}.zip`);
  await download.saveAs(zip);
  const folder = zip.replace('.zip', '');
  for (const [name, bytes] of Object.entries(unzipSync(await readFile(zip)))) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
  return { zip, folder };
}

test('drop, look, click, compare, export; evaluate says the same; the zip comes back', {
  timeout: PATIENCE_MS,
}, async () => {
  const { page, screenshot, assertClean, close } = await open();
  const labels = await readLabelled(FIXTURES);
  const of = (name: string) => {
    const found = labels.find(({ file }) => file.endsWith(`${name}.jpg`));
    assert.ok(found);
    return found;
  };
  await put(page, [image('00040'), image('00006'), image('00034')]);
  await until('three pictures', async () => (await listed(page).count()) === 3, WITHIN_MS);

  // A picture of nobody is said to be one.
  await page.getByTestId('bench-complete').check();

  // Heads by pointer.
  await show(page, 's2026-00040.jpg');
  assert.ok((await counted(page)) > 5, 'people are counted');
  const crowd = of('00040');
  // Marks that touch are clicked apart by enlarging; here they are left out.
  crowd.heads = apart(crowd.heads);
  for (const head of crowd.heads) await canvas(page).click({ position: await onCanvas(page, head, crowd) });
  assert.equal(await clickedHeads(page), crowd.heads.length);
  await canvas(page).press('Control+z');
  assert.equal(await clickedHeads(page), crowd.heads.length - 1);
  await canvas(page).press('Control+Shift+z');
  assert.equal(await clickedHeads(page), crowd.heads.length);
  await screenshot('bench-clicked');

  // Heads by keyboard: the cross-hair starts in the middle.
  await show(page, 's2026-00006.jpg');
  await until('it is counted', async () => (await counted(page)) >= 0 && (await clickedHeads(page)) === 0, WITHIN_MS);
  const few = of('00006');
  await canvas(page).focus();
  for (const key of ['Enter', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'Enter', 'n', 'Delete'])
    await canvas(page).press(key);
  assert.equal(await clickedHeads(page), 1);
  await canvas(page).press('n');
  await canvas(page).press('Delete');
  assert.equal(await clickedHeads(page), 0);
  for (const head of few.heads) await canvas(page).click({ position: await onCanvas(page, head, few) });

  // A mark is dragged away and, by undo, back.
  const [first] = few.heads;
  const from = await onCanvas(page, first as [number, number], few);
  const box = await canvas(page).boundingBox();
  assert.ok(box);
  const recall = await figure(page, 'recall', 'here');
  await page.mouse.move(box.x + from.x, box.y + from.y);
  await page.mouse.down();
  await page.mouse.move(box.x + from.x + 40, box.y + from.y + 60, { steps: 5 });
  await page.mouse.up();
  assert.equal(await clickedHeads(page), few.heads.length, 'moved, not added');
  await canvas(page).press('Control+z');
  assert.equal(await figure(page, 'recall', 'here'), recall);

  await until(
    'all three are compared',
    async () => /3 clicked/.test((await page.getByTestId('bench-figures').textContent()) ?? ''),
    WITHIN_MS,
  );
  const { zip, folder } = await exported(page);
  const kept = await readLabelled(folder);
  for (const picture of kept) {
    const name = picture.file.split('/').at(-1) as string;
    assert.deepEqual(
      await readFile(picture.file),
      await readFile(`${FIXTURES}/images/${name}`),
      'the very same picture',
    );
    const truth = labels.find(({ file }) => file.endsWith(name));
    assert.ok(truth);
    assert.deepEqual([picture.widthPx, picture.heightPx], [truth.widthPx, truth.heightPx]);
    assert.equal(picture.heads.length, truth.heads.length);
    for (const [i, [x, y]] of picture.heads.entries()) {
      const [tx, ty] = truth.heads[i] as [number, number];
      assert.ok(Math.hypot(x - tx, y - ty) < 2, `${name}: ${x}, ${y} was clicked at ${tx}, ${ty}`);
    }
  }

  const evaluated = await runCli(['evaluate', '--data', folder, '--json']);
  assert.equal(evaluated.code, 0, evaluated.stderr);
  const figures = JSON.parse(evaluated.stdout) as Record<'mae' | 'bias' | 'coverage' | 'images', number> & {
    heads: Record<string, Record<'precision' | 'recall' | 'f1', number>>;
  };
  assert.equal(figures.images, 3);
  for (const id of ['mae', 'bias', 'coverage'] as const) {
    assert.ok(Math.abs((await figure(page, id, 'all')) - figures[id]) < 1e-3, `${id}: the page and evaluate agree`);
  }
  for (const id of ['precision', 'recall', 'f1'] as const) {
    assert.ok(Math.abs((await figure(page, id, 'all')) - (figures.heads['16px']?.[id] as number)) < 1e-6, id);
  }

  // This browser keeps the session.
  const mae = await figure(page, 'mae', 'all');
  await page.reload();
  await until('the pictures are back', async () => (await listed(page).count()) === 3, WITHIN_MS);
  await until('the same figures', async () => Math.abs((await figure(page, 'mae', 'all')) - mae) < 1e-6, WITHIN_MS);

  // And the zip brings it to another one.
  page.once('dialog', (dialog) => void dialog.accept());
  await page.getByRole('button', { name: 'Remove all' }).click();
  await until('nothing is left', async () => (await listed(page).count()) === 0, WITHIN_MS);
  await put(page, [zip]);
  await until('the zip is in', async () => (await listed(page).count()) === 3, WITHIN_MS);
  await until(
    'the same figures again',
    async () => Math.abs((await figure(page, 'mae', 'all')) - mae) < 1e-6,
    WITHIN_MS,
  );
  assertClean();
  await close();
});

test('overlays, threshold, and the table of steps and seeds', { timeout: PATIENCE_MS }, async () => {
  const { page, screenshot, assertClean, close } = await open();
  await put(page, [image('00026')]);
  await counted(page);
  const drawn = await until('it is drawn', () => pixels(page), WITHIN_MS);
  await page.getByLabel('Heat map').uncheck();
  await until('the heat is gone', async () => (await pixels(page)) !== drawn);
  await page.getByLabel('Heat map').check();
  await until('it is back', async () => (await pixels(page)) === drawn);

  const heads = async () => Number(await page.getByTestId('bench-heads').textContent());
  const before = await heads();
  await slide(page.getByTestId('bench-threshold'), 0.95);
  await until('a higher threshold finds fewer heads', async () => (await heads()) < before);
  await slide(page.getByTestId('bench-threshold'), 0.1);
  await until('a lower one finds more', async () => (await heads()) >= before);

  await slide(page.getByTestId('bench-steps'), 4);
  await slide(page.getByTestId('bench-seeds'), 3);
  const runs = page.getByTestId('bench-runs').locator('button');
  await until('twelve counts', async () => (await runs.count()) === 12, WITHIN_MS);
  const table = await pixels(page);
  await runs.nth(10).click();
  assert.equal(await runs.nth(10).getAttribute('aria-pressed'), 'true');
  assert.equal(await page.locator('[data-testid="bench-runs"] [aria-pressed="true"]').count(), 1);
  await until('its own map is shown', async () => (await pixels(page)) !== table);
  await screenshot('bench-settings');
  await assertAccessible(page, 'the test bench with a picture');

  await page.getByRole('button', { name: 'Enlarge' }).click();
  const scale = () => canvas(page).getAttribute('data-scale');
  const enlarged = Number(await scale());
  await canvas(page).focus();
  await canvas(page).press('0');
  await until('the whole picture again', async () => Number(await scale()) < enlarged);
  assertClean();
  await close();
});

test('a far field is tried, and said', { timeout: PATIENCE_MS }, async () => {
  const { page, screenshot, assertClean, close } = await open();
  await put(page, [image('00026')]);
  await page.getByLabel('Looked at').selectOption('384');
  const alone = await until(
    'it is looked at small',
    async () => (/384×\d+ px of 768/.test((await result()) ?? '') ? counted(page) : undefined),
    WITHIN_MS,
  );
  const far = page.getByTestId('bench-far');
  const said = page.getByTestId('bench-far-field');
  assert.equal(await said.count(), 0);
  await far.fill('60');
  await far.press('Enter');
  await said.filter({ hasText: 'upper 59 %, 768 px wide, in 1 tile' }).waitFor({ timeout: WITHIN_MS });
  assert.ok((await counted(page)) > alone, 'more is found far away');
  await screenshot('bench-far-field');
  await assertAccessible(page, 'the test bench with a far field');

  await far.fill('5');
  await far.press('Enter');
  assert.equal(await page.locator('[data-testid="bench-far"]:invalid').count(), 1);
  await far.fill('60');
  await page.getByLabel('Looked at').selectOption('0');
  await said.filter({ hasText: 'nothing to gain' }).waitFor({ timeout: WITHIN_MS });
  await far.fill('');
  await far.press('Enter');
  await said.waitFor({ state: 'detached', timeout: WITHIN_MS });
  assertClean();
  await close();

  function result() {
    return page.getByTestId('bench-result').textContent({ timeout: WITHIN_MS });
  }
});

test('a clip comes in picture by picture; a camera gives its newest one', { timeout: PATIENCE_MS }, async () => {
  const { page, assertClean, close } = await open();
  await page.getByLabel('Pictures a second from a clip').selectOption('1');
  const clip = join(dir, 'walk.mp4');
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-i', CLIP, '-t', '8', '-c', 'copy', clip]);
  await put(page, [clip]);
  await page.getByTestId('bench-clip').waitFor({ timeout: WITHIN_MS });
  await until('two pictures of the clip', async () => (await listed(page).count()) >= 2, WITHIN_MS);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByTestId('bench-clip').waitFor({ state: 'detached', timeout: WITHIN_MS });
  assert.match((await listed(page).first().textContent()) ?? '', /walk\.mp4 0\.0 s/);
  const fromClip = await listed(page).count();

  await until(
    'the camera has a picture',
    async () => (await fetch(`${system.url}/api/cameras/square/frame.jpg`)).ok,
    WITHIN_MS,
  );
  await page.getByTestId('bench-camera').selectOption('square');
  await until('its picture is here', async () => (await listed(page).count()) === fromClip + 1, WITHIN_MS);
  assert.match((await listed(page).last().textContent()) ?? '', /Square \d\d:\d\d:\d\d/);
  assert.ok((await counted(page)) > 1);
  assert.equal(await page.getByTestId('bench-far').inputValue(), '35', 'its far field comes along');
  assertClean();
  await close();
});

test('what cannot be taken in is said; a picture on its side is set upright', { timeout: PATIENCE_MS }, async () => {
  const { page, assertClean, close } = await open();
  const text = join(dir, 'notes.jpg');
  const zip = join(dir, 'empty.zip');
  const turned = join(dir, 'turned.jpg');
  await writeFile(text, 'no picture');
  await writeFile(zip, 'no zip');
  await sharp(image('00006')).withMetadata({ orientation: 6 }).toFile(turned);
  await put(page, [text, zip, turned]);
  await until('one picture', async () => (await listed(page).count()) === 1, WITHIN_MS);
  const said = (await page.getByTestId('bench-troubles').textContent()) ?? '';
  assert.match(said, /notes\.jpg: this is no picture/);
  assert.match(said, /empty\.zip is no zip/);
  await counted(page);
  await page.getByTestId('bench-complete').check();
  const { folder } = await exported(page);
  const [picture] = await readLabelled(folder);
  assert.ok(picture);
  const { width, height, orientation = 1 } = await sharp(picture.file).metadata();
  assert.deepEqual([width, height, orientation], [432, 768, 1]);
  assert.deepEqual([picture.widthPx, picture.heightPx], [432, 768]);
  assertClean();
  await close();
});

test('works on a small phone, in Korean, by touch', { timeout: PATIENCE_MS }, async () => {
  const { page, screenshot, assertClean, close } = await open({ size: 'phone', language: 'ko-KR' });
  await page.setViewportSize({ width: 360, height: 740 });
  await put(page, [image('00006')]);
  await counted(page);
  assert.ok((await page.evaluate<number>(SIDEWAYS_PX)) <= 0, 'nothing sticks out sideways');
  assert.match((await page.getByTestId('bench-page').textContent()) ?? '', /테스트 벤치/);
  const place = await onCanvas(page, [200, 200], { widthPx: 768, heightPx: 432 });
  await canvas(page).tap({ position: place });
  await until('a head is clicked', async () => (await clickedHeads(page)) === 1);
  await screenshot('bench-phone');
  await assertAccessible(page, 'the test bench on a phone');
  assertClean();
  await close();
});

test('a picture dropped in before the server has named its models is there once, with its clicks', {
  timeout: PATIENCE_MS,
}, async () => {
  const { page, assertClean, close } = await browser.open(`${system.url}/#/`);
  const models = await holdBack(page, '**/api/models', 'GET');
  await page.goto(`${system.url}/#/bench`);
  await put(page, [image('00006')]);
  await counted(page);
  await canvas(page).click({ position: await onCanvas(page, [200, 200], { widthPx: 768, heightPx: 432 }) });
  await until('a head is clicked', async () => (await clickedHeads(page)) === 1);
  models.release();
  await page.locator('[data-testid="bench-model"] option').nth(1).waitFor({ state: 'attached', timeout: WITHIN_MS });
  assert.equal(await listed(page).count(), 1);
  assert.equal(await clickedHeads(page), 1);
  assertClean();
  await close();
});
