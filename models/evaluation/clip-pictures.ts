/**
 * Labelled pictures from a clip: the frames in which heads were clicked, each with the frames before it that a camera's
 * warm start would have seen.
 *
 *     node models/evaluation/clip-pictures.ts --clip VIDEO --heads models/evaluation/clips/NAME.json --out DIR [--fps 2]
 */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { z } from 'zod';
import { Label } from '../../shared/contracts/labels.ts';

/** Pictures before each labelled one. */
const BEFORE = 3;

const ClipHeads = z.object({
  about: z.string(),
  widthPx: z.int().positive(),
  heightPx: z.int().positive(),
  fps: z.number().positive(),
  /** Heads, px from the top left, by number of the frame, the first being 0. */
  frames: z.record(z.string().regex(/^\d+$/), Label.shape.points.min(1)),
});

const { values } = parseArgs({
  options: {
    clip: { type: 'string' },
    heads: { type: 'string' },
    out: { type: 'string' },
    fps: { type: 'string', default: '2' },
  },
});
const { clip, heads: headsFile, out } = values;
const fps = Number(values.fps);
if (!clip || !headsFile || !out || !(fps > 0)) {
  throw new Error('Name the clip, its heads, a folder to write and pictures a second: --clip, --heads, --out, --fps.');
}

const heads = ClipHeads.parse(JSON.parse(await readFile(headsFile, 'utf8')));
const apart = Math.max(1, Math.round(heads.fps / fps));
const before = (frame: number) =>
  Array.from({ length: BEFORE }, (_, i) => frame - (BEFORE - i) * apart).filter((n) => n >= 0);
const labelled = Object.entries(heads.frames).map(([frame, points]) => ({ frame: Number(frame), points }));
const wanted = [...new Set(labelled.flatMap(({ frame }) => [...before(frame), frame]))].sort((a, b) => a - b);

const images = join(out, 'images');
await mkdir(images, { recursive: true });
// Number by number, a part at a time: ffmpeg's expressions end at a hundred terms.
for (let done = 0; done < wanted.length; done += 50) {
  const chosen = wanted.slice(done, done + 50).map((frame) => `eq(n\\,${frame})`);
  const written = ['-fps_mode', 'passthrough', '-q:v', '2', '-start_number', `${done + 1}`, join(images, '%04d.jpg')];
  await promisify(execFile)('ffmpeg', [
    ...['-v', 'error', '-nostdin', '-i', clip, '-vf', `select='${chosen.join('+')}'`],
    ...written,
  ]);
}
const names = (await readdir(images)).filter((name) => name.endsWith('.jpg')).sort();
if (names.length !== wanted.length) {
  throw new Error(`${clip} gave ${names.length} of ${wanted.length} frames: is it the clip of ${headsFile}?`);
}

const imageOf = (frame: number) => `images/${names[wanted.indexOf(frame)]}`;
const { widthPx: width, heightPx: height } = heads;
const lines = labelled.map(
  ({ frame, points }): Label => ({
    ...{ image: imageOf(frame), width, height, points },
    before: before(frame).map(imageOf),
  }),
);
await writeFile(join(out, 'labels.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
process.stdout.write(`${lines.length} labelled pictures and ${names.length - lines.length} before them in ${out}\n`);
