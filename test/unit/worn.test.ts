/** Pictures worn by `evaluate --wear`: each kind does what its name says, to every picture alike. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import sharp, { type OutputInfo } from 'sharp';
import { WEAR, type Wear } from '../../models/evaluation/wear.ts';
import { worn } from '../../models/evaluation/worn.ts';

const FILE = 'test/fixtures/labelled/images/s2026-00040.jpg';

type Pixels = { data: Buffer; info: OutputInfo };
const pixelsOf = (file: Uint8Array): Promise<Pixels> => sharp(file).raw().toBuffer({ resolveWithObject: true });
const mean = ({ data }: Pixels): number => data.reduce((sum, value) => sum + value, 0) / data.length;
/** Deviation from the mean, of 255. */
const contrast = (pixels: Pixels): number => {
  const middle = mean(pixels);
  return Math.sqrt(pixels.data.reduce((sum, value) => sum + (value - middle) ** 2, 0) / pixels.data.length);
};
/** Mean difference of neighbours in a row: detail and noise. */
const detail = ({ data, info: { channels, width } }: Pixels): number => {
  let sum = 0;
  for (let at = 0; at + channels < data.length; at += 1)
    if (Math.floor(at / channels) % width < width - 1)
      sum += Math.abs((data[at + channels] as number) - (data[at] as number));
  return sum / data.length;
};
const colours = ({ data, info: { channels } }: Pixels): number => {
  let most = 0;
  for (let at = 0; at < data.length; at += channels)
    most = Math.max(most, Math.abs((data[at] as number) - (data[at + 2] as number)));
  return most;
};

test('each kind of wear does what its name says, and keeps the size', async () => {
  const file = await readFile(FILE);
  const plain = await pixelsOf(file);
  assert.ok(colours(plain) > 30, 'the picture has colours to lose');
  const of = async (wear: Wear): Promise<Pixels> => {
    const pixels = await pixelsOf(await worn(file, wear));
    const { width, height, channels } = pixels.info;
    assert.deepEqual([width, height, channels], [plain.info.width, plain.info.height, 3], wear);
    assert.ok(!pixels.data.equals(plain.data), `${wear} changes something`);
    return pixels;
  };
  assert.equal(colours(await of('grey')), 0);
  assert.ok(Math.abs(mean(await of('dark')) / mean(plain) - 1 / 3) < 0.01);
  const night = await of('night');
  assert.equal(colours(night), 0, 'a night picture has no colours, nor has its noise');
  assert.ok(mean(night) < 0.45 * mean(plain));
  assert.ok(detail(night) > detail(await of('dark')), 'noise is seen');
  assert.ok(Math.abs(contrast(await of('haze')) / contrast(plain) - 0.5) < 0.02);
  assert.ok(contrast(await of('harsh')) > 1.3 * contrast(plain));
  const noise = await of('noise');
  assert.ok(detail(noise) > detail(plain) + 5);
  assert.ok(detail(await of('blurred')) < detail(plain));
  assert.ok(detail(await of('half')) < detail(plain));
  await of('compressed');
  assert.equal((await worn(file, 'compressed')).subarray(0, 2).toString('hex'), 'ffd8');
});

test('the same picture is worn alike each time', async () => {
  const file = await readFile(FILE);
  for (const wear of Object.keys(WEAR) as Wear[])
    assert.ok((await worn(file, wear)).equals(await worn(file, wear)), wear);
});

test('what is no picture is refused', async () => {
  await assert.rejects(worn(Buffer.from('no picture'), 'grey'));
});
