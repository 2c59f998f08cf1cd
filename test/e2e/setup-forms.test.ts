/** Set-up of what a configuration may say of a camera beyond its address, zones and ground: all of it from the browser. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { parseConfig } from '../../shared/config/load.ts';
import type { Camera } from '../../shared/config/schema.ts';
import { assertAccessible } from '../helpers/accessibility.ts';
import { SIDEWAYS_PX, startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { words } from '../helpers/page-words.ts';
import { type SimulatedSite, startSimulatedSite } from '../helpers/simulated-site.ts';
import { until } from '../helpers/until.ts';

const PATIENCE_MS = 60_000;
let site: SimulatedSite;
let browser: TestBrowser;

before(async () => {
  site = await startSimulatedSite({
    cameras: [
      {
        id: 'gate',
        name: 'Gate',
        sampleFps: 1,
        calibration: { mount: { heightM: 6.5, tiltDeg: 21 }, verticalFovDeg: 34.3 },
        lines: [
          {
            id: 'door',
            name: 'Door',
            in: 'left',
            points: [
              [0.3, 0.7],
              [0.7, 0.7],
            ],
          },
        ],
        zones: [
          {
            id: 'ramp',
            name: 'Ramp',
            polygon: [
              [0.1, 0.4],
              [0.9, 0.4],
              [0.9, 1],
              [0.1, 1],
            ],
          },
        ],
      },
      { id: 'north', name: 'North road', sampleFps: 1 },
      {
        id: 'south',
        name: 'South road',
        sampleFps: 1,
        calibration: { mount: { heightM: 6.5, tiltDeg: 10 }, verticalFovDeg: 34.3 },
        zones: [
          {
            id: 'road',
            name: 'Road to the horizon',
            polygon: [
              [0.2, 0],
              [0.8, 0],
              [0.8, 0.9],
              [0.2, 0.9],
            ],
          },
        ],
      },
    ],
    config: { alerts: { runbooks: { severe: 'Call the control room.' } } },
  });
  const text = await readFile(site.configFile, 'utf8');
  await writeFile(site.configFile, `# By the safety officer.\n${text}# The end.\n`);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

async function stored(): Promise<Camera> {
  const [camera] = parseConfig(await readFile(site.configFile, 'utf8')).cameras;
  assert.ok(camera);
  return camera;
}
async function open(page: Page, tab: string): Promise<void> {
  await page.getByTestId(`tab-${tab}`).click();
}
/** Opens a closed section by its summary. */
async function more(page: Page, name: string): Promise<Locator> {
  const section = page.getByTestId(`more-${name}`);
  await section.locator('summary').first().click();
  return section;
}

test('model, stale age, gate, neighbours, runbooks and flow limits are saved where they belong, comments kept', async () => {
  const watched = await browser.open(`${site.url}/#/setup/gate`);
  const { page } = watched;
  const model = page.getByTestId('camera-model');
  await model.waitFor({ timeout: PATIENCE_MS });
  await model.locator('option[value="night"]').waitFor({ state: 'attached' });
  assert.match(await words(model), /As everywhere \(simulated\).*night 1\.2\.0 – is loaded when saved.*simulated 0/);
  await model.selectOption('night');
  const figures = page.getByTestId('model-figures');
  await figures.locator('summary').click();
  assert.match(await words(figures), /For streets after dark\..*streets at night \(40 pictures\)\s*61\.5\s*± 7\.3/);

  const counting = await more(page, 'counting');
  await page.getByTestId('camera-steps').selectOption('2');
  await page.getByTestId('camera-far').fill('40');
  // Typed key by key: half a number must not be taken away from under the hand.
  await page.getByTestId('camera-stale').pressSequentially('0.05');
  assert.equal(await page.getByTestId('camera-stale').inputValue(), '0.05');
  const gate = await more(page, 'gate');
  await page.getByTestId('gate-moved').uncheck();
  assert.equal(await page.getByTestId('gate-movedShare').count(), 0);
  await page.getByTestId('gate-blurShare').focus();
  await page.keyboard.press('ArrowLeft');
  assert.match(await words(gate), /2 set.*54 %/);
  await more(page, 'neighbours');
  await page.getByTestId('add-neighbour').selectOption('south');
  await page.getByTestId('add-neighbour').selectOption('north');
  await page.getByRole('button', { name: 'Remove South road' }).click();
  await watched.screenshot('setup-forms-camera');
  await assertAccessible(page, 'set-up of a camera');

  await open(page, 'zones');
  await more(page, 'runbooks');
  assert.match(await words(page.getByTestId('more-runbooks')), /Site: Call the control room\./);
  await page.getByTestId('runbook-alert').fill('Close the gate.');
  await page.getByTestId('runbooks-apart').check();
  await page.getByTestId('runbook-alert-ko').fill('문을 닫으세요.');
  await page.getByTestId('runbook-blind-en').fill('Send somebody.');
  await watched.screenshot('setup-forms-zone');
  await assertAccessible(page, 'set-up of zones');

  await open(page, 'lines');
  await page.getByRole('button', { name: 'Door' }).first().click();
  assert.match(await words(page.getByTestId('line-length')), /^\d+(\.\d)? m long/);
  await more(page, 'day');
  await page.getByTestId('time-zone').fill('Mars/Base');
  await page.getByRole('button', { name: 'Thresholds', exact: true }).click();
  await page.getByTestId('own-inPerMin').check();
  assert.ok(Number(await page.getByTestId('limit-inPerMin-caution').inputValue()) > 82, 'as many as pass its width');
  await page.getByTestId('limit-inPerMin-alert').pressSequentially('7.5');
  await watched.screenshot('setup-forms-line-limits');
  await assertAccessible(page, 'set-up of thresholds');

  // Three faults, each at its field, each found by its name.
  await page.getByTestId('save').click();
  const issues = page.getByTestId('issues');
  await issues.waitFor();
  const faults = await words(issues);
  assert.match(faults, /3 settings need attention/);
  await issues.getByRole('button', { name: /lines\[0\]\.limits/ }).click();
  assert.match(await words(page.getByTestId('limits-inPerMin')), /must be above the level before it/);
  await page.getByTestId('limit-inPerMin-alert').fill('900');
  await issues.getByRole('button', { name: /staleAfterMs/ }).click();
  await page.getByTestId('camera-stale').waitFor();
  assert.match(await words(counting), /must be 1000 ms \(1 s\) or more/);
  await page.getByTestId('camera-stale').fill('7.5');
  await issues.getByRole('button', { name: /timeZone/ }).click();
  await page.getByTestId('time-zone').fill('Asia/Seoul');
  await page.getByTestId('save').click();
  await page.getByTestId('operator-name').fill('Post 3');
  await page.keyboard.press('Enter');
  await page.getByTestId('saved').waitFor({ timeout: PATIENCE_MS });

  const camera = await stored();
  assert.deepEqual(
    [camera.model, camera.steps, camera.staleAfterMs, camera.neighbours, camera.timeZone],
    ['night', 2, 7500, ['north'], 'Asia/Seoul'],
  );
  assert.equal(camera.farField?.until, 0.4);
  const { black, blurShare, moved } = camera.pictureGate;
  assert.deepEqual([black, blurShare, moved], [true, 0.54, false]);
  assert.deepEqual(camera.zones[0]?.runbooks, {
    alert: { en: 'Close the gate.', ko: '문을 닫으세요.' },
    blind: { en: 'Send somebody.' },
  });
  assert.equal(camera.lines[0]?.limits?.inPerMin?.alert, 900);
  const text = await readFile(site.configFile, 'utf8');
  assert.match(text, /^# By the safety officer\.\n[\s\S]*# The end\.\n$/);
  assert.doesNotMatch(text, /\bblack:|movedShare/, 'what is as it comes is not written');
  watched.assertClean();
  await watched.close();
});

test('a new zone is called by its name in messages, too; a saved one keeps its id', async () => {
  const watched = await browser.open(`${site.url}/#/setup/gate`);
  const { page } = watched;
  await page.getByTestId('tab-zones').click({ timeout: PATIENCE_MS });
  await page.getByTestId('zone-name').fill('Ramp of the north');
  await page.getByTestId('shape-zone').click();
  await page.getByTestId('zone-name').fill('Stage, left');
  await page.getByTestId('save').click();
  await page.getByTestId('operator-name').fill('Post 3');
  await page.keyboard.press('Enter');
  await page.getByTestId('saved').waitFor({ timeout: PATIENCE_MS });
  assert.deepEqual(
    (await stored()).zones.map(({ id, name }) => [id, name]),
    [
      ['ramp', 'Ramp of the north'],
      ['stage-left', 'Stage, left'],
    ],
  );

  // Another place of the same name has a history of its own.
  await page.getByRole('button', { name: 'Remove Stage, left' }).click();
  await page.getByTestId('shape-zone').click();
  await page.getByTestId('zone-name').fill('Stage, left');
  await page.getByTestId('save').click();
  await until('the other zone is saved', async () => (await stored()).zones[1]?.id === 'stage-left-2');
  watched.assertClean();
  await watched.close();
});

test('a line drawn along the edge of the picture is told to count nobody', async () => {
  const watched = await browser.open(`${site.url}/#/setup/gate`);
  const { page } = watched;
  await page.getByTestId('tab-lines').click({ timeout: PATIENCE_MS });
  await page.getByTestId('line-name').waitFor({ timeout: PATIENCE_MS });
  assert.equal(await page.getByTestId('line-no-room').count(), 0);
  for (const end of await page.getByTestId('handle').all()) {
    await end.focus();
    for (let press = 0; press < 30; press++) await page.keyboard.press('Shift+ArrowDown');
  }
  await page.getByTestId('line-no-room').waitFor();
  await page.getByTestId('discard').click();
  watched.assertClean();
  await watched.close();
});

test('a zone that reaches to the horizon says how much of it is in no density, until it is drawn shorter', async () => {
  const watched = await browser.open(`${site.url}/#/setup/south`);
  const { page } = watched;
  await page.getByTestId('tab-zones').click({ timeout: PATIENCE_MS });
  const missing = page.getByTestId('zone-unmeasured');
  await missing.getByText(/^\d+ % of this zone has ground that cannot be measured/).waitFor();
  await page
    .getByTestId('zone-area')
    .getByText(/ m² of ground/)
    .waitFor();
  await watched.screenshot('zone-unmeasured');
  for (const corner of (await page.getByTestId('handle').all()).slice(0, 2)) {
    await corner.focus();
    for (let press = 0; press < 25; press++) await page.keyboard.press('Shift+ArrowDown');
  }
  await missing.waitFor({ state: 'detached' });
  await page.getByTestId('discard').click();
  watched.assertClean();
  await watched.close();
});

test('of a camera without a picture no square metres are told until it has one again', async () => {
  await site.pull('south');
  const watched = await browser.open(`${site.url}/#/setup/south`);
  const { page } = watched;
  await page.getByTestId('tab-ground').click({ timeout: PATIENCE_MS });
  const verdict = page.getByTestId('ground-verdict');
  await verdict.getByText(/^Without a picture of the camera/).waitFor();
  await page.getByTestId('tab-zones').click();
  await page.getByTestId('zone-name').waitFor();
  for (const told of ['zone-area', 'zone-unmeasured']) assert.equal(await page.getByTestId(told).count(), 0, told);
  await page.getByTestId('tab-limits').click();
  await page.getByTestId('limits-zone').waitFor();
  assert.equal(await page.getByText('Needs a calibrated ground.').count(), 0);
  await site.plug('south');
  await page.getByTestId('tab-zones').click();
  await page.getByTestId('zone-area').waitFor({ timeout: PATIENCE_MS });
  watched.assertClean();
  await watched.close();
});

test('two fingers on two corners move each its own', async () => {
  const watched = await browser.open(`${site.url}/#/setup/gate`, { size: 'phone' });
  const { page } = watched;
  await page.getByTestId('tab-zones').click({ timeout: PATIENCE_MS });
  const handles = page.getByTestId('handle');
  await handles.first().scrollIntoViewIfNeeded();
  const placeOf = async (index: number) => {
    const box = await handles.nth(index).boundingBox();
    assert.ok(box);
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };
  const [left, right] = [await placeOf(0), await placeOf(1)];
  const devtools = await page.context().newCDPSession(page);
  const touch = (type: string, ...touchPoints: object[]) =>
    devtools.send('Input.dispatchTouchEvent', { type, touchPoints } as never);
  await touch('touchStart', { ...left, id: 0 });
  await touch('touchStart', { ...left, id: 0 }, { ...right, id: 1 });
  for (const y of [10, 20, 30]) await touch('touchMove', { x: left.x, y: left.y + y, id: 0 }, { ...right, id: 1 });
  await touch('touchEnd');
  await page.locator('[data-testid="camera-editor"][data-dirty="true"]').waitFor();
  const [first, second] = [await placeOf(0), await placeOf(1)];
  assert.ok(Math.abs(first.y - left.y - 30) < 2, `the first went down by ${first.y - left.y} px`);
  assert.ok(Math.hypot(second.x - right.x, second.y - right.y) < 2, 'the second stayed');
  await page.getByTestId('discard').click();
  watched.assertClean();
  await watched.close();
});

test('the wheel scrolls, and turns no figure it happens to lie on', async () => {
  const watched = await browser.open(`${site.url}/#/setup/north`);
  const { page } = watched;
  await page.getByTestId('tab-ground').click({ timeout: PATIENCE_MS });
  await page.getByTestId('ground-method').selectOption('mount');
  const height = page.getByTestId('camera-editor').locator('input[type="number"]').first();
  await height.fill('6.5');
  const box = await height.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + 10, box.y + 10);
  const turned = page.evaluate(
    `new Promise((done) => addEventListener('wheel', () => setTimeout(done), { once: true }))`,
  );
  await page.mouse.wheel(0, 100);
  await turned;
  assert.equal(await height.inputValue(), '6.5');
  watched.assertClean();
  await watched.close();
});

for (const language of ['en-GB', 'ko-KR'] as const) {
  test(`everything opened fits a screen of 360 px (${language})`, async () => {
    const watched = await browser.open(`${site.url}/#/setup/gate`, { size: 'small', language });
    const { page } = watched;
    await page.getByTestId('camera-editor').waitFor({ timeout: PATIENCE_MS });
    for (const tab of ['camera', 'zones', 'lines', 'ground', 'limits']) {
      await open(page, tab);
      for (const summary of await page.locator('.panel summary').all()) await summary.click();
      const sideways = await page.evaluate<number>(SIDEWAYS_PX);
      assert.ok(sideways <= 0, `${tab} sticks out by ${sideways} px`);
      await watched.screenshot(`setup-forms-360-${language}-${tab}`);
    }
    await assertAccessible(page, 'set-up at 360 px');
    watched.assertClean();
    await watched.close();
  });
}
