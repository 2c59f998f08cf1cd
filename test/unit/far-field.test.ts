/** Tiles of a far field: where they lie, and how what they say comes into the whole picture's map. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FarPlan, MARGIN_PX, planFarField } from '../../services/worker/model/far-field.ts';
import type { Head, Peak } from '../../services/worker/model/heads.ts';
import { madeUp, seenSize } from '../../services/worker/model/inference-size.ts';
import { pasteFarField, type Said } from '../../services/worker/model/paste.ts';
import { regrid } from '../../services/worker/model/regrid.ts';

const input = { multipleOf: 32, maxWidth: 1024, colour: 'RGB' } as const;
const size = (widthPx: number, heightPx: number) => ({ widthPx, heightPx });

const PLANS: [
  native: [number, number],
  whole: [number, number],
  far: { until: number; maxWidth: number },
  until: string,
  tiles: string[],
][] = [
  [[1280, 720], [1024, 576], { until: 0.4, maxWidth: 2048 }, '7/18', ['0,0 736×384', '544,0 736×384']],
  [
    [1920, 1080],
    [1024, 576],
    { until: 0.4, maxWidth: 2048 },
    '7/18',
    ['0,0 768×544', '576,0 768×544', '1152,0 768×544'],
  ],
  [[1024, 768], [512, 384], { until: 0.5, maxWidth: 2048 }, '6/12', ['0,0 1024×480']],
];
for (const [native, whole, far, until, tiles] of PLANS) {
  test(`the far field of a ${native.join('×')} picture counted at ${whole.join('×')}, until ${far.until}`, () => {
    const plan = planFarField(size(...native), size(...whole), input, far);
    const [row, rows] = until.split('/').map(Number) as [number, number];
    assert.equal(plan?.until, row / rows);
    const found = plan?.tiles.map((t) => `${t.left},${t.top} ${t.right - t.left}×${t.bottom - t.top}`);
    assert.deepEqual(found, tiles);
  });
}

test('no far field where the picture holds hardly more detail than it is counted with, or is too low', () => {
  const far = { until: 0.4, maxWidth: 2048 };
  assert.equal(planFarField(size(1024, 576), size(1024, 576), input, far), undefined);
  assert.equal(planFarField(size(1152, 640), size(1024, 576), input, far), undefined);
  assert.equal(planFarField(size(4000, 100), size(1024, 32), input, far), undefined);
});

/** Any camera, setting and model that are allowed. */
const anyPlan = fc
  .record({
    width: fc.integer({ min: 320, max: 3840 }),
    aspect: fc.double({ min: 0.5, max: 2.5, noNaN: true }),
    inferenceWidth: fc.constantFrom('native' as const, 256, 512, 640),
    until: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
    maxWidth: fc.integer({ min: 640, max: 3840 }),
    largest: fc.constantFrom(512, 1000, 1024, 1536),
  })
  .map(({ width, aspect, inferenceWidth, until, maxWidth, largest }) => {
    const native = size(width, Math.round(width / aspect));
    const limits = { ...input, maxWidth: largest };
    const whole = seenSize(native, limits, inferenceWidth, limits.multipleOf);
    return { whole, largest, plan: planFarField(native, whole, limits, { until, maxWidth }) };
  })
  .filter((made): made is typeof made & { plan: FarPlan } => made.plan !== undefined);

test('every cell of the strip belongs to one tile, away from its cut edges', () => {
  fc.assert(
    fc.property(anyPlan, ({ whole, largest, plan: { picture, until, tiles } }) => {
      const [columns, rows] = [picture.widthPx / 32, Math.ceil((until * picture.heightPx) / 32)];
      const lowest = madeUp(picture, input).heightPx;
      const owners = new Uint8Array(columns * rows);
      for (const { left, top, right, bottom, own } of tiles) {
        for (const side of [left, top, right, bottom, ...Object.values(own)]) assert.equal(side % 32, 0);
        assert.ok(right - left <= largest && bottom - top <= largest, 'no larger than the model takes');
        assert.ok(right <= picture.widthPx && bottom <= lowest, 'within the picture, made up');
        const cut: [edge: number, border: number, inner: number][] = [
          [left, 0, own.left - left],
          [top, 0, own.top - top],
          [right, picture.widthPx, right - own.right],
          [bottom, lowest, bottom - own.bottom],
        ];
        for (const [edge, border, inner] of cut) assert.ok(edge === border || inner >= MARGIN_PX - 32, `${inner} px`);
        for (let y = own.top / 32; y < own.bottom / 32; y++) {
          for (let x = own.left / 32; x < own.right / 32; x++)
            owners[y * columns + x] = (owners[y * columns + x] ?? 9) + 1;
        }
      }
      assert.ok(owners.every((owner) => owner === 1));
      assert.ok(Number.isInteger(Math.round(until * whole.heightPx * 1e6) / 1e6 / 32), 'ends with a row of blocks');
    }),
    { numRuns: 300 },
  );
});

test('another grid holds the same people, where they were', () => {
  assert.deepEqual(
    [...regrid({ width: 3, height: 1, values: Float32Array.of(1, 2, 4) }, 1, { width: 2, height: 1 })],
    [2, 5],
  );
  assert.deepEqual(
    [...regrid({ width: 1, height: 3, values: Float32Array.of(1, 2, 4) }, 2.5, { width: 1, height: 1 })],
    [5],
  );
  const side = fc.integer({ min: 1, max: 60 });
  fc.assert(
    fc.property(side, side, side, side, (width, height, toWidth, toHeight) => {
      const values = Float32Array.from({ length: width * height }, (_, i) => Math.sin(i * 12.9) + 0.5);
      const sum = (all: Float32Array) => all.reduce((a, b) => a + b, 0);
      const moved = regrid({ width, height, values }, height, { width: toWidth, height: toHeight });
      assert.ok(Math.abs(sum(moved) - sum(values)) < 1e-3 * (1 + Math.sqrt(width * height)));
    }),
  );
});

/** What a part says that finds the same everywhere. */
function evenly(widthPx: number, heightPx: number, peoplePerPx: number, heads: Head[] = []): Said {
  const grid = (cellPx: number) => ({ width: widthPx / cellPx, height: heightPx / cellPx });
  const values = (cellPx: number) =>
    new Float32Array((widthPx * heightPx) / cellPx ** 2).fill(peoplePerPx * cellPx * cellPx);
  return {
    map: { ...grid(2), people: values(2) },
    blocks: { ...grid(16), mean: values(16), variance: values(16) },
    heads,
  };
}

test('a crowd that is even stays even: no gap, nothing twice, whatever the tiles', () => {
  fc.assert(
    fc.property(anyPlan, ({ whole, plan }) => {
      const taken = madeUp(whole, input);
      const density = 1 / (taken.widthPx * taken.heightPx);
      const farDensity = 1 / (plan.picture.widthPx * plan.picture.heightPx);
      const tiles = plan.tiles.map((t) => evenly(t.right - t.left, t.bottom - t.top, 3 * farDensity));
      const { map, blocks } = pasteFarField(evenly(taken.widthPx, taken.heightPx, density), plan, tiles);
      for (const [values, height, cells] of [
        [map.people, map.height, map.people.length],
        [blocks.mean, blocks.height, blocks.mean.length],
        [blocks.variance, blocks.height, blocks.variance.length],
      ] as const) {
        const strip = (values.length / height) * Math.round((plan.until * whole.heightPx * height) / taken.heightPx);
        for (const [i, value] of values.entries()) {
          const wanted = i < strip ? (3 * plan.until) / strip : 1 / cells;
          if (Math.abs(value - wanted) > 1e-4 * wanted) assert.fail(`cell ${i}: ${value}, not ${wanted}`);
        }
      }
    }),
    { numRuns: 60 },
  );
});

/** Heads after pasting: of the whole picture and of the tiles, all in pixels of a 1920×1080 far picture. */
function pasted(whole: [number, number][], ...tiles: [number, number][][]): string[] {
  const plan = planFarField(size(1920, 1080), size(1024, 576), input, { until: 0.4, maxWidth: 2048 }) as FarPlan;
  const said = plan.tiles.map(({ left, top, right, bottom }, i) => {
    const [w, h] = [right - left, bottom - top];
    return evenly(
      w,
      h,
      0,
      (tiles[i] ?? []).map(([x, y]) => [(x - left) / w, (y - top) / h]),
    );
  });
  const heads = whole.map(([x, y]): Head => [x / 1920, y / plan.picture.heightPx]);
  const { heads: found } = pasteFarField(evenly(1024, 576, 0, heads), plan, said);
  return found.map(([x, y]) => `${Math.round(x * 1920)},${Math.round(y * plan.picture.heightPx)}`);
}

// The strip ends at 420 of 1080 px, the first two of three tiles meet at 672 px.
const HEADS: [what: string, found: string[], wanted: string[]][] = [
  [
    'near ones come from the whole picture, far ones from the tiles',
    pasted(
      [
        [100, 800],
        [100, 100],
      ],
      [
        [100, 102],
        [100, 480],
      ],
    ),
    ['100,800', '100,102'],
  ],
  [
    'each tile speaks for its own side',
    pasted(
      [],
      [
        [662, 50],
        [682, 60],
      ],
      [
        [662, 51],
        [682, 61],
      ],
    ),
    ['662,50', '682,61'],
  ],
  ['one seen by each on its own side of a seam is one', pasted([], [[671, 50]], [[673, 50]]), ['671,50']],
  ['one seen by each on the other’s side is one', pasted([], [[673, 50]], [[671, 50]]), ['673,50']],
  ['one on the lower edge, seen by each on its own side', pasted([[300, 421]], [[300, 419]]), ['300,421']],
  ['one on the lower edge, seen by each on the other’s side', pasted([[300, 419]], [[300, 422]]), ['300,419']],
  ['two that stand apart on both sides of a seam are two', pasted([], [[667, 50]], [[674, 50]]), ['667,50', '674,50']],
  ['one that only the wrong side sees is none', pasted([[300, 419]], []), []],
];
for (const [what, found, wanted] of HEADS) test(`heads: ${what}`, () => assert.deepEqual(found, wanted));

test('peaks: the heads stay the heads; weaker ones come once, and from the part that owns their place', () => {
  const plan = planFarField(size(1920, 1080), size(1024, 576), input, { until: 0.4, maxWidth: 2048 }) as FarPlan;
  const { heightPx } = plan.picture;
  /** Peaks as `locatePeaks` gives them, surest first; those of half a person are heads. */
  const peaksOf = (seen: [x: number, y: number, people: number][], of: (x: number, y: number) => Head) => {
    const peaks = seen.map(([x, y, people]): Peak => [...of(x, y), people]);
    return { peaks, heads: peaks.filter(([, , people]) => people >= 0.5).map(([x, y]): Head => [x, y]) };
  };
  const inTile = (i: number, seen: [number, number, number][]): Said => {
    const { left, top, right, bottom } = plan.tiles[i] as FarPlan['tiles'][number];
    const [w, h] = [right - left, bottom - top];
    return { ...evenly(w, h, 0), ...peaksOf(seen, (x, y) => [(x - left) / w, (y - top) / h]) };
  };
  const whole = peaksOf(
    [
      [100, 800, 1],
      [300, 421, 0.3],
      [100, 100, 0.2],
      [500, 900, 0.2],
    ],
    (x, y) => [x / 1920, y / heightPx],
  );
  const tiles = [
    inTile(0, [
      [673, 50, 0.9],
      [300, 419, 0.7],
      [671, 200, 0.4],
    ]),
    inTile(1, [
      [671, 50, 0.8],
      [673, 200, 0.7],
      [1000, 60, 0.3],
    ]),
    inTile(2, []),
  ];
  const { heads, peaks } = pasteFarField({ ...evenly(1024, 576, 0), ...whole }, plan, tiles);
  const place = ([x, y]: [number, number, ...number[]]) => `${Math.round(x * 1920)},${Math.round(y * heightPx)}`;
  assert.deepEqual(heads.map(place), ['100,800', '300,419', '673,200', '673,50']);
  assert.deepEqual(
    peaks?.map((peak) => `${place(peak)} ${peak[2]}`),
    ['100,800 1', '300,419 0.7', '673,200 0.7', '673,50 0.9', '500,900 0.2', '1000,60 0.3'],
  );
  const without = ({ map, blocks, heads }: Said): Said => ({ map, blocks, heads });
  const alone = pasteFarField(without({ ...evenly(1024, 576, 0), ...whole }), plan, tiles.map(without));
  assert.deepEqual(alone.heads, heads);
  assert.equal(alone.peaks, undefined);
});
