import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { JpegSplitter, jpegSize } from '../../services/ingest/jpeg-splitter.ts';

const pictures: Buffer[] = [];
before(async () => {
  for (const [width, height] of [
    [64, 48],
    [17, 33],
    [320, 8],
  ] as const) {
    const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
    pictures.push(
      await sharp({ create: { width, height, channels: 3, background: 'black', noise } })
        .jpeg()
        .toBuffer(),
    );
  }
});

test('gives whole pictures however the stream is cut', () => {
  const stream = Buffer.concat(pictures);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: stream.length - 1 }), { maxLength: 20 }), (cuts) => {
      const splitter = new JpegSplitter();
      const edges = [0, ...[...new Set(cuts)].sort((a, b) => a - b), stream.length];
      const found = edges.slice(1).flatMap((end, i) => splitter.push(stream.subarray(edges[i], end)));
      assert.deepEqual(found, pictures);
    }),
  );
});

test('gives whole pictures byte by byte', () => {
  const splitter = new JpegSplitter();
  const stream = Buffer.concat(pictures);
  const found = [...stream].flatMap((byte) => splitter.push(Buffer.of(byte)));
  assert.deepEqual(found, pictures);
});

test('gives up a picture that never ends', () => {
  const splitter = new JpegSplitter();
  const chunk = Buffer.alloc(1024 * 1024);
  assert.throws(() => {
    for (let i = 0; i < 20; i++) splitter.push(chunk);
  }, RangeError);
});

test('reads the size of a picture', () => {
  assert.deepEqual(
    pictures.map((jpeg) => jpegSize(jpeg)),
    [
      { widthPx: 64, heightPx: 48 },
      { widthPx: 17, heightPx: 33 },
      { widthPx: 320, heightPx: 8 },
    ],
  );
  assert.equal(jpegSize(Buffer.from('no picture at all')), undefined);
});
