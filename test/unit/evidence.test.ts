/** Evidence: what is planned, what is made unrecognisable, how files are written. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { anonymise, headRadius, peopleMask } from '../../services/alerts/evidence/anonymise.ts';
import { EvidenceFiles, sha256 } from '../../services/alerts/evidence/evidence-files.ts';
import { planEvidence } from '../../services/alerts/evidence/evidence-plan.ts';
import { drawHeat } from '../../services/alerts/evidence/heat-picture.ts';
import type { AlertEvent } from '../../shared/contracts/alert.ts';
import type { Heatmap } from '../../shared/contracts/heatmap.ts';

const event = (more: Partial<AlertEvent>): AlertEvent => ({
  eventId: 'e~gate~stage~zone-density~1~1',
  epoch: 'e',
  offset: 1,
  type: 'alert.firing',
  mode: 'actual',
  alertId: 'e~gate~stage~zone-density~1',
  sequence: 1,
  rule: 'zone-density',
  cameraId: 'gate',
  zoneId: 'stage',
  from: { level: 'normal', condition: 'pending' },
  to: { level: 'severe', condition: 'firing' },
  peakLevel: 'severe',
  reason: 'level-rose',
  unit: 'people/m²',
  capturedAt: 1000,
  at: 1200,
  configVersion: 'c',
  silenced: false,
  escalation: 0,
  ...more,
});

describe('which events have evidence', () => {
  it('every change of level that a picture decided, up and down', () => {
    const fall = event({
      from: { level: 'severe', condition: 'recovering' },
      to: { level: 'alert', condition: 'firing' },
    });
    const end = event({
      from: { level: 'alert', condition: 'recovering' },
      to: { level: 'normal', condition: 'normal' },
    });
    const planned = planEvidence([event({}), fall, end], 'blurred');
    assert.deepEqual(
      planned.map(({ level, state }) => [level, state]),
      [
        ['severe', 'pending'],
        ['alert', 'pending'],
        ['alert', 'pending'],
      ],
    );
    assert.ok(planned.every(({ capturedAt, privacy }) => capturedAt === 1000 && privacy === 'blurred'));
  });
  it('a muted alert has it, too', () => assert.equal(planEvidence([event({ silenced: true })], 'picture').length, 1));
  it('of a drill the drawn picture, whose mark must stay readable; of a clip what the site keeps of people', () => {
    const kept = (cameraId: string, model: string) =>
      planEvidence([event({ cameraId, mode: 'exercise', model })], 'heatmap')[0]?.privacy;
    assert.equal(kept('drill--gate', 'drill@1'), 'picture');
    assert.equal(kept('drill--gate', 'standard@1'), 'heatmap');
    assert.equal(kept('gate', 'drill@1'), 'heatmap');
  });
  it('nothing else has', () => {
    const same = { level: 'severe', condition: 'firing' } as const;
    const none = [
      event({ type: 'alert.acknowledged', from: same, to: same }),
      event({ reason: 'rule-removed', from: same, to: { level: 'normal', condition: 'no-data' } }),
      event({ rule: 'camera-picture', zoneId: undefined, capturedAt: undefined }),
    ];
    assert.deepEqual(planEvidence(none, 'picture'), []);
    assert.deepEqual(planEvidence([event({})], 'off'), []);
  });
});

const WIDTH = 640;
const HEIGHT = 360;
const map = (more: Partial<Heatmap>): Heatmap => ({
  cameraId: 'gate',
  seq: 1,
  capturedAt: 1000,
  width: 96,
  height: 54,
  peoplePerUnit: 0.5 / 255,
  values: new Uint8Array(96 * 54),
  heads: [],
  ...more,
});

/** A picture that is nothing but detail: whatever is left of it is seen. */
async function noisyPicture(): Promise<Buffer> {
  const pixels = Buffer.alloc(WIDTH * HEIGHT * 3);
  let state = 7;
  for (let i = 0; i < pixels.length; i++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    pixels[i] = state >> 16;
  }
  return sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .jpeg({ quality: 95 })
    .toBuffer();
}

/** Mean step from pixel to pixel within a box: the detail that is there. */
async function detail(jpeg: Buffer, x: number, y: number, size = 12): Promise<number> {
  const box = {
    left: Math.round(x * WIDTH) - size / 2,
    top: Math.round(y * HEIGHT) - size / 2,
    width: size,
    height: size,
  };
  const grey = await sharp(jpeg).extract(box).greyscale().raw().toBuffer();
  let sum = 0;
  for (let i = 1; i < grey.length; i++) if (i % size !== 0) sum += Math.abs((grey[i] ?? 0) - (grey[i - 1] ?? 0));
  return sum / (grey.length - size);
}

describe('making people unrecognisable', () => {
  it('takes all detail from located heads and from density without a head, and leaves the rest', async () => {
    const jpeg = await noisyPicture();
    const values = new Uint8Array(96 * 54);
    values[40 * 96 + 70] = 30; // nobody located, yet somebody there
    const hidden = await anonymise(jpeg, map({ values, heads: [[0.25, 0.4]] }));
    const before = await detail(jpeg, 0.25, 0.4);
    assert.ok((await detail(hidden, 0.25, 0.4)) < before / 10, 'head');
    assert.ok((await detail(hidden, 70.5 / 96, 40.5 / 54)) < before / 10, 'density');
    assert.ok((await detail(hidden, 0.5, 0.9)) > before / 2, 'an empty place');
    const { width, height, exif } = await sharp(hidden).metadata();
    assert.deepEqual([width, height, exif], [WIDTH, HEIGHT, undefined]);
  });

  it('refuses what is no picture', () => assert.rejects(anonymise(Buffer.from('no jpeg'), map({}))));

  it('covers every head and its surround, wherever it is', () => {
    const place = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(
        fc.array(place, { minLength: 1, maxLength: 40 }),
        fc.double({ min: 0.4, max: 3, noNaN: true }),
        (heads, aspect) => {
          const mask = peopleMask(map({ heads }), aspect);
          for (const [index, [x, y]] of heads.entries()) {
            const reach = headRadius(heads, index, aspect) * 0.9;
            for (const [dx, dy] of [
              [0, 0],
              [reach, 0],
              [-reach, 0],
              [0, reach * aspect],
              [0, -reach * aspect],
            ] as const) {
              if (x + dx < 0 || x + dx >= 1 || y + dy < 0 || y + dy >= 1) continue;
              const cell = Math.floor((y + dy) * mask.height) * mask.width + Math.floor((x + dx) * mask.width);
              assert.equal(mask.values[cell], 255, `${x + dx}, ${y + dy}`);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes heads that stand close for small and a lone one for near', () => {
    const row = Array.from({ length: 9 }, (_, i) => [0.4 + i * 0.01, 0.5] as const);
    assert.ok(headRadius(row, 4, 1.78) < headRadius([[0.5, 0.5]], 0, 1.78) / 2);
  });

  // Written down apart from the code: what docs/alerts.md says is covered was measured with these.
  it('covers about as much around a head as its neighbours are away, a fiftieth of the width at the least', () => {
    const grid = (step: number) =>
      Array.from({ length: 25 }, (_, i) => [0.4 + (i % 5) * step, 0.4 + Math.floor(i / 5) * step] as const);
    const radius = (step: number) => headRadius(grid(step), 12, 1);
    assert.ok(headRadius([[0.5, 0.5]], 0, 1) >= 0.06, 'a lone one');
    assert.ok(radius(0.05) >= 0.04 && radius(0.05) <= 0.06, String(radius(0.05)));
    assert.ok(radius(0.001) >= 0.02, 'never less');
  });

  it('covers places with density from some 20 people a picture on, and leaves fainter ones', () => {
    const masked = (peopleAPicture: number) => {
      const values = new Uint8Array(96 * 54);
      values[20 * 96 + 40] = 1;
      const mask = peopleMask(map({ values, peoplePerUnit: peopleAPicture / (96 * 54) }), 16 / 9);
      return mask.values[Math.floor((20.5 / 54) * mask.height) * mask.width + Math.floor((40.5 / 96) * mask.width)];
    };
    assert.deepEqual([masked(24), masked(12)], [255, 0]);
  });
});

it('draws the heat map with a clear ground and the zone', async () => {
  const values = new Uint8Array(96 * 54);
  values[10 * 96 + 20] = 255;
  const png = await drawHeat(
    map({ values }),
    [
      [0.1, 0.1],
      [0.9, 0.1],
      [0.9, 0.9],
    ],
    16 / 9,
  );
  const { data, info } = await sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const alpha = (x: number, y: number): number =>
    data[(Math.floor(y * info.height) * info.width + Math.floor(x * info.width)) * 4 + 3] ?? -1;
  assert.ok(alpha(20.5 / 96, 10.5 / 54) > 100, 'people');
  assert.equal(alpha(0.5, 0.1), 255, 'the zone’s edge');
  assert.equal(alpha(0.05, 0.95), 0, 'empty ground');
});

describe('files', () => {
  const entry = { eventId: 'e~gate~stage~zone-density~1~1', at: Date.UTC(2026, 10, 21, 23, 59) };
  const withFolder = async (test: (dir: string, files: EvidenceFiles) => Promise<void>): Promise<void> => {
    const dir = await mkdtemp(join(tmpdir(), 'hr-evidence-'));
    try {
      await test(dir, new EvidenceFiles(join(dir, 'evidence')));
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  };

  it('are written by day, read back and deleted with their day', () =>
    withFolder(async (dir, files) => {
      const bytes = Buffer.from('heat');
      assert.deepEqual(await files.write(entry, 'heat', bytes), { bytes: 4, sha256: sha256(bytes) });
      assert.match(files.pathOf(entry, 'heat'), /evidence\/2026-11-21\/[0-9a-f]{32}\.png$/);
      assert.deepEqual(await files.read(entry, 'heat'), bytes);
      await files.delete(entry);
      assert.deepEqual(await readdir(join(dir, 'evidence')), []);
    }));

  it('leave nothing half written', () =>
    withFolder(async (_dir, files) => {
      const path = files.pathOf(entry, 'map');
      await mkdir(path, { recursive: true }); // the rename fails
      await writeFile(join(path, 'x'), '');
      await assert.rejects(files.write(entry, 'map', Buffer.from('map')));
      assert.deepEqual(await readdir(dirname(path)), [path.split('/').at(-1)]);
    }));

  it('know how much room is left', () => withFolder(async (_dir, files) => assert.ok((await files.freeMb()) > 0)));
});
