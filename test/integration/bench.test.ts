/** The test bench over HTTP, queue and worker, with the committed model. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { evaluate } from '../../models/evaluation/evaluate.ts';
import { readLabelled } from '../../models/evaluation/labelled-data.ts';
import { BenchAnswer, Look } from '../../shared/contracts/bench.ts';
import { decodeHeatmap } from '../../shared/contracts/heatmap.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { startSystem, type TestSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';

const run = promisify(execFile);
const FIXTURES = 'test/fixtures/labelled';
const CLIP = 'infra/demo/crowd.mp4';
const WITHIN_MS = 90_000;
const BENCH = /bench-process\.ts/;

let redis: TestRedis;
let system: TestSystem;
let dir: string;
let jpeg: Buffer<ArrayBuffer>;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-bench-test-'));
  redis = await startRedis();
  system = await startSystem({ cameras: [], env: { REDIS_URL: redis.url, FRAMES_REDIS_URL: redis.framesUrl } });
  jpeg = await readFile(`${FIXTURES}/images/s2026-00014.jpg`);
});
after(async () => {
  await system?.stop();
  await redis?.stop();
  await rm(dir, { recursive: true, force: true });
});

const post = (path: string, body: Uint8Array<ArrayBuffer> | string, type = 'image/jpeg', init: RequestInit = {}) =>
  fetch(`${system.url}/api/bench/${path}`, {
    method: 'POST',
    body,
    headers: { 'content-type': type },
    ...init,
  });
const look = async (query = '', picture: Uint8Array<ArrayBuffer> = jpeg): Promise<Look> => {
  const response = await post(`look?${query}`, picture);
  const body = await response.text();
  assert.equal(response.status, 200, body);
  return Look.parse(JSON.parse(body));
};
/** Whether anything of a look is still somewhere. */
async function leftovers(): Promise<string[]> {
  const client = redis.client();
  const found: string[] = [];
  for (const db of [0, 1]) {
    await client.select(db);
    found.push(...(await client.keys('headroom:bench:*')));
    // Jobs are hashes with a number or id for a name; the queue's own keys have words.
    for (const key of await client.keys('bull:headroom-bench:*')) {
      if (await client.hexists(key, 'data').catch(() => 0)) found.push(key);
    }
  }
  found.push(...(await readdir(tmpdir())).filter((name) => name.startsWith('headroom-bench-')));
  return found;
}

test('a picture is counted as the evaluation counts it, with heads, map and what the count is made of', async () => {
  const answer = await look();
  const [picture] = (await readLabelled(FIXTURES)).filter(({ file }) => file.endsWith('00014.jpg'));
  assert.ok(picture);
  const { counted } = await evaluate([picture], { model: 'standard' });
  const [only] = answer.runs;
  assert.ok(only && answer.runs.length === 1);
  assert.ok(Math.abs(only.count - (counted[0]?.count as number)) < 1e-3);
  assert.equal(only.heads, counted[0]?.found.length);
  assert.equal(only.peaks.filter(([, , people]) => people >= answer.model.headThreshold).length, only.heads);
  assert.deepEqual(
    only.peaks.map(([, , people]) => people),
    only.peaks.map(([, , people]) => people).toSorted((a, b) => b - a),
  );
  const { headWeight } = answer.model;
  const blend = Math.max(0, headWeight * only.blockCount + (1 - headWeight) * only.mapCount);
  assert.ok(Math.abs(only.count - blend) < 0.05, `${only.count} is made of ${only.mapCount} and ${only.blockCount}`);
  const map = decodeHeatmap(Buffer.from(only.heatmap, 'base64'));
  assert.equal(map.heads.length, only.heads);
  assert.deepEqual([answer.widthPx, answer.heightPx], [picture.widthPx, picture.heightPx]);
  const { version } = JSON.parse(await readFile('models/standard/manifest.json', 'utf8')) as { version: string };
  assert.deepEqual([answer.model.name, answer.model.version], ['standard', version]);
  assert.deepEqual(await leftovers(), [], 'nothing is kept');
});

test('steps and seeds are tried side by side, and the same look gives the same numbers', async () => {
  const first = await look('steps=1,2,3,4&seeds=2&width=256');
  assert.deepEqual(
    first.runs.map(({ steps, seed }) => `${steps}/${seed}`),
    ['1/1', '1/2', '2/1', '2/2', '3/1', '3/2', '4/1', '4/2'],
  );
  assert.equal(first.lookedAtWidthPx, 256);
  const peaks = new Set(first.runs.map((one) => JSON.stringify(one.peaks)));
  assert.equal(peaks.size, 8, 'every setting draws another map');
  const again = await look('steps=4,2&seeds=1&width=256');
  assert.equal(again.runs[0]?.count, first.runs[6]?.count);
  assert.equal(again.runs[1]?.count, first.runs[2]?.count);
});

test('a far field is counted as the evaluation counts it, and the look says what was looked at in detail', async () => {
  const farField = { until: 0.5, maxWidth: 2048 };
  const [picture] = (await readLabelled(FIXTURES)).filter(({ file }) => file.endsWith('00014.jpg'));
  assert.ok(picture);
  const { counted } = await evaluate([picture], { model: 'standard', width: 384, farField });
  const far = await look('width=384&farField=0.5');
  assert.deepEqual(far.farField, { until: 96 / 216, widthPx: 768, tiles: 1 });
  assert.equal(far.lookedAtWidthPx, 384);
  const [only] = far.runs;
  assert.ok(only && Math.abs(only.count - (counted[0]?.count as number)) < 1e-3);
  assert.equal(only.heads, counted[0]?.found.length);
  assert.notEqual(only.count, (await look('width=384')).runs[0]?.count);
});

test('a wide picture’s tiles are drawn anew for every setting, and its peaks are those of one picture', async () => {
  const wide = await sharp(jpeg).resize(1600, 900, { kernel: 'lanczos3' }).jpeg().toBuffer();
  const far = await look('steps=1,2&seeds=2&width=512&farField=0.3', wide);
  assert.deepEqual([far.farField?.widthPx, far.farField?.tiles], [1600, 2]);
  assert.equal(new Set(far.runs.map(({ peaks }) => JSON.stringify(peaks))).size, 4);
  for (const { peaks, heads, heatmap } of far.runs) {
    assert.ok(peaks.some(([, y]) => y < 0.3) && peaks.some(([, y]) => y > 0.3));
    assert.equal(peaks.filter(([, , people]) => people >= far.model.headThreshold).length, heads);
    assert.ok(peaks.length > heads, 'weaker ones, too');
    const shares = peaks.map(([, , people]) => people);
    assert.deepEqual(
      shares,
      shares.toSorted((a, b) => b - a),
    );
    assert.equal(decodeHeatmap(Buffer.from(heatmap, 'base64')).heads.length, heads);
  }
  const again = await look('steps=2&seeds=2&width=512&farField=0.3', wide);
  assert.equal(again.runs[1]?.count, far.runs[3]?.count, 'the same look, the same number');
});

test('a far field with nothing to gain changes nothing, and the look does not claim it', async () => {
  const [far, alone] = [await look('farField=0.5'), await look()];
  assert.equal(far.farField, undefined);
  assert.deepEqual(far.runs[0]?.count, alone.runs[0]?.count);
});

test('PNG and WebP are looked at, too', async () => {
  const [png, webp] = await Promise.all([
    sharp(jpeg).png().toBuffer(),
    sharp(jpeg).webp({ lossless: true }).toBuffer(),
  ]);
  for (const [file, type] of [
    [png, 'image/png'],
    [webp, 'image/webp'],
  ] as const) {
    const response = await post('look?width=256', file, type);
    assert.equal(response.status, 200, await response.clone().text());
  }
});

/** Says how long its picture will be, and waits for the answer before sending any of it. */
const announce = (bytes: number) =>
  new Promise<Response>((resolve, reject) => {
    const headers = { 'content-type': 'image/jpeg', 'content-length': bytes };
    const sending = request(`${system.url}/api/bench/look`, { method: 'POST', headers }, async (answer) => {
      const body = (await answer.toArray()).join('');
      resolve(new Response(body, { status: answer.statusCode as number }));
      sending.destroy();
    });
    sending.on('error', reject).flushHeaders();
  });

type Refusal = [what: string, send: () => Promise<Response>, status: number, detail: RegExp];
const blank = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: 'grey' }, limitInputPixels: false })
    .png()
    .toBuffer();
const REFUSALS: Refusal[] = [
  ['text', () => post('look', 'people', 'text/plain'), 415, /image\/jpeg/],
  ['no content type', () => post('look', jpeg, ''), 415, /image\/jpeg/],
  ['text that says it is a picture', () => post('look', 'people'), 415, /no picture/],
  [
    'an SVG that says it is a PNG',
    () => post('look', '<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"/>', 'image/png'),
    415,
    /no picture/,
  ],
  ['an empty body', () => post('look', new Uint8Array()), 422, /empty/],
  [
    'a small file that unfolds into a huge picture',
    async () => post('look', await blank(9000, 5000), 'image/png'),
    413,
    /9000×5000.*40 million/,
  ],
  [
    'a picture that is too small',
    async () => post('look', await blank(16, 40), 'image/png'),
    422,
    /each side needs 32/,
  ],
  ['a strip', async () => post('look', await blank(64, 800), 'image/png'), 422, /4 times the other/],
  ['a file that is too large', () => announce(16 * 1024 * 1024 + 1), 413, /16 MiB/],
  ['a picture that is cut off', () => post('look', jpeg.subarray(0, jpeg.length / 2)), 422, /cannot be decoded/],
  ['a model that is not there', () => post('look?model=nowhere', jpeg), 422, /no model "nowhere".*Found: .*standard/],
  ['a number of steps that is none', () => post('look?steps=1,9', jpeg), 400, /steps/],
  [
    'a far field no wider than the whole picture',
    () => post('look?width=1024&farField=0.4&farWidth=1024', jpeg),
    400,
    /farWidth.*larger than width \(1024\)/,
  ],
  ['a far field’s width without one', () => post('look?farWidth=1024', jpeg), 400, /farWidth.*with farField only/],
  ['a far field that is the whole picture', () => post('clip?farField=1', jpeg, 'video/mp4'), 400, /farField/],
  ['too many seeds', () => post('look?seeds=99', jpeg), 400, /seeds/],
  [
    'a page of another site',
    () =>
      post('look', jpeg, 'image/jpeg', {
        headers: { 'content-type': 'image/jpeg', origin: 'https://elsewhere.example' },
      }),
    403,
    /origin/,
  ],
];
for (const [what, send, status, detail] of REFUSALS) {
  test(`refuses ${what}, in plain words`, async () => {
    const response = await send();
    const body = (await response.json()) as { detail: string };
    assert.equal(response.status, status, body.detail);
    assert.match(body.detail, detail);
  });
}

/** All answers to a clip, in order. */
async function clip(query: string, body: Uint8Array<ArrayBuffer>, type = 'video/mp4'): Promise<BenchAnswer[]> {
  const response = await post(`clip?${query}`, body, type);
  assert.equal(response.status, 200);
  const lines = (await response.text()).trim().split('\n');
  return lines.map((line) => BenchAnswer.parse(JSON.parse(line)));
}

test('a clip is cut at the chosen rate and looked at frame by frame', async () => {
  const answers = await clip('fps=2&frames=3&width=256', await readFile(CLIP));
  assert.deepEqual(
    answers.map(({ type }) => type),
    ['cut', 'frame', 'frame', 'frame', 'done'],
  );
  assert.deepEqual(answers[0], { type: 'cut', frames: 3, more: true });
  const frames = answers.filter((answer) => answer.type === 'frame');
  assert.deepEqual(
    frames.map(({ atMs }) => atMs),
    [0, 500, 1000],
  );
  for (const { jpeg: picture, look: one } of frames) {
    const { width, height } = await sharp(Buffer.from(picture, 'base64')).metadata();
    assert.deepEqual([one.widthPx, one.heightPx], [width, height]);
    assert.ok((one.runs[0]?.count ?? 0) > 1, 'the demo clip shows people');
  }
  assert.deepEqual(await leftovers(), [], 'nothing is kept');
});

test('a clip’s pictures are cut as wide as their far field is looked at', async () => {
  const file = join(dir, 'wide.mp4');
  await run('ffmpeg', ['-v', 'error', '-i', CLIP, '-t', '0.6', '-vf', 'scale=2304:-2', '-an', file]);
  const answers = await clip('frames=1&width=512&farField=0.2', await readFile(file));
  const [frame] = answers.filter((answer) => answer.type === 'frame');
  assert.ok(frame, JSON.stringify(answers));
  assert.deepEqual([frame.look.widthPx, frame.look.farField?.widthPx], [2048, 2048]);
});

test('a WebM clip that is shorter than wanted is looked at to its end', async () => {
  const file = join(dir, 'short.webm');
  await run('ffmpeg', ['-v', 'error', '-i', CLIP, '-t', '1', '-vf', 'scale=320:-2', '-c:v', 'libvpx', '-an', file]);
  const answers = await clip('fps=2&frames=10', await readFile(file), 'video/webm');
  const [cut] = answers;
  assert.ok(cut?.type === 'cut' && !cut.more && cut.frames >= 2 && cut.frames <= 3);
  assert.deepEqual(answers.at(-1), { type: 'done', frames: cut.frames });
});

test('a playlist dressed up as a clip opens nothing', async () => {
  const secret = join(dir, 'secret.mp4');
  await run('cp', [CLIP, secret]);
  const playlists = [
    `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://${secret}\n#EXT-X-ENDLIST\n`,
    `ffconcat version 1.0\nfile '${secret}'\n`,
  ];
  for (const playlist of playlists) {
    const answers = await clip('', Buffer.from(playlist));
    assert.deepEqual(
      answers.map((answer) => (answer.type === 'refused' ? answer.why : answer.type)),
      ['unreadable'],
    );
  }
});

test('looks stand behind counting, and one that dies is told and harms nobody', async () => {
  const counting = await system.processes(/inference-process\.ts/);
  const long = post('look?steps=1,2,3,4&seeds=8', jpeg);
  const [pid] = await until(
    'the look runs',
    async () => {
      const found = await system.processes(BENCH);
      return found.length > 0 ? found : undefined;
    },
    WITHIN_MS,
  );
  const nice = async (path: string) => {
    const stat = await readFile(`/proc/${path}/stat`, 'utf8').catch(() => undefined);
    // Field 19 of proc(5), counted behind the name in brackets.
    return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  };
  const live = (await nice(String(counting[0]))) as number;
  const threads = await readdir(`/proc/${pid}/task`);
  for (const thread of threads) {
    const value = await nice(`${pid}/task/${thread}`);
    if (value !== undefined) assert.equal(value, Math.min(19, live + 10), 'every thread stands behind counting');
  }
  process.kill(pid as number, 'SIGKILL');
  const response = await long;
  assert.equal(response.status, 503);
  assert.match(((await response.json()) as { detail: string }).detail, /ended/);
  assert.ok((await look('width=256')).runs.length > 0, 'the next one works');
  assert.deepEqual((await system.processes(/inference-process\.ts/)).sort(), counting.sort());
});

test('who leaves stops the looking', async () => {
  const leave = new AbortController();
  const pictures = 60;
  const response = await fetch(`${system.url}/api/bench/clip?fps=10&frames=${pictures}&steps=1,2,3,4`, {
    method: 'POST',
    body: await readFile(CLIP),
    headers: { 'content-type': 'video/mp4' },
    signal: leave.signal,
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const seenAt: number[] = [];
  let told = '';
  while (seenAt.length < 4) {
    const { value, done } = (await reader?.read()) ?? { done: true };
    assert.ok(!done, `ended early: ${told.slice(-500)}`);
    told += value;
    const seen = told.split('\n').filter((line) => line.startsWith('{"type":"frame"')).length;
    while (seenAt.length < seen) seenAt.push(performance.now());
  }
  assert.match(told, new RegExp(`^{"type":"cut","frames":${pictures},`));
  const [first = 0, , , fourth = 0] = seenAt;
  const pictureMs = (fourth - first) / 3;
  leave.abort();
  await reader?.read().catch(() => undefined);
  // Half the time that looking at the others would take on this machine.
  const limitMs = Math.round(((pictures - seenAt.length) * pictureMs) / 2);
  await until('nothing of it is left', async () => (await leftovers()).length === 0, limitMs);
});
