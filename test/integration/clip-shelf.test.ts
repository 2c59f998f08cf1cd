/** Which clips ingest can play, by real ffmpeg on real files, and the mark on their pictures. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { ClipShelf } from '../../services/ingest/drill/clip-shelf.ts';
import { withMark } from '../../services/ingest/drill/exercise-mark.ts';
import { clipKeys, IngestClips } from '../../shared/contracts/drill.ts';
import { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { makeCrowdClip } from '../helpers/crowd-clip.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const logger = createLogger('test', 'silent');
const LOOKED_WITHIN_MS = 60_000;
let redis: TestRedis;
let dir: string;
before(async () => {
  redis = await startRedis();
  dir = await mkdtemp(join(tmpdir(), "hr shelf's-"));
});
after(async () => {
  await redis.stop();
  await rm(dir, { recursive: true, force: true });
});

test('files of the folder are told by name, looked at again when they change, and never left', async () => {
  const clip = join(dir, 'clip.mp4');
  await makeCrowdClip(clip, [[0, 2]], 10);
  await writeFile(join(dir, 'torn.mkv'), (await readFile(clip)).subarray(0, 2000));
  await writeFile(join(dir, 'notes.txt'), 'x');
  await mkdir(join(dir, 'folder.mp4'));
  await symlink(clip, join(dir, 'linked.mp4'));
  let folder: string | undefined = dir;
  const client = redis.client();
  const shelf = new ClipShelf({ instance: 'here', redis: client, folder: () => folder, logger });
  const lifecycle = new Lifecycle(logger);
  shelf.announce(lifecycle);
  const told = async () =>
    IngestClips.parse(JSON.parse((await client.get(clipKeys.ingest('here'))) ?? '{"instance":"","clips":[]}')).clips;
  const standing = (names: Record<string, boolean>) =>
    until(
      JSON.stringify(names),
      async () =>
        JSON.stringify(Object.fromEntries((await told()).map(({ name, fault }) => [name, fault === undefined]))) ===
        JSON.stringify(names),
      LOOKED_WITHIN_MS,
    );
  try {
    await standing({ 'crowd.mp4': true, 'clip.mp4': true, 'linked.mp4': true, 'torn.mkv': false });
    assert.equal(shelf.source('clip.mp4')?.reveal(), `file:${clip}`);
    for (const name of ['torn.mkv', 'notes.txt', 'folder.mp4', '../clip.mp4', clip])
      assert.equal(shelf.source(name), undefined);
    await writeFile(join(dir, 'torn.mkv'), await readFile(clip));
    await standing({ 'crowd.mp4': true, 'clip.mp4': true, 'linked.mp4': true, 'torn.mkv': true });
    // A site's own file stands before the shipped one.
    const shipped = shelf.source('crowd.mp4')?.reveal();
    await writeFile(join(dir, 'crowd.mp4'), await readFile(clip));
    await until(
      'the own one',
      () => shelf.source('crowd.mp4')?.reveal() === `file:${join(dir, 'crowd.mp4')}`,
      LOOKED_WITHIN_MS,
    );
    folder = undefined;
    await standing({ 'crowd.mp4': true });
    assert.equal(shelf.source('crowd.mp4')?.reveal(), shipped);
  } finally {
    await lifecycle.close();
  }
  assert.equal(await client.exists(clipKeys.ingest('here')), 0, 'nobody is sent to a process that is gone');
});

const grey = (width: number, height: number, value: number) =>
  sharp({ create: { width, height, channels: 3, background: { r: value, g: value, b: value } } })
    .jpeg()
    .toBuffer();
/** Nothing is being coded any more, and who waited for it has it. */
const allCoded = () =>
  until('all are coded', () => {
    const { queue, process } = sharp.counters();
    return queue + process === 0;
  });

test('only marked pictures are handed on, at their size', async () => {
  const handed: { jpeg: Buffer; at: number; gated: boolean }[] = [];
  const offer = withMark((jpeg, at, gated) => handed.push({ jpeg, at, gated }));
  const handedOn = (picture: number) => until(`picture ${picture}`, () => handed.some(({ at }) => at === picture));
  offer(await grey(1280, 720, 60), 1, false);
  // Each by itself: a small one may overtake a large one, which is then left out.
  await handedOn(1);
  offer(Buffer.from('no picture'), 2, false);
  offer(await grey(64, 48, 60), 3, true);
  await handedOn(3);
  assert.deepEqual(
    handed.map(({ at, gated }) => [at, gated]),
    [
      [1, false],
      [3, true],
    ],
    'one that cannot be marked is not shown',
  );
  for (const { jpeg, at } of handed) {
    const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
    assert.deepEqual([info.width, info.height], at === 3 ? [64, 48] : [1280, 720]);
    const pixel = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
    const [r = 0, , b = 255] = pixel(2, 2);
    assert.ok(r > 230 && b < 180, `the band: ${pixel(2, 2)}`);
    assert.ok(
      pixel(2, info.height - 2).every((value) => Math.abs(value - 60) < 6),
      'the rest is as it was',
    );
  }
});

test('a picture that was overtaken is not handed on behind the later one', async () => {
  const [large, small] = [await grey(6000, 4000, 60), await grey(64, 48, 60)];
  const handed: number[] = [];
  const offer = withMark((_jpeg, at) => handed.push(at));
  offer(small, 1, false);
  offer(large, 2, false);
  offer(small, 3, false);
  await allCoded();
  assert.equal(handed.at(-1), 3);
  assert.deepEqual(
    handed,
    handed.toSorted((a, b) => a - b),
    'in their order',
  );
});
