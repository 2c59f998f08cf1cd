/** What an inference process with the committed model counts, and which models it refuses. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { InferencePool } from '../../services/worker/inference-pool.ts';
import { Zone } from '../../shared/config/schema.ts';
import { decodeHeatmap } from '../../shared/contracts/heatmap.ts';
import { CameraCalibration } from '../../shared/geometry/calibration.ts';
import { inferenceProcesses, JPEG, poolOptions, request } from '../helpers/inference.ts';
import { copyModel } from '../helpers/model-folder.ts';

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-model-'));
});
after(() => rm(dir, { recursive: true, force: true }));

/** A picture of the demo clip, where more people come from second to second. */
async function frameOfDemo(second: number): Promise<Buffer> {
  const args = `-v error -ss ${second} -i infra/demo/crowd.mp4 -frames:v 1 -q:v 2 -f mjpeg -`.split(' ');
  return (await promisify(execFile)('ffmpeg', args, { encoding: 'buffer' })).stdout;
}

test('counts, repeats itself exactly, starts warm on the next picture', async () => {
  const pool = await InferencePool.start(await poolOptions());
  try {
    const cold = await pool.count('a', request({ warmStart: false }));
    const again = await pool.count('a', request({ warmStart: false }));
    assert.ok(cold?.ok && again?.ok);
    assert.equal(again.picture.count, cold.picture.count);
    const warm = await pool.count('a', request());
    assert.ok(warm?.ok && warm.model.warmStart);
    const heat = decodeHeatmap(warm.heatmap);
    assert.equal(heat.cameraId, 'a');
    assert.equal(heat.width * heat.height, heat.values.length);
    assert.equal(await pool.count('a', async () => undefined), undefined, 'no picture, no count');
    const broken = await pool.count('a', request({ jpeg: JPEG.subarray(0, 300) }));
    assert.deepEqual(broken && !broken.ok && broken.reason, 'undecodable');
  } finally {
    await pool.close();
  }
  assert.deepEqual(await inferenceProcesses(), [], 'no process is left');
});

test('a zone is counted in pictures that differ by one row, which changes the blocks and not the map', async () => {
  const pool = await InferencePool.start(await poolOptions());
  const corners = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ];
  const zones = [Zone.parse({ id: 'z', polygon: corners })];
  try {
    for (const height of [167, 168]) {
      const picture = await sharp(JPEG).resize(320, height, { fit: 'fill' }).jpeg().toBuffer();
      const result = await pool.count('a', request({ jpeg: picture, zones, warmStart: false }));
      assert.ok(result?.ok);
      const [zone] = result.picture.zones;
      for (const number of [zone?.count, ...(zone?.interval ?? [])]) assert.ok(Number.isFinite(number), `${height} px`);
    }
  } finally {
    await pool.close();
  }
});

test('a picture of another size that is made up to the same one is counted, and not steadied by the one before', async () => {
  const pool = await InferencePool.start(await poolOptions());
  try {
    const now = Date.now();
    for (const [i, height] of [167, 168, 190].entries()) {
      const picture = await sharp(JPEG).resize(320, height, { fit: 'fill' }).jpeg().toBuffer();
      const result = await pool.count('a', request({ jpeg: picture, capturedAt: now + i * 500 }));
      assert.ok(result?.ok, `${height} px: ${result && !result.ok && result.reason}`);
      assert.equal(result.model.warmStart, false);
    }
  } finally {
    await pool.close();
  }
});

test('a count is steadied by the picture just before, and no longer by one three seconds old', async () => {
  const pool = await InferencePool.start(await poolOptions());
  try {
    const [few, many] = await Promise.all([frameOfDemo(0), frameOfDemo(16)]);
    const countOf = async (picture: Buffer, capturedAt: number, warmStart = true) => {
      const result = await pool.count('b', request({ cameraId: 'b', jpeg: picture, capturedAt, warmStart }));
      assert.ok(result?.ok);
      return result.picture.count;
    };
    const now = Date.now();
    const alone = await countOf(many, now, false);
    const first = await countOf(few, now);
    assert.ok(alone > first + 10, `${first} people, then ${alone}`);
    const soon = await countOf(many, now + 200);
    assert.ok(soon > first + 2 && soon < (first + alone) / 2, `${first}, ${soon}, ${alone}`);
    const later = await countOf(many, now + 3100);
    assert.ok(Math.abs(later - alone) < Math.abs(soon - alone) / 4, `${soon}, ${later}, ${alone}`);
  } finally {
    await pool.close();
  }
});

test('a calibrated camera gives people per square metre, another one never does', async () => {
  const pool = await InferencePool.start(await poolOptions());
  const zones = [
    Zone.parse({
      id: 'z',
      polygon: [
        [0, 0.5],
        [1, 0.5],
        [1, 1],
        [0, 1],
      ],
    }),
  ];
  const calibration = CameraCalibration.parse({ mount: { heightM: 6.5, tiltDeg: 25 }, verticalFovDeg: 35 });
  try {
    const measured = await pool.count('a', request({ zones, calibration }));
    assert.ok(measured?.ok);
    const [zone] = measured.picture.zones;
    assert.ok(zone?.calibrated && zone.peoplePerSqm !== undefined && zone.peakPeoplePerSqm !== undefined);
    assert.ok(zone.count === 0 || zone.count / zone.peoplePerSqm > 10, 'a plausible area');
    const counted = await pool.count('a', request({ zones }));
    assert.ok(
      counted?.ok && !counted.picture.zones[0]?.calibrated && counted.picture.zones[0]?.peoplePerSqm === undefined,
    );
  } finally {
    await pool.close();
  }
});

test('an absurd output is withheld, not counted as nobody', async () => {
  const folder = await copyModel(dir, 'absurd', (m) => Object.assign(m.interval, { q: 1e308, v0: 1e300 }));
  const pool = await InferencePool.start(await poolOptions({}, folder));
  try {
    const result = await pool.count('a', request());
    assert.equal(result && !result.ok && result.reason, 'invalid-output');
  } finally {
    await pool.close();
  }
});

async function damaged(): Promise<string> {
  const folder = await copyModel(dir, 'damaged');
  await writeFile(join(folder, 'encoder.onnx'), 'no model');
  return folder;
}

const REFUSED: [what: string, make: () => Promise<string>, message: RegExp][] = [
  ['a missing model', async () => join(dir, 'nowhere'), /There is no model/],
  [
    'a manifest field that is wrong',
    () => copyModel(dir, 'field', (m) => Object.assign(m.latent, { std: -1 })),
    /latent\.std/,
  ],
  ['a damaged file', damaged, /sha256/],
  [
    'an input the manifest lies about',
    () => copyModel(dir, 'lies', (m) => Object.assign(m.latent, { channels: 4, spaceToDepth: 2 })),
    /does not keep its contract/,
  ],
];
for (const [what, make, message] of REFUSED) {
  test(`refuses ${what} at start, in plain words`, async () => {
    await assert.rejects(async () => InferencePool.start(await poolOptions({}, await make())), message);
    assert.deepEqual(await inferenceProcesses(), []);
  });
}
