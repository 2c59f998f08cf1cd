/** Clips on the test bench while others are under way. Their answers are made up: there is no model here. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BenchAnswer } from '../../shared/contracts/bench.ts';
import { encodeHeatmap } from '../../shared/contracts/heatmap.ts';
import { startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { type SimulatedSite, startSimulatedSite } from '../helpers/simulated-site.ts';
import { until } from '../helpers/until.ts';

let site: SimulatedSite;
let browser: TestBrowser;

before(async () => {
  site = await startSimulatedSite({ cameras: [{ id: 'square', name: 'Square' }] });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await site?.stop();
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
  const watched = await browser.open(`${site.url}/#/bench`);
  const { page } = watched;
  const picture = await until('a picture', async () => {
    const response = await fetch(`${site.url}/api/cameras/square/frame.jpg`);
    return response.ok ? Buffer.from(await response.arrayBuffer()) : undefined;
  });
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
