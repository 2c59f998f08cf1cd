/** The test bench's decisions: clicks with undo, the view, figures, the zip, pictures on their side. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import sharp from 'sharp';
import {
  add,
  type Clicks,
  clicksOf,
  drag,
  inPicture,
  move,
  nearest,
  type Point,
  redo,
  remove,
  undo,
} from '../../services/dashboard/src/bench/clicks.ts';
import { exifOrientation } from '../../services/dashboard/src/bench/exif.ts';
import {
  comparedOf,
  countedNow,
  figuresOf,
  headsOf,
  matched,
  rowsOf,
  runOf,
} from '../../services/dashboard/src/bench/figures.ts';
import { readZip, writeZip, ZipFault } from '../../services/dashboard/src/bench/labelled-zip.ts';
import { fit, pan, reveal, toPicture, toScreen, zoomAt } from '../../services/dashboard/src/bench/view.ts';
import type { Look, LookRun } from '../../shared/contracts/bench.ts';
import { Label } from '../../shared/contracts/labels.ts';

const SIZE = { widthPx: 800, heightPx: 600 };

describe('clicks', () => {
  it('undo takes every change back, redo brings it again', () => {
    const point = fc.tuple(fc.integer({ min: 0, max: 800 }), fc.integer({ min: 0, max: 600 }));
    const change = fc.oneof(
      point.map((p) => (c: Clicks) => add(c, p)),
      fc.nat(9).map((i) => (c: Clicks) => remove(c, i)),
      fc.tuple(fc.nat(9), point).map(
        ([i, p]) =>
          (c: Clicks) =>
            move(c, i, p),
      ),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        let clicks = clicksOf();
        const states = [clicks.points];
        for (const apply of changes) {
          const next = apply(clicks);
          if (next !== clicks) states.push(next.points);
          clicks = next;
        }
        const end = clicks.points;
        for (const state of states.toReversed().slice(1)) {
          clicks = undo(clicks);
          assert.deepEqual(clicks.points, state);
        }
        assert.equal(undo(clicks).points, clicks.points, 'nothing is left to undo');
        for (const _ of states.slice(1)) clicks = redo(clicks);
        assert.deepEqual(clicks.points, end);
      }),
    );
  });

  it('a drag is one step, however far it went', () => {
    const before = add(clicksOf(), [10, 10]);
    let dragged = before;
    for (const x of [20, 30, 40]) dragged = drag(dragged, 0, [x, 10]);
    const done = move(dragged, 0, [40, 10], [10, 10]);
    assert.deepEqual(done.points, [[40, 10]]);
    assert.deepEqual(undo(done).points, [[10, 10]]);
    assert.deepEqual(undo(undo(done)).points, []);
  });

  it('a new change forgets what was undone', () => {
    const undone = undo(add(clicksOf(), [1, 1]));
    assert.deepEqual(redo(add(undone, [2, 2])).points, [[2, 2]]);
  });

  it('clicks stay in the picture, to a tenth of a pixel', () => {
    assert.deepEqual(inPicture([-3, 700.26], SIZE), [0, 600]);
    assert.deepEqual(inPicture([12.3456, 7], SIZE), [12.3, 7]);
  });

  it('the nearest mark within reach is taken', () => {
    const points: Point[] = [
      [0, 0],
      [10, 0],
    ];
    assert.equal(nearest(points, [7, 0], 5), 1);
    assert.equal(nearest(points, [5, 9], 5), undefined);
  });
});

describe('the view', () => {
  const box = { widthPx: 400, heightPx: 400 };
  const place = fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 400 }));

  it('shows the whole picture in the middle', () => {
    assert.deepEqual(fit(SIZE, box), { scale: 0.5, x: 0, y: 50 });
  });

  it('goes from screen to picture and back', () => {
    const view = zoomAt(fit(SIZE, box), 3, [100, 100], SIZE, box);
    fc.assert(
      fc.property(place, (at) => {
        const [x, y] = toScreen(view, toPicture(view, at));
        assert.ok(Math.hypot(x - at[0], y - at[1]) < 1e-9);
      }),
    );
  });

  it('enlarges about the pointer, within bounds, and never loses the picture', () => {
    const inside: Point = [200, 200];
    const view = fit(SIZE, box);
    const before = toPicture(view, inside);
    const [x, y] = toPicture(zoomAt(view, 4, inside, SIZE, box), inside);
    assert.ok(Math.hypot(x - before[0], y - before[1]) < 1e-9);
    assert.deepEqual(zoomAt(view, 0.1, inside, SIZE, box), view, 'not smaller than the whole');
    assert.equal(zoomAt(view, 1000, inside, SIZE, box).scale, 16);
    fc.assert(
      fc.property(place, fc.integer({ min: -5000, max: 5000 }), fc.integer({ min: -5000, max: 5000 }), (at, dx, dy) => {
        const moved = pan(zoomAt(view, 6, at, SIZE, box), dx, dy, SIZE, box);
        assert.ok(moved.x < box.widthPx && moved.x + SIZE.widthPx * moved.scale > 0);
        assert.ok(moved.y < box.heightPx && moved.y + SIZE.heightPx * moved.scale > 0);
      }),
    );
  });

  it('follows the keyboard when enlarged', () => {
    const view = zoomAt(fit(SIZE, box), 8, [200, 200], SIZE, box);
    for (const point of [
      [100, 100],
      [700, 500],
    ] as Point[]) {
      const [x, y] = toScreen(reveal(view, point, SIZE, box), point);
      assert.ok(x >= 0 && x <= 400 && y >= 0 && y <= 400, `${point} is seen at ${x}, ${y}`);
    }
  });
});

const run = (o: Partial<LookRun>): LookRun => ({
  ...{ steps: 1, seed: 1, count: 2, interval: [0, 4], mapCount: 2, blockCount: 2, heads: 2, heatmap: '', ms: 1 },
  peaks: [
    [0.1, 0.1, 0.9],
    [0.5, 0.5, 0.2],
  ],
  ...o,
});
const lookOf = (runs: LookRun[]): Look => ({
  model: { name: 'standard', version: '1', defaultSteps: 1, headThreshold: 0.3, headWeight: 0, level: 0.9 },
  ...SIZE,
  ...{ lookedAtWidthPx: 800, lookedAtHeightPx: 600, decodeMs: 1, encodeMs: 1 },
  runs,
});

describe('figures', () => {
  it('heads are the peaks above the threshold, in pixels', () => {
    assert.deepEqual(headsOf(run({}), 0.3, SIZE), [[80, 60]]);
    assert.equal(headsOf(run({}), 0.1, SIZE).length, 2);
  });

  it('compare counts and heads with the clicks', () => {
    const points: Point[] = [
      [82, 60],
      [700, 100],
      [300, 300],
    ];
    const figures = figuresOf(
      [
        { ...SIZE, points, run: run({}) },
        { ...SIZE, points: [], run: run({}) },
      ],
      0.3,
      16,
    );
    assert.equal(figures?.counts.mae, (1 + 2) / 2);
    assert.equal(figures?.counts.bias, (-1 + 2) / 2);
    assert.equal(figures?.heads.precision, 1 / 2);
    assert.equal(figures?.heads.recall, 1 / 3);
    assert.equal(figuresOf([], 0.3, 16), undefined);
    const marks = matched([[80, 60]], points, 16);
    assert.deepEqual([[...marks.found], [...marks.clicked]], [[0], [0]]);
  });

  it('leave out what another model counted, and what lacks the run that is compared', () => {
    const picture = (lookedWith: string, runs: LookRun[], complete = true) => {
      return { ...SIZE, complete, clicks: { points: [] }, look: lookOf(runs), lookedWith };
    };
    const pictures = [
      picture('day', [run({ count: 30 }), run({ steps: 2, count: 12 })]),
      picture('night', [run({ steps: 2, count: 11 })]),
      picture('day', [run({ steps: 2, count: 9 })]),
      picture('day', [run({ steps: 2, count: 5 })], false),
      { ...picture('day', []), look: undefined },
    ];
    const counts = (present: string, steps: number) =>
      comparedOf(countedNow(pictures, present), { steps, seed: 1 }).map((one) => one.run.count);
    assert.deepEqual(counts('day', 2), [12, 9]);
    assert.deepEqual(counts('night', 2), [11]);
    assert.deepEqual(counts('day', 1), [30]);
  });

  it('stand side by side by steps and seeds, with the spread', () => {
    const look = lookOf([run({ count: 3 }), run({ seed: 2, count: 5 }), run({ steps: 2, count: 7 })]);
    const rows = rowsOf(look, { steps: 2, seeds: 2 });
    assert.deepEqual(
      rows.map(({ steps, mean, least, most }) => [steps, mean, least, most]),
      [
        [1, 4, 3, 5],
        [2, 7, 7, 7],
      ],
    );
    assert.equal(rowsOf(look, { steps: undefined, seeds: 1 }).length, 1, 'the model’s own steps alone');
    assert.equal(runOf(look, { steps: 2, seed: 1 }).count, 7);
    assert.equal(runOf(look, { steps: 4, seed: 1 }).count, 3, 'what was not tried is not shown');
  });
});

describe('the zip', () => {
  const jpeg = new Uint8Array([0xff, 0xd8, 1, 2, 3]);
  const png = new Uint8Array([0x89, 0x50, 1]);
  const picture = (name: string, bytes: Uint8Array, points: Point[]) => ({ ...SIZE, name, bytes, points });

  it('holds images and labels.jsonl, and comes back as it was', () => {
    const written = writeZip([
      picture('gate 3 10:00:00', jpeg, [[1.5, 2]]),
      picture('gate/3 10:00:00.png', png, []),
      picture('광장.jpg', jpeg, [[3, 4]]),
      picture('../../etc.jpg', jpeg, []),
    ]);
    const files = unzipSync(written);
    const labels = strFromU8(files['labels.jsonl'] as Uint8Array)
      .trim()
      .split('\n')
      .map((line) => Label.parse(JSON.parse(line)));
    assert.deepEqual(
      labels.map(({ image }) => image),
      ['images/gate-3-10-00-00.jpg', 'images/gate-3-10-00-00.png', 'images/picture.jpg', 'images/etc.jpg'],
    );
    assert.deepEqual(Object.keys(files).sort(), [...labels.map(({ image }) => image), 'labels.jsonl'].sort());
    assert.deepEqual(labels[0], { image: labels[0]?.image, width: 800, height: 600, points: [[1.5, 2]] });
    assert.deepEqual(
      readZip(written).map(({ bytes, points, type }) => ({ bytes: [...bytes], points, type })),
      [
        { bytes: [...jpeg], points: [[1.5, 2]], type: 'image/jpeg' },
        { bytes: [...png], points: [], type: 'image/png' },
        { bytes: [...jpeg], points: [[3, 4]], type: 'image/jpeg' },
        { bytes: [...jpeg], points: [], type: 'image/jpeg' },
      ],
    );
  });

  it('is refused where EXIF turns a picture: nobody knows which way up it was when its heads were clicked', async () => {
    const blank = sharp({ create: { width: 8, height: 6, channels: 3, background: 'red' } });
    const turned = await blank.withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const line = JSON.stringify({ image: 'images/a.jpg', width: 8, height: 6, points: [[1, 1]] });
    const zip = zipSync({ 'labels.jsonl': strToU8(line), 'images/a.jpg': turned });
    assert.throws(
      () => readZip(zip),
      (error: ZipFault) => error.why === 'turned' && error.line === 1,
    );
  });

  it('is read with a folder around it', () => {
    const line = JSON.stringify({ image: 'images/a.jpg', width: 8, height: 6, points: [] });
    const zip = zipSync({ 'site/labels.jsonl': strToU8(line), 'site/images/a.jpg': jpeg, 'site/README.md': jpeg });
    assert.equal(readZip(zip)[0]?.name, 'a.jpg');
  });

  const refusals: [why: ZipFault['why'], zip: Uint8Array, line?: number][] = [
    ['no-zip', strToU8('people')],
    ['no-labels', zipSync({ 'images/a.jpg': jpeg })],
    ['bad-line', zipSync({ 'labels.jsonl': strToU8('\n{"image": 1}') }), 2],
    ['bad-line', zipSync({ 'labels.jsonl': strToU8('people') }), 1],
    ['no-image', zipSync({ 'labels.jsonl': strToU8('{"image":"images/a.jpg","width":8,"height":6,"points":[]}') }), 1],
  ];
  for (const [why, zip, line] of refusals) {
    it(`is refused: ${why}, line ${line}`, () => {
      assert.throws(
        () => readZip(zip),
        (error: ZipFault) => error instanceof ZipFault && error.why === why && error.line === line,
      );
    });
  }
});

describe('a picture on its side', () => {
  for (const format of ['jpeg', 'png', 'webp'] as const) {
    for (const orientation of [1, 3, 6, 8]) {
      it(`${format} says ${orientation}`, async () => {
        const file = await sharp({ create: { width: 40, height: 20, channels: 3, background: 'red' } })
          .withMetadata({ orientation })
          .toFormat(format)
          .toBuffer();
        assert.equal(exifOrientation(file), orientation);
      });
    }
  }

  it('one that says nothing is upright', async () => {
    const noise = { type: 'gaussian', mean: 120, sigma: 60 } as const;
    const file = await sharp({ create: { width: 300, height: 200, channels: 3, background: 'red', noise } })
      .jpeg()
      .toBuffer();
    assert.equal(exifOrientation(file), 1);
    assert.equal(exifOrientation(new Uint8Array()), 1);
  });
});
