/** The thresholds page in Chromium, from the running services: read, confirmed, printed, and open again after a change. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { stringify } from 'yaml';
import { startAlerts } from '../../services/alerts/service.ts';
import { type Gateway, startGateway } from '../../services/gateway/service.ts';
import { loadConfig } from '../../shared/config/load.ts';
import { ThresholdsInForce } from '../../shared/contracts/thresholds.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { type Feed, startFeed } from '../helpers/alert-feed.ts';
import { SIDEWAYS_PX, startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const logger = createLogger('test', 'silent');
const PAGE = '#/thresholds';

let redis: TestRedis;
let dir: string;
let feed: Feed;
let alerts: Service;
let gateway: Gateway;
let browser: TestBrowser;

const zone = (id: string, name: string, more: object) => ({
  id,
  name,
  polygon: [
    [0, 0],
    [1, 0],
    [1, 1],
  ],
  ...more,
});
const site = (capacity: number) => ({
  gateway: { port: 0 },
  dataDir: dir,
  // Reserved addresses: nobody is called from here.
  deliveries: {
    endpoints: [
      { id: 'duty', url: 'https://192.0.2.9/', secrets: ['${DUTY_KEY}'], minLevel: 'severe' },
      { id: 'pager', kind: 'alertmanager', url: 'https://192.0.2.9/', minLevel: 'alert', escalationStep: 1 },
      { id: 'home', kind: 'mqtt', url: 'mqtts://192.0.2.9' },
    ],
  },
  alerts: { escalateMs: { severe: 30_000, alert: 120_000 } },
  cameras: [
    {
      id: 'gate',
      name: 'Gate 3',
      url: 'rtsp://user:${GATE_PASSWORD}@192.0.2.1/',
      calibration: { mount: { heightM: 6, tiltDeg: 40 }, verticalFovDeg: 50 },
      zones: [
        zone('stage', 'Stage left', { capacity }),
        zone('stairs', 'Stairs', { profile: 'stairs', importance: 'high' }),
      ],
    },
    {
      id: 'way',
      url: 'rtsp://192.0.2.3/',
      lines: ['door', 'gap'].map((id) => ({
        ...{ id, name: `The ${id}`, in: 'left', limits: { inPerMin: { alert: 60 } } },
        points: [
          [0, 0.5],
          [1, 0.5],
        ],
      })),
    },
    {
      id: 'square',
      url: 'rtsp://192.0.2.2/',
      zones: [
        zone('all', 'Square', { capacity: 900 }),
        zone('lane', 'Lane', { limits: { peoplePerSqm: { severe: 4 } } }),
      ],
    },
  ],
});
const configFile = (): string => join(dir, 'headroom.yaml');
const told = async (): Promise<ThresholdsInForce> =>
  ThresholdsInForce.parse(await (await fetch(`${gateway.url}/api/thresholds`)).json());
const post = (body: object): Promise<Response> =>
  fetch(`${gateway.url}/api/thresholds/signatures`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

before(async () => {
  process.env.DUTY_KEY = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
  dir = await mkdtemp(join(tmpdir(), 'hr-thresholds-'));
  await writeFile(configFile(), stringify(site(100)));
  redis = await startRedis();
  feed = await startFeed(redis.client(), { everyMs: 200 });
  const config = await loadConfig(configFile());
  const o = { config, configFile: configFile(), redisUrls: { state: redis.url, frames: redis.framesUrl }, logger };
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

const receivers = async (page: Page): Promise<string[]> =>
  (await page.getByTestId('receiver').allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());

test('told over REST with the model in use, and confirmed only as what was read', async () => {
  const first = await until('the model is known', async () => {
    const now = await told();
    return now.models.length > 0 ? now : undefined;
  });
  assert.deepEqual(first.models, ['m@1']);
  assert.deepEqual(first.signatures, []);
  assert.ok(first.since !== undefined && first.since <= Date.now());
  assert.equal((await post({ actor: 'Kim', configVersion: '000000000000' })).status, 409);
  assert.equal((await post({ actor: ' ', configVersion: first.configVersion })).status, 400);
  assert.deepEqual((await told()).signatures, []);
});

test('read, confirmed and printed on A4; a change opens it again', async () => {
  const watched = await browser.open(`${gateway.url}/${PAGE}`);
  const { page } = watched;
  await page.getByTestId('unconfirmed').waitFor();
  const { configVersion } = await told();
  assert.equal(await page.getByTestId('version').textContent(), configVersion);
  for (const text of ['Gate 3', 'Stage left', 'Stairs', 'capacity 900', 'Peak density', 'Headroom itself']) {
    assert.ok(await page.getByText(text).first().isVisible(), text);
  }
  assert.deepEqual(await receivers(page), [
    'duty Webhook Severe 0 all',
    'pager Alertmanager Alert 1 all',
    'home MQTT broker Caution 0 all',
  ]);
  await page.getByText('line The gap').first().waitFor();
  assert.match((await page.getByTestId('idle').allInnerTexts()).join(), /^⚠ Own densities .* not calibrated\.$/);
  assert.equal(await page.getByTestId('unguarded').count(), 1);
  await page.getByLabel('Name in full').fill('Kim Min-ji');
  await page.getByLabel('Role').fill('Safety officer');
  await page.getByTestId('confirm').click();
  await page.getByTestId('confirmed').waitFor();
  assert.match((await page.getByTestId('confirmed').textContent()) ?? '', /Kim Min-ji \(Safety officer\)/);
  assert.equal(await page.getByTestId('unconfirmed').count(), 0);
  await watched.screenshot('thresholds');

  await page.emulateMedia({ media: 'print' });
  for (const hidden of ['confirm', 'alerts', 'nav-wall'])
    assert.ok(!(await page.getByTestId(hidden).isVisible()), `${hidden} is not printed`);
  assert.ok(await page.getByText('Signature').first().isVisible(), 'lines to sign');
  await mkdir(resolve('artifacts'), { recursive: true });
  const pdf = await page.pdf({ preferCSSPageSize: true, path: resolve('artifacts/thresholds.pdf') });
  assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
  const [, width = '', height = ''] = /\/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]/.exec(pdf.toString('latin1')) ?? [];
  assert.deepEqual([Math.round(Number(width)), Math.round(Number(height))], [595, 842], 'A4');
  await page.emulateMedia({ media: 'screen' });

  await writeFile(configFile(), stringify(site(120)));
  const changed = await until('another version is in force', async () => {
    const now = await told();
    return now.configVersion === configVersion ? undefined : now;
  });
  assert.deepEqual([changed.signatures.length, changed.cameras[0]?.zones[0]?.capacity], [1, 120]);
  await page.getByTestId('unconfirmed').waitFor({ timeout: 30_000 });
  const open = (await page.getByTestId('unconfirmed').textContent()) ?? '';
  assert.ok(open.includes(changed.configVersion) && open.includes(configVersion), open);

  // Who had the version before on the screen has not read this one: it is not confirmed by the same press.
  const notRead = (await page.getByTestId('changed').textContent()) ?? '';
  assert.ok(notRead.includes(configVersion) && notRead.includes(changed.configVersion), notRead);
  assert.equal(await page.getByTestId('confirm').count(), 0);
  await page.getByLabel('Note').press('Enter');
  assert.equal((await told()).signatures.length, 1);
  await page.getByTestId('read-again').click();
  assert.equal(await page.evaluate('scrollY'), 0);
  await page.getByTestId('confirm').click();
  await page.getByTestId('confirmed').waitFor();
  assert.equal((await told()).signatures[0]?.configVersion, changed.configVersion);
  watched.assertClean();
  await watched.close();
});

test('in Korean, at its short address, on a phone without scrolling sideways', async () => {
  const watched = await browser.open(`${gateway.url}/thresholds`, { size: 'phone', language: 'ko-KR' });
  await watched.page.getByText('적용 중인 경보 기준').waitFor();
  await watched.page.getByTestId('camera').first().waitFor();
  assert.ok(((await watched.page.evaluate(SIDEWAYS_PX)) as number) <= 0);
  await watched.page.emulateMedia({ media: 'print' });
  await watched.page.pdf({ preferCSSPageSize: true, path: resolve('artifacts/thresholds-ko.pdf') });
  watched.assertClean();
  await watched.close();
});
