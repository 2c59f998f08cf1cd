/** Set-up in the browser alone: from an empty configuration to an acknowledged alert, over a real camera. */
import assert from 'node:assert/strict';
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { parse } from 'yaml';
import { parseConfig } from '../../shared/config/load.ts';
import type { Config } from '../../shared/config/schema.ts';
import { CameraCalibration } from '../../shared/geometry/calibration.ts';
import { calibrate, pictureAt } from '../../shared/geometry/ground.ts';
import { SIDEWAYS_PX, startBrowser, type TestBrowser, type WatchedPage } from '../helpers/browser.ts';
import { type GstRtspServer, startGstRtspServer } from '../helpers/gst-rtsp-server.ts';
import { words } from '../helpers/page-words.ts';
import { startSystem, type TestSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';

const CLIP = fileURLToPath(new URL('../../infra/demo/crowd.mp4', import.meta.url));
/** Slashes and spaces must do no harm. */
const PASSWORD = 'canary /pass@word';
const PATIENCE_MS = 120_000;

/** How the clip's renderer looks down on its plaza; the marks below are spots of that ground. */
const RENDERER = CameraCalibration.parse({ mount: { heightM: 6.5, tiltDeg: 21 }, verticalFovDeg: 34.3 });
const ASPECT = 768 / 432;
const WIDTH_M = 6;
const DEPTH_M = 12;
const NEAR_M = 11;

let camera: GstRtspServer;
let system: TestSystem;
let browser: TestBrowser;

before(async () => {
  camera = await startGstRtspServer({
    streams: [{ path: '/crowd', file: CLIP }],
    auth: { user: 'viewer', password: PASSWORD },
  });
  system = await startSystem({ cameras: [], config: { worker: { inferenceDeadlineMs: 20_000 } } });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await system?.stop();
  await camera?.stop();
});

const configFile = () => join(system.dir, 'headroom.yaml');
const stored = async (): Promise<Config> => parseConfig(await readFile(configFile(), 'utf8'));

/** A click at a place of the camera's picture, 0 to 1. */
async function clickAt(page: Page, [x, y]: readonly [number, number]): Promise<void> {
  const stage = page.getByTestId('editor-stage');
  const box = await stage.boundingBox();
  assert.ok(box);
  await stage.click({ position: { x: x * box.width, y: y * box.height } });
}

/** Corners of a rectangle on the plaza, as the clip shows them. */
function rectangleInPicture(): [number, number][] {
  const ground = calibrate({ ...RENDERER, headHeightM: 0 }, ASPECT);
  const corners: [number, number][] = [
    [-WIDTH_M / 2, NEAR_M],
    [WIDTH_M / 2, NEAR_M],
    [WIDTH_M / 2, NEAR_M + DEPTH_M],
    [-WIDTH_M / 2, NEAR_M + DEPTH_M],
  ];
  return corners.map((metres) => {
    const at = pictureAt(ground, metres);
    assert.ok(at && at[0] > 0 && at[0] < 1 && at[1] > 0 && at[1] < 1, `${metres} is in the picture`);
    return [at[0], at[1]];
  });
}

async function save(page: Page, operator?: string): Promise<void> {
  await page.getByTestId('save').click();
  if (operator) {
    await page.getByTestId('operator-name').fill(operator);
    await page.keyboard.press('Enter');
  }
}

async function probe(page: Page, ok: boolean): Promise<Locator> {
  await page.getByTestId('probe').click();
  const result = page.getByTestId('probe-result').and(page.locator(`[data-ok="${ok}"]`));
  await result.waitFor({ timeout: PATIENCE_MS });
  return result;
}

test('from an empty configuration to a calibrated camera with a zone and a firing, acknowledged alert', async () => {
  const before = await readFile(configFile(), 'utf8');
  await writeFile(configFile(), `# Kept by hand: the plaza's control room.\n${before}# The end.\n`, { mode: 0o640 });
  const { mode } = await stat(configFile());
  const watched: WatchedPage = await browser.open(system.url);
  const { page } = watched;

  // Add a camera; a wrong password is told in plain words.
  await page.getByTestId('first-camera').click();
  await page.getByTestId('camera-name').fill('North gate');
  assert.equal(await page.getByTestId('camera-id').inputValue(), 'north-gate');
  await page.getByTestId('camera-address').fill(camera.urls[0]?.replace(/\/\/[^@/]*@/, '//') as string);
  await page.getByTestId('camera-user').fill('viewer');
  // Little work for a busy machine, and pictures that may take their time.
  await page.getByTestId('camera-fps').fill('0.25');
  await page.getByTestId('camera-width').fill('384');
  await page.getByTestId('camera-password').fill('wrong');
  assert.match(await words(await probe(page, false)), /refuses the user name or password.*auth-failed/);
  await page.getByTestId('camera-password').fill(PASSWORD);
  await probe(page, true);
  assert.equal(await words(page.getByTestId('probe-codec')), 'h264');
  assert.equal(await words(page.getByTestId('probe-size')), '768 × 432 px');
  await page.getByTestId('picture-editor').locator('img').waitFor();
  await watched.screenshot('setup-add-camera');
  await save(page, 'Post 3');
  await page.waitForURL(/#\/setup\/north-gate$/);
  assert.equal((await stored()).cameras[0]?.id, 'north-gate');
  assert.doesNotMatch(await page.content(), /canary/, 'the password does not come back');

  // Draw a zone by clicking, pull a corner by mouse and by keyboard.
  await page.getByTestId('tab-zones').click();
  await page.getByTestId('draw-zone').click();
  for (const corner of [
    [0.1, 0.45],
    [0.9, 0.45],
    [0.95, 0.95],
    [0.05, 0.95],
  ] as const) {
    await clickAt(page, corner);
  }
  await page.getByTestId('zone-done').click();
  await page.getByTestId('zone-name').fill('Plaza');
  const corner = page.getByTestId('handle').first();
  const label = await corner.getAttribute('aria-label');
  await corner.focus();
  for (let press = 0; press < 3; press++) await page.keyboard.press('Shift+ArrowUp');
  assert.notEqual(await corner.getAttribute('aria-label'), label, 'arrow keys move a corner');
  const box = await corner.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2 + 15, { steps: 3 });
  await page.mouse.up();

  // A line across which people are counted.
  await page.getByTestId('tab-lines').click();
  await page.getByTestId('draw-line').click();
  await clickAt(page, [0.2, 0.6]);
  await clickAt(page, [0.8, 0.6]);
  await page.getByTestId('turn-line').click();
  await watched.screenshot('setup-zone-and-line');

  // Calibrate by clicking a rectangle of known size on the ground.
  await page.getByTestId('tab-ground').click();
  await page.getByTestId('ground-method').selectOption('points');
  const marks = rectangleInPicture();
  for (const mark of marks.slice(0, 3)) await clickAt(page, mark);
  const verdict = page.getByTestId('ground-verdict');
  assert.match(await words(verdict), /One more mark is needed/);
  await clickAt(page, marks[3] as [number, number]);
  await page.getByTestId('rectangle-width').fill(String(WIDTH_M));
  await page.getByTestId('rectangle-depth').fill(String(DEPTH_M));
  await page.getByTestId('rectangle-apply').click();
  await verdict.and(page.locator('[data-kind="good"]')).waitFor();
  const [, heightM = ''] = /found: ([\d.]+) m high/.exec(await words(verdict)) ?? [];
  assert.ok(Math.abs(Number(heightM) - 6.5) < 1, `the camera hangs ${heightM} m high`);
  assert.ok((await page.getByTestId('picture-editor').locator('.grid').count()) > 5, 'a grid of metres is drawn');
  await watched.screenshot('setup-ground');

  // Thresholds so low that the crowd of the clip exceeds them.
  await page.getByTestId('tab-limits').click();
  await page.getByTestId('own-peoplePerSqm').check();
  for (const [level, value] of Object.entries({ attention: 0.04, caution: 0.03, alert: 0.02, severe: 0.01 })) {
    await page.getByTestId(`limit-peoplePerSqm-${level}`).fill(String(value));
  }
  await save(page);
  await page.getByTestId('issues').waitFor();
  assert.match(await words(page.getByTestId('limits-peoplePerSqm')), /must be above the level before it/);
  await watched.screenshot('setup-field-error');
  for (const [level, value] of Object.entries({ attention: 0.01, caution: 0.02, alert: 0.03, severe: 0.04 })) {
    await page.getByTestId(`limit-peoplePerSqm-${level}`).fill(String(value));
  }
  await save(page);
  await page.getByTestId('saved').waitFor();

  const text = await readFile(configFile(), 'utf8');
  assert.match(text, /^# Kept by hand: the plaza's control room\.\n/);
  assert.match(text, /# The end\.\n$/);
  assert.equal((await stat(configFile())).mode, mode);
  const [saved] = (await stored()).cameras;
  assert.equal(saved?.zones[0]?.name, 'Plaza');
  assert.equal(saved?.zones[0]?.polygon.length, 4);
  assert.equal(saved?.lines[0]?.in, 'right');
  assert.equal(saved?.calibration?.points?.length, 4);
  assert.deepEqual(saved?.zones[0]?.limits?.peoplePerSqm, {
    attention: 0.01,
    caution: 0.02,
    alert: 0.03,
    severe: 0.04,
  });

  // The alert fires, stands on the wall, and is acknowledged.
  await page.getByTestId('nav-wall').click();
  const alert = page.getByTestId('alert').and(page.locator('[data-rule="zone-density"]')).filter({ hasText: 'Plaza' });
  await alert.and(page.locator('[data-unheard="true"]')).waitFor({ timeout: PATIENCE_MS });
  await alert.getByRole('button', { name: /Acknowledge/ }).click();
  await alert.and(page.locator('[data-unheard="false"]')).waitFor();
  assert.match(await words(alert.getByTestId('acknowledged')), /Acknowledged by Post 3/);
  await watched.screenshot('setup-alert-acknowledged');

  // What other thresholds would have done since then.
  await page.getByTestId('nav-setup').click();
  await page.getByTestId('setup-camera').click();
  await page.getByTestId('tab-limits').click();
  await until(
    'history is there to test against',
    async () => {
      await page.getByTestId('try-thresholds').click();
      await page.getByTestId('try-thresholds').and(page.locator(':enabled')).waitFor();
      return (await page.getByTestId('trial').getAttribute('data-alerts')) !== '0';
    },
    PATIENCE_MS,
    1000,
  );
  assert.match(await words(page.getByTestId('trial')), /alert would have been raised.*Severe/);
  await watched.screenshot('setup-trial');
  watched.assertClean();
  await watched.close();

  const history = (await readFile(join(system.dir, 'headroom.history.jsonl'), 'utf8')).trim().split('\n');
  assert.deepEqual(
    history.map((line) => JSON.parse(line)).map(({ actor, what }) => [actor, what]),
    [
      ['Post 3', 'camera north-gate added'],
      ['Post 3', 'camera north-gate changed'],
    ],
  );
  assert.doesNotMatch(system.output(), /canary/);
});

test('on a phone, in Korean: everything is within reach and nothing sticks out', async () => {
  const watched = await browser.open(`${system.url}/#/setup/north-gate`, { size: 'phone', language: 'ko-KR' });
  const { page } = watched;
  await page.getByTestId('camera-editor').waitFor();
  await page.getByTestId('picture-editor').locator('img').waitFor({ timeout: PATIENCE_MS });
  for (const tab of ['camera', 'zones', 'lines', 'ground', 'limits']) {
    await page.getByTestId(`tab-${tab}`).click();
    const sideways = await page.evaluate<number>(SIDEWAYS_PX);
    assert.ok(sideways <= 0, `${tab} sticks out by ${sideways} px`);
    await watched.screenshot(`setup-phone-ko-${tab}`);
  }
  watched.assertClean();
  await watched.close();
});

test('a change by somebody else is shown side by side; none is lost unseen', async () => {
  const watched = await browser.open(`${system.url}/#/setup/north-gate`);
  const { page } = watched;
  await page.getByTestId('camera-editor').waitFor();
  await page.getByTestId('camera-name').fill('Gate of the north');
  // By hand, at the same time: something else first, which is no conflict, then this camera.
  await appendFile(configFile(), 'replay: { everyMs: 4000 }\n').then(async () => {
    assert.equal(parse(await readFile(configFile(), 'utf8')).cameras.length, 1);
  });
  const text = await readFile(configFile(), 'utf8');
  await writeFile(configFile(), text.replace('name: North gate', 'name: Nordtor'));
  watched.expectRefusals([412]);
  await save(page, 'Post 4');
  const conflict = page.getByTestId('conflict');
  await conflict.waitFor();
  assert.match(await words(conflict), /nameGate of the north ?Nordtor/);
  await watched.screenshot('setup-conflict');
  await page.getByTestId('keep-mine').click();
  await page.getByTestId('saved').waitFor();
  assert.equal((await stored()).cameras[0]?.name, 'Gate of the north');
  assert.equal((await stored()).replay.everyMs, 4000, 'the other change is still there');
  watched.assertClean();
  await watched.close();
});
