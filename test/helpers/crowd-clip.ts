/** Parts of the demo's crowd clip as a new clip, copied without loss, and the truth of each of its pictures. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { CameraCalibration } from '../../shared/geometry/calibration.ts';

const run = promisify(execFile);
const SOURCE = 'infra/demo/crowd.mp4';
const SOURCE_FPS = 10;

/** Where everybody stands, twice a second, metres of the rendered world: by `models.training.synthetic.clip --stands`. */
const Stands = z.object({
  everyFrames: z.number().int().positive(),
  metres: z.array(z.array(z.tuple([z.number(), z.number()]))),
});

/** Whole seconds of the source, from and to: each of them begins with a key frame. */
export type Part = readonly [fromS: number, toS: number];

export type CrowdClip = {
  readonly file: string;
  readonly seconds: number;
  /** Which picture of the source a picture of the clip is. */
  sourceOf(frame: number): number;
  /** People to be seen in a picture of the clip. */
  peopleAt(frame: number): number;
};

/** All of the picture but its rim, where people are cut in two. */
export const SQUARE: [number, number][] = [
  [0.02, 0.1],
  [0.98, 0.1],
  [0.98, 0.98],
  [0.02, 0.98],
];

/**
 * The rendered camera hangs 6.5 m high. Its ground is measured here by a metre as long as 2.75 of the rendered world's: people
 * who stand at ease there are then as dense as in a crush, up to seven on a square metre.
 */
const METRE = 2.75;
export const CRUSHED: z.input<typeof CameraCalibration> = {
  mount: { heightM: 6.5 / METRE, tiltDeg: 21 },
  verticalFovDeg: (2 * Math.atan2(216, 700) * 180) / Math.PI,
  headHeightM: 1.6 / METRE,
};

/**
 * Copies parts of the demo clip, one after the other.
 * @param fps of the new clip; below the source's 10 the crowd moves more slowly
 */
export async function makeCrowdClip(out: string, parts: readonly Part[], fps: number): Promise<CrowdClip> {
  const dir = await mkdtemp(join(tmpdir(), 'hr-clip-'));
  try {
    const pieces: Buffer[] = [];
    for (const [from, to] of parts) {
      const piece = join(dir, 'part.h264');
      const cut = ['-ss', String(from), '-i', SOURCE, '-frames:v', String((to - from) * SOURCE_FPS)];
      await run('ffmpeg', ['-v', 'error', '-y', ...cut, '-c', 'copy', '-bsf:v', 'h264_mp4toannexb', piece]);
      pieces.push(await readFile(piece));
    }
    await writeFile(join(dir, 'all.h264'), Buffer.concat(pieces));
    const retime = ['-r', String(fps), '-f', 'h264', '-i', join(dir, 'all.h264'), '-c', 'copy', out];
    await run('ffmpeg', ['-v', 'error', '-y', ...retime]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  const sources = parts.flatMap(([from, to]) =>
    Array.from({ length: (to - from) * SOURCE_FPS }, (_, i) => from * SOURCE_FPS + i),
  );
  const { counts } = JSON.parse(await readFile('infra/demo/crowd.counts.json', 'utf8')) as { counts: number[] };
  return {
    file: out,
    seconds: sources.length / fps,
    sourceOf: (frame) => sources[frame] as number,
    peopleAt: (frame) => counts[sources[frame] as number] as number,
  };
}

/**
 * The true peak density of the clip's crowd on the ground of {@link CRUSHED}, people per m²: the most that stand on any
 * square of four of its square metres. Counted from where people stand, without any picture, camera or model.
 * @returns of a picture of the source clip
 */
export async function truePeakDensities(): Promise<(sourceFrame: number) => number> {
  const stands = Stands.parse(JSON.parse(await readFile('test/fixtures/crowd.stands.json', 'utf8')));
  const peaks = stands.metres.map(peakOf);
  return (sourceFrame) => peaks[Math.floor(sourceFrame / stands.everyFrames)] as number;
}

/** The fullest square has somebody on its left edge and somebody on its lower one. */
function peakOf(people: [number, number][]): number {
  const side = 2 * METRE;
  let most = 0;
  for (const [left] of people) {
    const column = people.filter(([x]) => x >= left && x < left + side);
    for (const [, low] of column) most = Math.max(most, column.filter(([, z]) => z >= low && z < low + side).length);
  }
  return most / 4;
}
