/**
 * How far line counting holds: `node test/bench/lines.ts TRACKS.json [CLIP.mp4]`. TRACKS are heads with identities of every
 * frame of a synthetic clip (models/training/synthetic/tracks.py). Heads are taken from them, some left out and moved about
 * as a model would, or located by the model in the clip's own pictures, at several sampling rates.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crossLine, type LineStand } from '../../services/worker/lines/crossings.ts';
import { advanceLines, type LineState, lineReadings } from '../../services/worker/lines/line-counter.ts';
import { CrowdCounter } from '../../services/worker/model/crowd-counter.ts';
import { decodePicture } from '../../services/worker/model/picture.ts';
import { Line } from '../../shared/config/lines.ts';
import { CameraCalibration } from '../../shared/geometry/calibration.ts';
import { calibrate, type Ground } from '../../shared/geometry/ground.ts';
import { random } from '../helpers/random.ts';

type Head = [number, number];
type Tracks = {
  fps: number;
  widthPx: number;
  heightPx: number;
  heightM: number;
  tiltDeg: number;
  verticalFovDeg: number;
  frames: [id: number, x: number, y: number][][];
};

const [tracksFile, clip] = process.argv.slice(2);
if (!tracksFile) throw new Error('Name the file of tracks');
const tracks: Tracks = JSON.parse(await readFile(tracksFile, 'utf8'));
const aspect = tracks.widthPx / tracks.heightPx;
const LINES = [
  Line.parse({
    id: 'across',
    points: [
      [0.02, 0.5],
      [0.98, 0.5],
    ],
    in: 'left',
  }),
  Line.parse({
    id: 'left',
    points: [
      [0.3, 0.2],
      [0.3, 0.98],
    ],
    in: 'left',
  }),
  Line.parse({
    id: 'far',
    points: [
      [0.2, 0.3],
      [0.8, 0.3],
    ],
    in: 'left',
  }),
];
const calibrated = calibrate(
  CameraCalibration.parse({
    mount: { heightM: tracks.heightM, tiltDeg: tracks.tiltDeg },
    verticalFovDeg: tracks.verticalFovDeg,
  }),
  aspect,
);
const visible = ([, x, y]: [number, number, number]): boolean => x >= 0 && x <= 1 && y >= 0 && y <= 1;

/** Every walker's own path over the lines. */
const truth = Object.fromEntries(LINES.map(({ id }) => [id, { in: 0, out: 0 }]));
{
  const stands = new Map<string, LineStand>();
  for (const frame of tracks.frames) {
    for (const head of frame) {
      for (const line of LINES) {
        const key = `${head[0]} ${line.id}`;
        if (!visible(head)) {
          stands.delete(key);
          continue;
        }
        const { stand, counted } = crossLine(line, stands.get(key), [head[1], head[2]], 3, aspect, 0.01);
        if (stand) stands.set(key, stand);
        for (const way of counted) (truth[line.id] as { in: number; out: number })[way] += 1;
      }
    }
  }
}

function run(name: string, fps: number, ground: Ground | undefined, headsOf: (frame: number) => Head[]): void {
  let state: LineState | undefined;
  const started = process.cpuUsage();
  let pictures = 0;
  const doubts: Record<string, number> = {};
  for (let at = 0; at < tracks.frames.length; at += tracks.fps / fps) {
    const frame = Math.floor(at);
    const lines = LINES;
    const picture = {
      capturedAt: 1e12 + (at * 1000) / tracks.fps,
      heads: headsOf(frame),
      aspect,
      lines,
      ground,
      midnight: 0,
      longestMs: 6000,
    };
    state = advanceLines(state, picture);
    pictures += 1;
    for (const { lineId, doubt } of lineReadings(state, LINES, { aspect, ground }))
      if (doubt) doubts[lineId] = (doubts[lineId] ?? 0) + 1;
  }
  const { user } = process.cpuUsage(started);
  const cells = (state ? lineReadings(state, LINES, { aspect, ground }) : []).map((line) => {
    const doubt = Math.round((100 * (doubts[line.lineId] ?? 0)) / pictures);
    return `${line.lineId} ${line.in}/${line.out}${doubt > 0 ? ` (doubt ${doubt} %)` : ''}`.padEnd(28);
  });
  process.stdout.write(
    `${name.padEnd(34)} ${String(fps).padStart(3)}/s  ${cells.join('')} ${(user / 1000 / pictures).toFixed(2)} ms a picture\n`,
  );
}

process.stdout.write(
  `${'truth'.padEnd(41)}${LINES.map(({ id }) => `${id} ${truth[id]?.in}/${truth[id]?.out}`.padEnd(28)).join('')}\n`,
);
for (const fps of [10, 5, 4, 2, 1, 0.5]) {
  const exact = (frame: number): Head[] => (tracks.frames[frame] ?? []).filter(visible).map(([, x, y]) => [x, y]);
  run('every head, calibrated', fps, calibrated, exact);
  run('every head, not calibrated', fps, undefined, exact);
  const next = random(3);
  const worn = (frame: number): Head[] =>
    exact(frame).flatMap(([x, y]) =>
      next() < 0.25 ? [] : [[x + (next() - 0.5) * 0.008, y + (next() - 0.5) * 0.014] as Head],
    );
  run('a quarter missed, calibrated', fps, calibrated, worn);
  run('a quarter missed, not calibrated', fps, undefined, worn);
}

if (clip) {
  const scratch = await mkdtemp(join(tmpdir(), 'headroom-lines-'));
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-i', clip, '-q:v', '2', join(scratch, '%05d.jpg')]);
  const counter = await CrowdCounter.open('models/standard', { provider: 'cpu', threads: 1 });
  const located: Head[][] = [];
  for (const file of (await readdir(scratch)).sort()) {
    const picture = await decodePicture(await readFile(join(scratch, file)), counter.manifest.input, 'native');
    located.push((await counter.estimate(picture, { steps: 1, seed: 1 })).heads);
  }
  await rm(scratch, { recursive: true });
  for (const fps of [10, 5, 2, 1]) {
    run('located by the model, calibrated', fps, calibrated, (frame) => located[frame] ?? []);
    run('located by the model, not cal.', fps, undefined, (frame) => located[frame] ?? []);
  }
}
