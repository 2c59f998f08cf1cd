/** A drill and the evidence of an alert in Chromium: seen from the first second, handled like a real one, gone at the end. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startAlerts } from '../../services/alerts/service.ts';
import { type Gateway, startGateway } from '../../services/gateway/service.ts';
import { isDrillCamera } from '../../shared/contracts/drill.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { assertAccessible } from '../helpers/accessibility.ts';
import { announced, type Feed, fastConfig, startFeed } from '../helpers/alert-feed.ts';
import { startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { runCli } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';

const logger = createLogger('test', 'silent');

let redis: TestRedis;
let dir: string;
let feed: Feed;
let alerts: Service;
let gateway: Gateway;
let browser: TestBrowser;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-drill-page-'));
  redis = await startRedis();
  feed = await startFeed(redis.client(), { everyMs: 200 });
  process.env.PAGER_SECRET = `whsec_${Buffer.alloc(24).toString('base64')}`;
  const endpoint = (id: string, more: object = {}) => ({
    id,
    url: 'https://receiver.invalid/',
    secrets: ['${PAGER_SECRET}'],
    ...more,
  });
  const config = fastConfig({
    gateway: { port: 0 },
    deliveries: {
      endpoints: [
        endpoint('pager'),
        endpoint('chief', { escalationStep: 1 }),
        endpoint('north-only', { cameras: ['gate'] }),
      ],
    },
  });
  config.alerts.evidence.minFreeMb = 0;
  const o = { config, redisUrls: { state: redis.url, frames: redis.framesUrl }, logger };
  alerts = await startAlerts({ ...o, dataDir: dir, instance: 'a' });
  gateway = await startGateway(o);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await gateway?.close();
  await alerts?.close();
  await feed?.close();
  await redis?.stop();
  await rm(dir, { recursive: true, force: true });
});

test('the command line lists, starts and stops drills, and says why not', async () => {
  const drill = (...more: string[]) => runCli(['drill', '--url', gateway.url, '--actor', 'Kim', ...more]);
  const list = await drill();
  assert.equal(list.code, 0, list.stderr);
  assert.match(list.stdout, /No drill is under way[\s\S]*surge +Surge/);
  assert.match((await drill('--scenario', 'none')).stderr, /There is no scenario none/);
  assert.match((await drill('--stop')).stderr, /No drill is under way/);
  const started = await drill('--scenario', 'surge');
  assert.equal(started.code, 0, started.stderr);
  assert.match(started.stdout, /^EXERCISE\. "Surge/);
});

test('an order to end it ends it, and so it can be started anew from the screen', async () => {
  const ended = await runCli(['drill', '--url', gateway.url, '--actor', 'Kim', '--stop']);
  assert.equal(ended.code, 0, ended.stderr);
});

for (const language of ['en-GB', 'ko-KR'] as const) {
  test(`says what it will do and who will be told before it starts anything (${language})`, async () => {
    const watched = await browser.open(`${gateway.url}/#/alerts`, { size: 'small', language });
    watched.expectRefusals([404]);
    const { page } = watched;
    await page.getByTestId('open-drill').click();
    const dialog = page.getByTestId('drill-dialog');
    await dialog.getByTestId('scenario-blind').check();
    const told = dialog.getByTestId('drill-told');
    await told.getByText('pager (webhook)').waitFor();
    const text = (await told.textContent()) ?? '';
    assert.match(
      text,
      language === 'en-GB' ? /pager.*at once.*chief.*if nobody/s : /pager.*바로.*chief.*확인하지 않으면/s,
    );
    assert.doesNotMatch(text, /north-only/, 'it hears of its own camera only');
    const sideways = await page.evaluate<number>(
      "(() => { const d = document.querySelector('dialog[open]'); return d.scrollWidth - d.clientWidth; })()",
    );
    assert.ok(sideways <= 0, `the dialog is ${sideways} px too wide`);
    await watched.screenshot(`drill-start-360-${language}`);
    await assertAccessible(page, 'the start of a drill');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    assert.deepEqual(
      ((await (await fetch(`${gateway.url}/api/drills`)).json()) as { running?: object }).running,
      undefined,
    );
    watched.assertClean();
    await watched.close();
  });
}

test('started from the screen with the keyboard alone', async () => {
  const watched = await browser.open(`${gateway.url}/#/alerts`);
  watched.expectRefusals([404]);
  const { page } = watched;
  const open = page.getByTestId('open-drill');
  await open.focus();
  await page.keyboard.press('Enter');
  const surge = page.getByTestId('scenario-surge');
  await surge.waitFor();
  await page.getByTestId('scenario-crowd').check();
  await page.getByTestId('drill-happens').getByText('A film runs through').waitFor();
  await page.getByTestId('scenario-blind').focus();
  await page.keyboard.press('ArrowUp');
  assert.ok(await surge.isChecked(), 'from the first round to the last');
  assert.match((await page.getByTestId('drill-place').textContent()) ?? '', /gate · stage/);
  await watched.screenshot('drill-start');
  await page.keyboard.press('Enter');
  await page.getByTestId('operator-name').fill('Kim');
  await page.keyboard.press('Enter');
  await page.getByTestId('drill').waitFor();
  await page.getByTestId('drill-dialog').waitFor({ state: 'hidden' });
  assert.equal(await open.count(), 0, 'a second one cannot be started');
  watched.assertClean();
  await watched.close();
});

test('seen on every page, given to somebody, with its picture; ended from the screen', async () => {
  const watched = await browser.open(gateway.url);
  // The feed gives readings without pictures.
  watched.expectRefusals([404]);
  const { page } = watched;
  const banner = page.getByTestId('drill');
  await banner.waitFor();
  assert.match((await banner.textContent()) ?? '', /by Kim/);
  await page.getByText('EXERCISE 훈련 · gate').first().waitFor();
  const card = page.locator('[data-testid="alert"][data-alert*="drill--gate"]').first();
  await card.waitFor({ timeout: 90_000 });
  await card.getByTestId('more').click();
  const picture = card.getByTestId('evidence').locator('img').first();
  await picture.waitFor({ timeout: 30_000 });
  await picture.scrollIntoViewIfNeeded();
  await until('the picture is there', () =>
    picture.evaluate((img) => (img as unknown as { naturalWidth: number }).naturalWidth > 0),
  );
  await watched.screenshot('drill');

  await card.getByRole('button', { name: 'I take it' }).click();
  await page.getByLabel('Name or post').fill('Lee');
  await page.getByRole('button', { name: 'Save' }).click();
  const given = await until('it is given', async () =>
    (await announced(redis.client())).find(({ type }) => type === 'alert.assigned'),
  );
  assert.deepEqual([given.actor, given.note, given.exercise], ['Lee', 'Lee', true]);

  await page.goto(`${gateway.url}/#/thresholds`);
  await banner.waitFor();
  await page.getByTestId('stop-drill').click();
  await banner.waitFor({ state: 'detached' });
  await until('nothing of it is left', async () => {
    const cameras = (await (await fetch(`${gateway.url}/api/cameras`)).json()) as { id: string }[];
    const on = (await (await fetch(`${gateway.url}/api/alerts`)).json()) as { cameraId?: string }[];
    return !cameras.some(({ id }) => isDrillCamera(id)) && !on.some(({ cameraId }) => isDrillCamera(cameraId));
  });
  watched.assertClean();
  await watched.close();
});
