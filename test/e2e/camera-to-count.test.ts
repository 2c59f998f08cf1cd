/** From an RTSP camera to a live count: the one happy path, with every part real. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { type AiredFrame, type GstRtspServer, startGstRtspServer } from '../helpers/gst-rtsp-server.ts';
import { connectLive, type LiveClient } from '../helpers/live-client.ts';
import { runCli, startSystem, type TestSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';

const CLIP = 'infra/demo/crowd.mp4';
const ZONES = [
  {
    id: 'left',
    name: 'Left',
    polygon: [
      [0, 0],
      [0.5, 0],
      [0.5, 1],
      [0, 1],
    ],
    capacity: 50,
  },
  {
    id: 'right',
    polygon: [
      [0.5, 0],
      [1, 0],
      [1, 1],
      [0.5, 1],
    ],
  },
];

let server: GstRtspServer;
let system: TestSystem;
let live: LiveClient;
const aired: AiredFrame[] = [];
const camera = (change: object = {}) => ({
  id: 'plaza',
  name: 'Plaza',
  url: server.urls[0] as string,
  zones: ZONES,
  ...change,
});

before(async () => {
  server = await startGstRtspServer({ streams: ['/a', '/b'].map((path) => ({ path, file: CLIP })), announce: true });
  server.onFrame((frame) => {
    if (frame.path === '/a') aired.push(frame);
  });
  system = await startSystem({ cameras: [camera()] });
  live = await connectLive(system.wsUrl);
  await until('the first count', () => live.readings('plaza').some(({ message }) => message.status === 'ok'), 20_000);
});
after(async () => {
  live?.close();
  await system?.stop();
  await server?.stop();
});

const counted = () => live.readings('plaza').flatMap(({ message }) => (message.status === 'ok' ? [message] : []));

test('readings come at the sample rate, each of a newer picture, with interval, zones and model', async () => {
  const from = counted().length;
  await until('ten readings', () => counted().length >= from + 10, 20_000);
  const ten = counted().slice(from, from + 10);
  for (let i = 1; i < ten.length; i++) {
    const [a, b] = [ten[i - 1], ten[i]] as [(typeof ten)[0], (typeof ten)[0]];
    assert.ok(b.seq > a.seq && b.capturedAt > a.capturedAt);
  }
  const spanMs = (ten[9]?.capturedAt as number) - (ten[0]?.capturedAt as number);
  assert.ok(spanMs > 9 * 400, `two a second, not more: ${spanMs} ms for nine periods`);
  for (const reading of ten) {
    assert.ok(reading.interval[0] <= reading.count && reading.count <= reading.interval[1]);
    assert.equal(reading.model.name, 'standard');
    const halves = reading.zones.reduce((sum, zone) => sum + zone.count, 0);
    assert.ok(
      Math.abs(halves - reading.count) < 0.5 + 0.05 * reading.count,
      `the halves add up: ${halves} of ${reading.count}`,
    );
    assert.deepEqual(
      reading.zones.map(({ zoneId, name, calibrated }) => [zoneId, name, calibrated]),
      [
        ['left', 'Left', false],
        ['right', 'right', false],
      ],
    );
  }
});

test('the count follows the demo crowd', async (t) => {
  const truth = JSON.parse(await readFile('infra/demo/crowd.counts.json', 'utf8')) as { counts: number[] };
  await until(
    'a full round of the clip',
    () => (counted().at(-1)?.capturedAt as number) - (counted()[0]?.capturedAt as number) > 55_000,
    90_000,
    500,
  );
  const pairs = counted().flatMap((reading) => {
    const frame = aired.findLast(({ atMs }) => atMs <= reading.capturedAt - 100);
    const people = frame ? truth.counts[frame.index % truth.counts.length] : undefined;
    return people === undefined ? [] : [[people, reading.count] as const];
  });
  assert.ok(pairs.length > 60);
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [mx, my] = [mean(pairs.map(([x]) => x)), mean(pairs.map(([, y]) => y))];
  const covariance = mean(pairs.map(([x, y]) => (x - mx) * (y - my)));
  const spread = (values: number[], m: number) => Math.sqrt(mean(values.map((v) => (v - m) ** 2)));
  const correlation =
    covariance /
    (spread(
      pairs.map(([x]) => x),
      mx,
    ) *
      spread(
        pairs.map(([, y]) => y),
        my,
      ));
  const mae = mean(pairs.map(([x, y]) => Math.abs(x - y)));
  t.diagnostic(
    `${pairs.length} readings: ${mx.toFixed(1)} people shown, ${my.toFixed(1)} counted, MAE ${mae.toFixed(1)}, correlation ${correlation.toFixed(3)}`,
  );
  assert.ok(correlation > 0.9);
});

test('the newest picture is a whole JPEG of the camera’s size, and its heat map belongs to it', async () => {
  const response = await fetch(`${system.url}/api/cameras/plaza/frame.jpg`);
  assert.equal(response.status, 200);
  assert.ok(Math.abs(Date.now() - Number(response.headers.get('x-captured-at'))) < 5000);
  const { width, height } = await sharp(Buffer.from(await response.arrayBuffer())).metadata();
  live.send({ type: 'heatmaps', cameraIds: ['plaza'] });
  const { message: heat } = await until('a heat map', () => live.heatmaps.at(-1));
  const reading = await until('its reading', () => counted().find(({ seq }) => seq === heat.seq));
  assert.equal(heat.heads.length, reading.heads);
  // The sides are rounded to what the model takes.
  const shape = heat.width / heat.height / (width / height);
  assert.ok(Math.abs(shape - 1) < 0.08, `${shape}`);
});

test('a new, changed or removed camera touches that camera alone; a broken file touches none', async () => {
  const other = { id: 'second', url: server.urls[1] as string };
  const restarts = async () => {
    const metrics = await (await fetch(`${system.url}/metrics`)).text();
    return [...metrics.matchAll(/headroom_camera_restarts_total\{camera="plaza"[^}]*\} (\d+)/g)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
  };
  const [ffmpeg] = await system.processes(/ffmpeg .*pipe:0/);
  await system.configure({ cameras: [camera(), other] });
  await live.nextReading('second', (r) => r.status === 'ok', 20_000);
  await until('clients hear of it', () =>
    live.messages.some(({ message }) => message.type === 'cameras' && message.cameras.length === 2),
  );

  await system.configure({ cameras: [camera(), { ...other, sampleFps: -1 }] });
  await until('the refusal is logged', () => /new configuration refused/.test(system.output()));
  assert.match(system.output(), /cameras\[1\]\.sampleFps/);
  await live.nextReading('second', (r) => r.status === 'ok');

  await system.configure({ cameras: [camera()] });
  await until(
    'it is gone',
    async () => ((await (await fetch(`${system.url}/api/cameras`)).json()) as unknown[]).length === 1,
  );
  await until('its ffmpeg is gone', async () => (await system.processes(/ffmpeg .*pipe:0/)).length === 1);
  assert.deepEqual(await system.processes(/ffmpeg .*pipe:0/), [ffmpeg], 'the first camera kept its ffmpeg');
  assert.equal(await restarts(), 0);
});

test('probe tells what a camera sends, or in plain words why it does not', async () => {
  const out = join(system.dir, 'first.jpg');
  const seen = await runCli(['probe', server.urls[0] as string, '--out', out]);
  assert.equal(seen.code, 0, seen.stderr);
  assert.match(seen.stdout, /h264[\s\S]*picture size +\d+×\d+[\s\S]*first picture +after \d+ ms/);
  assert.ok((await sharp(out).metadata()).width > 0);
  const nobody = await runCli(['probe', 'rtsp://127.0.0.1:9/none']);
  assert.equal(nobody.code, 1);
  assert.match(nobody.stderr, /no picture: Nothing listens on the camera’s port/);
});
