import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { FrameLoader, type LoadedFrame } from '../../services/dashboard/src/picture/frame-loader.ts';
import { belongs, choosePair, type PairInput } from '../../services/dashboard/src/picture/pairing.ts';
import { nextTop, onePersonPeak } from '../../services/dashboard/src/picture/scale.ts';
import { labelAnchor, labelAnchors, svgPoints } from '../../services/dashboard/src/picture/zone-shape.ts';
import { COLOUR_TABLE, paintCells } from '../../shared/contracts/heat-colours.ts';

const at = (seq: number) => ({ seq, capturedAt: seq * 500 });
const pair = (change: Partial<PairInput>) =>
  choosePair({
    shown: at(10),
    waiting: at(11),
    heatmap: at(10),
    waitedMs: 0,
    periodMs: 500,
    overlayWanted: true,
    ...change,
  });

test('a picture that is ahead of its heat map waits for it, but not for long', () => {
  assert.deepEqual(pair({}), { advance: false, overlay: true });
  assert.deepEqual(pair({ heatmap: at(11) }), { advance: true, overlay: true });
  assert.deepEqual(pair({ waitedMs: 700 }), { advance: true, overlay: true });
});

test('nothing waits when there is nothing to wait for', () => {
  assert.equal(pair({ shown: undefined }).advance, true);
  assert.equal(pair({ heatmap: undefined }).advance, true);
  assert.equal(pair({ heatmap: at(9) }).advance, true);
  assert.deepEqual(pair({ overlayWanted: false }), { advance: true, overlay: false });
  assert.deepEqual(pair({ waiting: undefined }), { advance: false, overlay: true });
});

test('a heat map further than two sample periods from the picture is not drawn', () => {
  assert.equal(belongs(at(10), at(12), 500), true);
  assert.equal(belongs(at(10), at(13), 500), false);
  assert.equal(belongs(at(13), at(10), 500), false);
  assert.equal(belongs(undefined, at(10), 500), false);
});

test('empty cells are transparent, and colours grow lighter with density', () => {
  assert.equal(COLOUR_TABLE[3], 0);
  const lightness = (step: number) => {
    const [r = 0, g = 0, b = 0] = COLOUR_TABLE.subarray(step * 4, step * 4 + 3);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (let step = 1; step < 256; step += 1) {
    assert.ok(lightness(step) >= lightness(step - 1) - 0.51, `step ${step}`); // rounding to whole channel values
    assert.ok((COLOUR_TABLE[step * 4 + 3] ?? 0) >= (COLOUR_TABLE[step * 4 - 1] ?? 0));
  }
});

test('cells are painted by people per cell, cut off at the top of the scale', () => {
  const pixels = new Uint8ClampedArray(8);
  paintCells(pixels, Uint8Array.from([0, 200]), 0.005, 2);
  assert.equal(pixels[3], 0);
  // 200 units of 0.005 people are one person: half of a scale that ends at two.
  assert.deepEqual(pixels.subarray(4), COLOUR_TABLE.subarray(128 * 4, 129 * 4));
  paintCells(pixels, Uint8Array.from([0, 200]), 1, 1);
  assert.deepEqual(pixels.subarray(4), COLOUR_TABLE.subarray(255 * 4));
});

test('the scale rises at once, falls slowly, and never below one person', () => {
  const empty = new Uint8Array(100);
  const crowd = Uint8Array.from({ length: 100 }, () => 250);
  const floor = onePersonPeak(80);
  assert.equal(nextTop(undefined, empty, 0.01, 80, 0), floor);
  const full = nextTop(floor, crowd, 0.01, 80, 500);
  assert.ok(full > 2);
  const later = nextTop(full, empty, 0.01, 80, 1_000);
  assert.ok(later > full * 0.9 && later < full);
  assert.ok(nextTop(full, empty, 0.01, 80, 600_000) < floor * 1.01);
});

test('zones are drawn in unit coordinates with their label in the middle', () => {
  const square: [number, number][] = [
    [0.2, 0.2],
    [0.6, 0.2],
    [0.6, 0.8],
    [0.2, 0.8],
  ];
  assert.equal(svgPoints(square), '0.2,0.2 0.6,0.2 0.6,0.8 0.2,0.8');
  const [x, y] = labelAnchor(square);
  assert.ok(Math.abs(x - 0.4) < 1e-9 && Math.abs(y - 0.5) < 1e-9);
  assert.deepEqual(
    labelAnchor([
      [0, 0],
      [0, 0],
      [0, 0],
    ]),
    [0.1, 0.06],
  );
});

test('names of zones that lie in each other stand below and above each other, within the picture', () => {
  const around = (half: number, y = 0.5): [number, number][] => [
    [0.5 - half, y - half],
    [0.5 + half, y - half],
    [0.5 + half, y + half],
    [0.5 - half, y + half],
  ];
  const heights = (zones: [number, number][][]) => labelAnchors(zones).map(([, y]) => Math.round(y * 100) / 100);
  assert.deepEqual(heights([around(0.4), around(0.3), around(0.2)]), [0.5, 0.6, 0.4]);
  assert.deepEqual(heights([around(0.05, 0.94), around(0.04, 0.95)]), [0.94, 0.84], 'there is no room below');
  assert.deepEqual(heights([around(0.1, 0.3), around(0.1, 0.7)]), [0.3, 0.7]);
});

/** A fetch whose answers the test gives by hand. */
function loaderWithHand() {
  const open: { answer: (frame?: LoadedFrame<string>) => void; fail: () => void }[] = [];
  const shown: number[] = [];
  const discarded: string[] = [];
  const loader = new FrameLoader<string>({
    fetchFrame: () =>
      new Promise((resolve, reject) => open.push({ answer: resolve, fail: () => reject(new Error('network')) })),
    onFrame: ({ seq }) => shown.push(seq),
    discard: (bitmap) => discarded.push(bitmap),
  });
  return { loader, open, shown, discarded };
}
const frame = (seq: number) => ({ ...at(seq), bitmap: `picture ${seq}` });

test('one picture request at a time; wishes meanwhile become one more', async () => {
  const { loader, open, shown } = loaderWithHand();
  loader.want(at(1));
  loader.want(at(2));
  loader.want(at(3));
  assert.equal(open.length, 1);
  open[0]?.answer(frame(1));
  await turn();
  assert.equal(open.length, 2);
  open[1]?.answer(frame(3));
  await turn();
  assert.deepEqual(shown, [1, 3]);
  assert.equal(open.length, 2);
});

test('a picture that is already here is not asked for', async () => {
  const { loader, open } = loaderWithHand();
  loader.want(at(1));
  open[0]?.answer(frame(2));
  await turn();
  loader.want(at(2));
  assert.equal(open.length, 1);
});

test('numbers that begin anew are followed: the picture goes on', async () => {
  const { loader, open, shown } = loaderWithHand();
  const anew = (seq: number) => ({ seq, capturedAt: at(500_000 + seq).capturedAt });
  loader.want(at(500_000));
  // The first number of the new row is on its way already when the last of the old one was asked for.
  open[0]?.answer({ ...anew(1), bitmap: 'picture 1' });
  await turn();
  for (const seq of [2, 3]) {
    loader.want(anew(seq));
    open[seq - 1]?.answer({ ...anew(seq), bitmap: `picture ${seq}` });
    await turn();
  }
  assert.deepEqual(shown, [1, 2, 3]);
  loader.want(anew(3));
  assert.equal(open.length, 3, 'each was asked for once');
});

test('a camera whose clock is set back is followed by its numbers', async () => {
  const { loader, open, shown } = loaderWithHand();
  loader.want(at(10));
  open[0]?.answer(frame(10));
  await turn();
  const setBack = { seq: 11, capturedAt: at(2).capturedAt };
  loader.want(setBack);
  open[1]?.answer({ ...setBack, bitmap: 'picture 11' });
  await turn();
  assert.deepEqual(shown, [10, 11]);
});

test('missing and failing pictures end quietly; the next reading asks again', async () => {
  const { loader, open, shown } = loaderWithHand();
  loader.want(at(1));
  open[0]?.answer(undefined);
  await turn();
  loader.want(at(2));
  open[1]?.fail();
  await turn();
  loader.want(at(3));
  open[2]?.answer(frame(3));
  await turn();
  assert.deepEqual(shown, [3]);
});

test('after closing, a late picture is freed and not shown', async () => {
  const { loader, open, shown, discarded } = loaderWithHand();
  loader.want(at(1));
  loader.close();
  open[0]?.answer(frame(1));
  await turn();
  assert.deepEqual(shown, []);
  assert.deepEqual(discarded, ['picture 1']);
  loader.want(at(2));
  assert.equal(open.length, 1);
});

test('one stray peak does not darken the crowd', () => {
  const map = Uint8Array.from({ length: 5_000 }, (_, cell) => (cell === 7 ? 255 : cell % 2 ? 60 : 0));
  assert.equal(nextTop(undefined, map, 0.01, 96, 0), 0.6);
});
