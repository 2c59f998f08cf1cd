import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { worn } from '../../models/evaluation/worn.ts';
import { lightMixOf, mixLight } from '../../services/worker/model/coloured-light.ts';
import { decodePicture } from '../../services/worker/model/picture.ts';
import { ModelManifest } from '../../shared/contracts/manifest.ts';

type Rgb = [number, number, number];
const WHITE: Rgb = [1, 1, 1];
/** Surfaces of every brightness, in the light of one colour. */
const lit = ([red, green, blue]: Rgb): Uint8Array =>
  Uint8Array.from({ length: 3 * 700 }, (_, at) => (at % 700) * 0.3 * ([red, green, blue][at % 3] as number));
const mixed = (light: Rgb): Uint8Array => {
  const rgb = lit(light);
  const mix = lightMixOf(rgb);
  if (mix) mixLight(rgb, mix);
  return rgb;
};
/** Of all pixels, the largest difference between two channels. */
const colour = (rgb: Uint8Array): number => {
  let most = 0;
  for (let at = 0; at < rgb.length; at += 3) {
    const pixel = rgb.subarray(at, at + 3);
    most = Math.max(most, Math.max(...pixel) - Math.min(...pixel));
  }
  return most;
};
const meanOf = (rgb: Uint8Array, channel: number): number =>
  rgb.reduce((sum, value, at) => sum + (at % 3 === channel ? value : 0), 0) / (rgb.length / 3);

describe('light of one colour', () => {
  const left: [name: string, light: Rgb][] = [
    ['white light', WHITE],
    ['an evening', [1, 0.8, 0.6]],
    ['next to no light', [0.02, 0.01, 0.005]],
  ];
  for (const [name, light] of left) it(`${name} is left as it is`, () => assert.deepEqual(mixed(light), lit(light)));

  const taken: [name: string, light: Rgb][] = [
    ['sodium lamps', [1, 0.6, 0.1]],
    ['a red stage', [0.8, 0.12, 0.08]],
    ['a blue stage', [0.15, 0.3, 1]],
    ['a magenta stage', [1, 0.15, 0.8]],
  ];
  for (const [name, light] of taken)
    it(`of ${name} only brightness is left, as bright as the brightest channel was`, () => {
      const rgb = mixed(light);
      assert.ok(colour(rgb) <= 1, `${colour(rgb)}`);
      const brightest = light.indexOf(Math.max(...light));
      const [was, is] = [meanOf(lit(light), brightest), meanOf(rgb, brightest)];
      assert.ok(Math.abs(is - was) < 0.05 * was, `${is} of ${was}`);
    });

  it('grows without a jump: a little colour too much takes a little of it out', () => {
    const share = (blue: number) => lightMixOf(lit([1, 0.7, blue]))?.share ?? 0;
    const shares = [0.5, 0.45, 0.4, 0.35, 0.3, 0.2].map(share);
    assert.deepEqual(
      shares,
      shares.toSorted((a, b) => a - b),
    );
    assert.ok(
      shares.some((one) => one > 0 && one < 1),
      String(shares),
    );
    assert.equal(lightMixOf(new Uint8Array()), undefined);
  });

  it('a channel of nothing but noise adds next to none of it', () => {
    const noisy = lit([1, 0.05, 0]);
    for (let at = 2; at < noisy.length; at += 3) noisy[at] = at % 2 === 0 ? 8 : 0;
    const { weights } = lightMixOf(noisy) ?? { weights: [0, 0, 1] };
    assert.ok((weights[2] as number) < 0.06, String(weights));
  });

  it('is out of the pictures that the model sees, far field and all; white light stays as it came', async () => {
    const { input } = ModelManifest.parse(JSON.parse(await readFile('models/standard/manifest.json', 'utf8')));
    const white = await readFile('test/fixtures/labelled/images/s2026-00040.jpg');
    const farField = { until: 0.4, maxWidth: 2048 };
    for (const light of ['amber', 'red'] as const) {
      const { rgb, far } = await decodePicture(await worn(white, light), input, 512, farField);
      assert.ok(colour(rgb) <= 1, `${light}: ${colour(rgb)}`);
      assert.ok(far && colour(far.rgb) <= 1, `${light}, far field`);
    }
    const { rgb } = await decodePicture(white, input, 512);
    assert.ok(colour(rgb) > 30);
  });
});
