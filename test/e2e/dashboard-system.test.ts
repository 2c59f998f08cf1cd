/** The system page over the whole path: what runs and how fast, a receiver that was away, the model's card. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type RtspServer, startRtspServer } from '../../infra/demo/small-rtsp-server.ts';
import { assertAccessible } from '../helpers/accessibility.ts';
import { SIDEWAYS_PX, startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { words } from '../helpers/page-words.ts';
import { startSystem, type TestSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';
import { startListener, type WebhookListener } from '../helpers/webhook-listener.ts';

const CLIP = fileURLToPath(new URL('../../infra/demo/crowd.mp4', import.meta.url));
const SECRET = `whsec_${Buffer.from('a secret of the system page test').toString('base64')}`;
const PATIENCE_MS = 60_000;

let camera: RtspServer;
let receiver: WebhookListener;
let system: TestSystem;
let browser: TestBrowser;

before(async () => {
  camera = await startRtspServer({ streams: [{ path: '/crowd', file: CLIP }] });
  receiver = await startListener(SECRET);
  system = await startSystem({
    cameras: [
      { id: 'square', name: 'Square', url: camera.urls[0] as string, sampleFps: 2, staleAfterMs: 15_000 },
      { id: 'exit', name: 'South exit', url: 'rtsp://127.0.0.1:9/nothing', sampleFps: 2 },
    ],
    config: {
      // Nothing here is about time: a loaded machine may take as long as it likes.
      worker: { inferenceDeadlineMs: 30_000 },
      alerts: { silentMs: 1000 },
      deliveries: {
        fastDelaysMs: [0],
        delaysMs: [0],
        endpoints: [
          {
            ...{ id: 'control', url: receiver.url, secrets: ['${SYSTEM_PAGE_SECRET}'], minLevel: 'severe' },
            ...{ allowHttp: true, allow: ['127.0.0.1'] },
          },
        ],
      },
    },
    env: { SYSTEM_PAGE_SECRET: SECRET },
  });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await system?.stop();
  await receiver?.close();
  await camera?.close();
});

test('from the navigation: services, speed, cameras, memory, disk, database and versions', async () => {
  const watched = await browser.open(system.url);
  const { page } = watched;
  await page.getByTestId('nav-system').click();
  const services = page.getByTestId('services');
  for (const service of ['ingest', 'worker', 'alerts', 'gateway']) {
    await services.locator(`[data-service="${service}"]`).waitFor({ timeout: PATIENCE_MS });
  }
  const exit = page.getByTestId('system-cameras').locator('[data-camera="exit"]');
  await until(
    'the reason is told',
    async () => /No signal.*The camera refuses the connection/.test(await words(exit)),
    PATIENCE_MS,
  );
  const square = page.getByTestId('system-cameras').locator('[data-camera="square"]');
  await until(
    'its pictures are counted',
    async () => /Live.*2\/s.*[1-9][\d.]*\/s/.test(await words(square)),
    PATIENCE_MS,
  );
  await until('only the other one is blind', async () =>
    /1 camera without a count/.test(await words(page.getByTestId('problems'))),
  );
  assert.equal(
    await page.getByTestId('system-cameras').locator('tbody tr').first().getAttribute('data-camera'),
    'exit',
  );
  await until(
    'latencies are told',
    async () => /\d ms\s*[\d,]+ ms/.test(await words(page.locator('[data-latency="push"]'))),
    PATIENCE_MS,
  );
  assert.match(await words(page.getByTestId('workers')), /standard@\d/);
  assert.match(await words(page.getByTestId('queue')), /^\d+ waiting, \d+ in hand$/);
  assert.match(await words(page.getByTestId('disk')), /[\d.]+ \w+ of [\d.]+ \w+ free/);
  assert.match(await words(page.getByTestId('database')), /^SQLite, [\d.]+ KiB|MiB$/);
  assert.match(await words(page.getByTestId('config-version')), /^[0-9a-f]{12}$/);
  assert.match(await words(page.getByTestId('drops')), /Too old when its turn came/);
  await watched.screenshot('dashboard-system-desktop-en');
  await page.setViewportSize({ width: 1280, height: 800 });
  const cutOff = await page
    .locator('.scroll')
    .evaluateAll((tables) =>
      tables.filter((it) => it.scrollWidth > it.clientWidth + 1).map((it) => it.getAttribute('aria-label')),
    );
  assert.deepEqual(cutOff, [], 'tables wider than their place on a small desktop');
  await assertAccessible(page, 'the system page');
  watched.assertClean();
  await watched.close();
});

test('what a receiver did not take is given up, found by its state, and sent again by hand', async () => {
  receiver.behave({ kind: 'status', status: 500 });
  const answer = await fetch(`${system.url}/api/endpoints/control/test`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ actor: 'test' }),
  });
  assert.equal(answer.status, 200);
  const watched = await browser.open(`${system.url}/#/system`);
  const { page } = watched;
  const dead = page.getByTestId('delivery').and(page.locator('[data-status="dead"]'));
  await dead.first().waitFor({ timeout: PATIENCE_MS });
  await page.getByTestId('delivery-status').selectOption('delivered');
  await page.getByText('None of these.').waitFor();
  await page.getByTestId('delivery-status').selectOption('');
  assert.match(await words(dead.first()), /control.*Given up.*500/);
  const before = receiver.received.length;
  receiver.behave({ kind: 'status', status: 204 });
  await page.getByTestId('replay-delivery').click();
  await page.getByTestId('operator-name').fill('Post 3');
  await page.keyboard.press('Enter');
  await page.getByTestId('delivery').and(page.locator('[data-status="delivered"]')).waitFor({ timeout: PATIENCE_MS });
  assert.equal(receiver.received.length, before + 1, 'it came once more, with a signature that fits');
  assert.deepEqual(receiver.forged, []);
  await watched.screenshot('dashboard-system-deliveries-en');
  await assertAccessible(page, 'deliveries');
  watched.assertClean();
  await watched.close();
});

test('the model card opens as a text with tables, in a page in Korean; on a phone nothing sticks out', async () => {
  const watched = await browser.open(`${system.url}/#/system`, { size: 'phone', language: 'ko-KR' });
  const { page } = watched;
  await page.getByRole('heading', { name: '시스템' }).waitFor();
  await until('what is the matter', async () =>
    /계수 없는 카메라 \d대/.test(await words(page.getByTestId('problems'))),
  );
  await watched.screenshot('dashboard-system-phone-ko');
  await page.getByTestId('open-card').click();
  const card = page.getByTestId('model-card');
  await card.getByRole('heading', { name: /Standard model/ }).waitFor({ timeout: PATIENCE_MS });
  assert.ok((await card.locator('table').count()) >= 2);
  assert.equal(await card.getAttribute('lang'), 'en');
  await card.scrollIntoViewIfNeeded();
  await watched.screenshot('dashboard-model-card-phone-ko');
  await assertAccessible(page, 'a model card, on a phone');
  assert.ok((await page.evaluate<number>(SIDEWAYS_PX)) <= 0);
  watched.assertClean();
  await watched.close();
});

test('a service that stops is named within seconds, and the rest is still told', async () => {
  const watched = await browser.open(`${system.url}/#/system`);
  const { page } = watched;
  await page.getByTestId('services').locator('[data-service="alerts"]').waitFor({ timeout: PATIENCE_MS });
  const pids = await system.processes(/services\/alerts\/main\.ts/);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    await until(
      'it is missed',
      async () => /Alerts does not run/.test(await words(page.getByTestId('problems'))),
      PATIENCE_MS,
    );
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
  await until(
    'it is back',
    async () => !/Alerts does not run/.test(await words(page.getByTestId('problems'))),
    PATIENCE_MS,
  );
  await watched.close();
});
