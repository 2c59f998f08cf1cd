/**
 * The picture gate on real pictures: `node test/bench/picture-gate.ts DIR…`. Every DIR holds pictures of one fixed camera
 * in the order they were taken, or clips (each a camera of its own). Prints false alarms on the pictures as they are, and
 * after how many looks shifted, zoomed, turned, blurred and foreign pictures are told, and the way back. One look a second.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { type GreyPicture, greyPicture } from '../../services/ingest/gate/grey-picture.ts';
import { type KnownView, PictureGate } from '../../services/ingest/gate/picture-gate.ts';
import { ViewReference } from '../../services/ingest/gate/view-reference.ts';
import { jpegSize } from '../../services/ingest/jpeg-splitter.ts';
import { PictureGate as Settings } from '../../shared/config/picture-gate.ts';

const CLIP_FPS = 4;
/** Looks of one camera at most, evenly spread. */
const MOST_LOOKS = 160;
/** The usual view is the middle of the picture: room to move it. */
const MARGIN = 0.12;

type Change = {
  name: string;
  left?: number;
  scale?: number;
  turnDeg?: number;
  blurAt1280?: number;
  dim?: number;
  mirror?: boolean;
};
const CHANGES: Change[] = [
  ...[0.02, 0.04, 0.06, 0.1].map((left) => ({ name: `shifted by ${left * 100} % of the width`, left })),
  { name: 'zoomed in by 10 %', scale: 1 / 1.1 },
  { name: 'turned by 5°', turnDeg: 5 },
  { name: 'another view (mirrored)', mirror: true },
  ...[2, 4, 6, 8].map((blurAt1280) => ({ name: `blurred, σ ${blurAt1280} px of 1280`, blurAt1280 })),
  { name: 'light at a half', dim: 0.5 },
  { name: 'light at a fifth', dim: 0.2 },
  { name: 'black', dim: 0 },
];

const cpuMs = (before: NodeJS.CpuUsage, times: number): string => {
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / 1000 / times).toFixed(2);
};

async function seen(jpeg: Buffer, change: Change): Promise<GreyPicture> {
  const { widthPx, heightPx } = jpegSize(jpeg) ?? { widthPx: 0, heightPx: 0 };
  const width = Math.round(widthPx * (1 - 2 * MARGIN) * (change.scale ?? 1));
  const height = Math.round(heightPx * (1 - 2 * MARGIN) * (change.scale ?? 1));
  const left = Math.round((widthPx - width) / 2 + (change.left ?? 0) * (1 - 2 * MARGIN) * widthPx);
  let source = sharp(jpeg);
  if (change.turnDeg) {
    const turned = await source.rotate(change.turnDeg).toBuffer({ resolveWithObject: true });
    const [x, y] = [Math.round((turned.info.width - widthPx) / 2), Math.round((turned.info.height - heightPx) / 2)];
    source = sharp(await sharp(turned.data).extract({ left: x, top: y, width: widthPx, height: heightPx }).toBuffer());
  }
  let view = source.extract({ left, top: Math.round((heightPx - height) / 2), width, height });
  if (change.mirror) view = view.flop();
  if (change.blurAt1280) view = view.blur(Math.max(0.3, (change.blurAt1280 * width) / 1280));
  if (change.dim !== undefined) view = view.linear(change.dim, change.dim === 0 ? 6 : 0);
  const bytes = await view.jpeg({ quality: 92 }).toBuffer();
  return greyPicture(bytes, { widthPx: width, heightPx: height });
}

const fresh = (): PictureGate => new PictureGate(Settings.parse({}), 'zones');
/** As one that begins with the view that another kept. */
const restarted = ({ view, ...known }: KnownView): PictureGate =>
  new PictureGate(Settings.parse({}), 'zones', {
    ...known,
    view: ViewReference.of(view.width, view.height, [...view.steady]),
  });

/** A second for every look, one after the other, however often it is asked. */
const clocks = new WeakMap<PictureGate, number>();
function judge(gate: PictureGate, picture: GreyPicture) {
  const now = (clocks.get(gate) ?? 0) + 1000;
  clocks.set(gate, now);
  return gate.judge(picture, now);
}
const judgedBy = (gate: PictureGate) => (picture: GreyPicture) => judge(gate, picture).trouble !== undefined;

function learned(gate: PictureGate, pictures: GreyPicture[]): PictureGate {
  for (const picture of pictures) judge(gate, picture);
  return gate;
}

/** What a gate tells of changed pictures, in words, and when it is over once they are as before. */
function whatIsTold(gate: PictureGate, changed: GreyPicture[], usual: GreyPicture[]): string {
  const verdicts = changed.map((picture) => judge(gate, picture));
  const first = verdicts.findIndex(({ trouble }) => trouble !== undefined);
  const told = verdicts[first];
  const back = usual.findIndex((picture) => judge(gate, picture).trouble === undefined);
  if (told === undefined) return 'counted on';
  return `${told.trouble} at look ${first + 1}, back at look ${back + 1}${'detail' in told ? ` (${told.detail})` : ''}`;
}

async function evaluate(name: string, all: Buffer[]): Promise<void> {
  const every = Math.max(1, Math.floor(all.length / MOST_LOOKS));
  const pictures = all.filter((_, index) => index % every === 0);
  const usual = await Promise.all(pictures.map((jpeg) => seen(jpeg, { name: '' })));
  const alarms = new Map<string, number>();
  const gate = fresh();
  for (const [second, picture] of usual.entries()) {
    const { trouble } = gate.judge(picture, second * 1000);
    if (trouble) alarms.set(trouble, (alarms.get(trouble) ?? 0) + 1);
  }
  const told = [...alarms].map(([trouble, looks]) => `${trouble} ${looks}`).join(', ') || 'none';
  process.stdout.write(
    `\n${name}: ${pictures.length} looks; view known: ${gate.known ? 'yes' : 'no'}; false alarms: ${told}\n`,
  );
  const started = process.cpuUsage();
  for (const jpeg of pictures.slice(0, 30)) await greyPicture(jpeg, jpegSize(jpeg) ?? { widthPx: 1, heightPx: 1 });
  process.stdout.write(`  to a small grey picture: ${cpuMs(started, Math.min(30, pictures.length))} ms of CPU\n`);
  const half = Math.floor(usual.length / 2);
  const [first, second] = [usual.slice(0, half), usual.slice(half)];
  const later = pictures.slice(half, half + 12);
  const known = learned(fresh(), first).known;
  const falsely = known ? second.filter(judgedBy(restarted(known))).length : 0;
  process.stdout.write(`  after a restart of ingest, as it is: ${falsely} of ${second.length} looks told\n`);
  for (const change of CHANGES) {
    const changed = await Promise.all(later.map((jpeg) => seen(jpeg, change)));
    const running = whatIsTold(learned(fresh(), first), changed, second);
    const after = known ? whatIsTold(restarted(known), changed, second) : 'view not known';
    process.stdout.write(`  ${change.name.padEnd(30)} ${running}; after a restart: ${after}\n`);
  }
  const before = process.cpuUsage();
  for (const [second, picture] of usual.entries()) gate.judge(picture, 1e6 + second * 1000);
  process.stdout.write(`  judging: ${cpuMs(before, usual.length)} ms of CPU a look\n`);
}

for (const folder of process.argv.slice(2)) {
  const files = (await readdir(folder)).sort();
  const clips = files.filter((file) => file.endsWith('.mp4'));
  const stills = files.filter((file) => /\.jpe?g$/.test(file));
  if (stills.length > 0)
    await evaluate(
      folder
        .replace(/\/images\/?$/, '')
        .split('/')
        .at(-1) ?? folder,
      await Promise.all(stills.map((file) => readFile(join(folder, file)))),
    );
  for (const clip of clips) {
    const scratch = await mkdtemp(join(tmpdir(), 'headroom-gate-'));
    await promisify(execFile)('ffmpeg', [
      '-v',
      'error',
      '-i',
      join(folder, clip),
      '-vf',
      `fps=${CLIP_FPS}`,
      '-q:v',
      '2',
      join(scratch, '%05d.jpg'),
    ]);
    const pictures = await Promise.all((await readdir(scratch)).sort().map((file) => readFile(join(scratch, file))));
    await evaluate(clip, pictures);
    await rm(scratch, { recursive: true });
  }
}
