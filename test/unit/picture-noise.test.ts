/** How noisy a picture is for itself: white noise is found, edges and what lies beyond the picture are not taken for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededNormal } from '../../services/worker/model/noise.ts';
import { noiseShare } from '../../services/worker/model/picture-noise.ts';

const SIZE = { widthPx: 160, heightPx: 96 };

/** A scene of boxes of 12 px, dark and bright by turns; its contrast is about `contrast`. */
function scene(contrast: number, sigma: number, size = SIZE): Uint8Array {
  const noise = seededNormal(size.widthPx * size.heightPx, 7);
  const rgb = new Uint8Array(noise.length * 3);
  for (let i = 0; i < noise.length; i++) {
    const [x, y] = [i % size.widthPx, Math.floor(i / size.widthPx)];
    const bright = (Math.floor(x / 12) + Math.floor(y / 12)) % 2 === 0 ? 1 : -1;
    const value = 128 + bright * contrast + sigma * (noise[i] ?? 0);
    rgb.fill(Math.min(255, Math.max(0, Math.round(value))), i * 3, i * 3 + 3);
  }
  return rgb;
}

test('white noise is measured against the contrast of the scene', () => {
  const alone = noiseShare(scene(40, 0), SIZE, SIZE);
  assert.ok(alone < 0.02, `edges are no noise: ${alone}`);
  const [little, much] = [noiseShare(scene(40, 6), SIZE, SIZE), noiseShare(scene(40, 12), SIZE, SIZE)];
  assert.ok(Math.abs(much / little - 2) < 0.1, `twice the noise: ${little}, ${much}`);
  const fainter = noiseShare(scene(20, 6), SIZE, SIZE);
  assert.ok(Math.abs(fainter / little - 2) < 0.15, `half the contrast: ${little}, ${fainter}`);
  // Patches of 8 px over boxes of 12 see some eight tenths of the contrast.
  assert.ok(little > 6 / 40 && little < 6 / 24, `${little}`);
});

test('an even picture has no scene: its noise is no greater than it is', () => {
  const even = noiseShare(scene(0, 2), SIZE, SIZE);
  assert.ok(Math.abs(even - 2 / 4) < 0.05, `${even}`);
  assert.equal(noiseShare(scene(0, 0), SIZE, SIZE), 0);
});

test('only what is picture is looked at, and a picture too small for patches has none', () => {
  const rgb = scene(40, 0);
  const noisy = scene(40, 40);
  const seen = { widthPx: 81, heightPx: 61 };
  for (let y = 0; y < SIZE.heightPx; y++) {
    for (let x = 0; x < SIZE.widthPx; x++) {
      const at = (y * SIZE.widthPx + x) * 3;
      if (x >= seen.widthPx || y >= seen.heightPx) rgb.set(noisy.subarray(at, at + 3), at);
    }
  }
  assert.ok(noiseShare(rgb, SIZE, seen) < 0.02);
  assert.equal(noiseShare(rgb, SIZE, { widthPx: 7, heightPx: 60 }), 0);
});
