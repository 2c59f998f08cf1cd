/** The gate on real JPEG pictures, with the learned view in a real Redis. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Redis } from 'ioredis';
import sharp from 'sharp';
import { GateKeeper } from '../../services/ingest/gate/gate-keeper.ts';
import { Camera } from '../../shared/config/schema.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const [W, H] = [640, 360];
const polygon = [
  [0, 0],
  [1, 0],
  [1, 1],
];
const cameraWith = (more: object): Camera => Camera.parse({ id: 'gate', url: 'rtsp://h/s', ...more });
const zoned = cameraWith({ zones: [{ id: 'z', polygon }] });

let redis: TestRedis;
let state: Redis;
let street: Buffer;

before(async () => {
  redis = await startRedis();
  state = redis.client();
  // Houses with windows, larger than the view.
  const shapes = Array.from({ length: 90 }, (_, n) => {
    const [x, y, w, h, grey] = [
      (n * 197) % 760,
      (n * 131) % 480,
      20 + ((n * 53) % 90),
      15 + ((n * 37) % 70),
      (n * 71) % 255,
    ];
    return `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="rgb(${grey},${grey},${grey})" transform="rotate(${n % 40} ${x} ${y})"/>`;
  });
  street = await sharp(Buffer.from(`<svg width="800" height="500">${shapes.join('')}</svg>`))
    .flatten({ background: '#777' })
    .png()
    .toBuffer();
});
after(() => redis.stop());

const view = (left: number, top = 60): Promise<Buffer> =>
  sharp(street).extract({ left, top, width: W, height: H }).jpeg().toBuffer();

/** Shows a picture for some seconds. */
async function show(keeper: GateKeeper, jpeg: Buffer, from: number, seconds: number): Promise<(string | undefined)[]> {
  const verdicts: (string | undefined)[] = [];
  for (let s = 0; s < seconds; s++) verdicts.push((await keeper.judge(jpeg, (from + s) * 1000)).trouble);
  return verdicts;
}

test('a camera that was turned while ingest was down is told, and turned back is counted again', async () => {
  const usual = await view(80);
  const first = new GateKeeper(zoned, state);
  assert.deepEqual(new Set(await show(first, usual, 0, 100)), new Set([undefined]));
  assert.ok(await state.hget(stateKeys.views, 'gate'), 'the view is kept');

  const next = new GateKeeper(zoned, state);
  const turned = await show(next, await view(140), 0, 6);
  assert.equal(turned.at(-1), 'moved');
  const { verdict } = next;
  assert.match('detail' in verdict ? verdict.detail : '', /9 % .* zones no longer fit/);
  assert.equal((await show(next, usual, 10, 4)).at(-1), undefined);
});

test('a move is over when nothing is left of what was drawn before it, over restarts, and not sooner', async () => {
  const lower = polygon.map(([x, y]) => [x, Math.min(1, (y as number) + 0.1)]);
  const two = (first: number, second: number): Camera =>
    Camera.parse({
      ...{ id: 'twice', url: 'rtsp://h/s' },
      zones: [
        { id: 'a', polygon: [...polygon, [first, 1]] },
        { id: 'b', polygon: [...lower, [second, 1]] },
      ],
    });
  const away = await view(140);
  const keeper = new GateKeeper(two(0, 0), state);
  await show(keeper, await view(80), 0, 100);
  assert.equal((await show(keeper, away, 100, 6)).at(-1), 'moved');
  keeper.configure(two(0.1, 0));
  assert.deepEqual(new Set(await show(keeper, away, 110, 5)), new Set(['moved']), 'one of two drawn anew');
  keeper.configure({ ...two(0.1, 0), zones: two(0.1, 0).zones.slice(1) });
  assert.deepEqual(new Set(await show(keeper, away, 120, 5)), new Set(['moved']), 'one of two removed');
  keeper.configure(two(0.1, 0));
  await show(keeper, away, 130, 1);

  await until('the move is kept', async () =>
    /"moved":"moved/.test((await state.hget(stateKeys.views, 'twice')) ?? ''),
  );
  const next = new GateKeeper(two(0.1, 0), state);
  assert.deepEqual(new Set(await show(next, away, 0, 20)), new Set(['moved']), 'from its first picture on');
  next.configure(two(0.1, 0.1));
  assert.deepEqual(new Set(await show(next, away, 30, 60)), new Set([undefined]), 'both drawn anew');
  assert.equal((await show(next, await view(80), 100, 6)).at(-1), 'moved', 'from the view they were drawn on');
});

test('a lens that was blurred before ingest was started is told', async () => {
  const camera = cameraWith({ id: 'soft', zones: [{ id: 'z', polygon }] });
  const sharpView = await view(80);
  const soft = await sharp(sharpView).blur(6).jpeg().toBuffer();
  await show(new GateKeeper(camera, state), sharpView, 0, 100);
  await until('the view is kept', async () => (await state.hget(stateKeys.views, 'soft')) !== null);
  const next = new GateKeeper(camera, state);
  assert.equal((await show(next, soft, 0, 6)).at(-1), 'blurred');
  await until('it is kept', async () => /"blurred":true/.test((await state.hget(stateKeys.views, 'soft')) ?? ''));
  assert.deepEqual(new Set(await show(new GateKeeper(camera, state), soft, 0, 5)), new Set(['blurred']));
});

test('so is another shape of the picture', async () => {
  const two = (first: number, second: number): Camera =>
    Camera.parse({
      ...{ id: 'shaped', url: 'rtsp://h/s' },
      zones: [first, second].map((x, i) => ({ id: `z${i}`, polygon: [...polygon, [x, i / 2]] })),
    });
  const square = await sharp(street).extract({ left: 80, top: 0, width: 480, height: 480 }).jpeg().toBuffer();
  const first = new GateKeeper(two(0, 0), state);
  await show(first, await view(80), 0, 100);
  await until('the view is kept', async () => (await state.hget(stateKeys.views, 'shaped')) !== null);
  const next = new GateKeeper(two(0, 0), state);
  assert.deepEqual(new Set(await show(next, square, 0, 5)), new Set(['resolution-changed']));
  next.configure(two(0.1, 0));
  assert.deepEqual(new Set(await show(next, square, 10, 5)), new Set(['resolution-changed']), 'one of two drawn anew');
  const third = new GateKeeper(two(0.1, 0), state);
  assert.deepEqual(new Set(await show(third, square, 0, 5)), new Set(['resolution-changed']), 'over a restart');
  third.configure(two(0.1, 0.1));
  assert.deepEqual(new Set(await show(third, square, 10, 5)), new Set([undefined]), 'both drawn anew');
});

test('zones drawn anew are drawn on the view there is', async () => {
  const redrawn = cameraWith({ zones: [{ id: 'z', polygon: [...polygon, [0, 1]] }] });
  const verdicts = await show(new GateKeeper(redrawn, state), await view(140), 0, 60);
  assert.deepEqual(new Set(verdicts), new Set([undefined]));
});

test('a picture of another shape is told at its first, between two looks; one of fewer pixels is counted', async () => {
  const keeper = new GateKeeper(zoned, state);
  const wide = await view(80);
  await keeper.judge(wide, 0);
  const smaller = await sharp(wide).resize(480, 270).jpeg().toBuffer();
  assert.equal((await keeper.judge(smaller, 100)).trouble, undefined);
  const square = await sharp(street).extract({ left: 80, top: 0, width: 480, height: 480 }).jpeg().toBuffer();
  assert.equal((await keeper.judge(square, 200)).trouble, 'resolution-changed');
  assert.equal((await keeper.judge(wide, 500)).trouble, undefined);
});

test('a covered lens is told at its first picture, between two looks', async () => {
  const keeper = new GateKeeper(zoned, state);
  const black = await sharp({ create: { width: W, height: H, channels: 3, background: '#0a0a0a' } })
    .jpeg()
    .toBuffer();
  await keeper.judge(await view(80), 0);
  assert.equal((await keeper.judge(black, 100)).trouble, 'black');
  assert.equal((await keeper.judge(await view(80), 400)).trouble, undefined);
});

test('without Redis pictures are judged all the same', async () => {
  const away = await startRedis();
  const client = away.client();
  await away.stop();
  const keeper = new GateKeeper(zoned, client);
  const black = await sharp({ create: { width: W, height: H, channels: 3, background: '#000' } })
    .jpeg()
    .toBuffer();
  assert.equal((await keeper.judge(black, 0)).trouble, 'black');
});

test('what is no picture changes nothing', async () => {
  const keeper = new GateKeeper(zoned, state);
  assert.equal((await keeper.judge(Buffer.from('no picture'), 0)).trouble, undefined);
});
