/** Cuts a clip into pictures with ffmpeg. The clip comes from anybody: ffmpeg may read this one file and nothing else. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BENCH_LIMITS, type ClipOptions } from '../../../shared/contracts/bench.ts';
import { isProcessAlive } from '../../../shared/runtime/process.ts';
import { lowPriority } from './low-priority.ts';

const PREFIX = 'headroom-bench-';
const CUT_LIMIT_MS = 60_000;
/** Wider than any model here looks at a whole picture. */
const WIDEST_PX = 1920;

/** `farWidth`: width that a far field is looked at, px. */
export type CutOptions = ClipOptions & { farWidth?: number | undefined };
export type Frames = { jpegs: Buffer[]; more: boolean };

/**
 * Arguments for ffmpeg. A playlist dressed up as a clip could name other files and addresses: only these containers are
 * opened, by their content, and only files. Pure.
 */
function cutArguments(clip: string, pattern: string, { fps, frames, farWidth = 0 }: CutOptions): string[] {
  const widest = Math.max(WIDEST_PX, farWidth);
  return [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error'],
    ...['-protocol_whitelist', 'file', '-format_whitelist', 'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm'],
    ...['-max_pixels', String(BENCH_LIMITS.pixels), '-threads', '1', '-i', clip],
    ...['-map', '0:v:0', '-an', '-sn', '-dn'],
    ...['-vf', `fps=${fps},scale=w='min(${widest}\\,iw)':h=-2:out_color_matrix=bt601:out_range=pc,format=yuvj420p`],
    // One more than wanted tells whether the clip goes on.
    ...['-frames:v', String(frames + 1), '-threads', '1', '-c:v', 'mjpeg', '-q:v', '2', '-f', 'image2', pattern],
  ];
}

/**
 * The clip's pictures, in order; an empty list when it cannot be read. The clip and its pictures lie in a folder of their
 * own, readable by this user alone, and are gone when this returns.
 */
export async function cutClip(clip: Uint8Array, options: CutOptions, signal?: AbortSignal): Promise<Frames> {
  const dir = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  try {
    const file = join(dir, 'clip');
    await writeFile(file, clip, { mode: 0o600 });
    await runFfmpeg(cutArguments(file, join(dir, '%04d.jpg'), options), signal);
    const names = (await readdir(dir)).filter((name) => name.endsWith('.jpg')).sort();
    const jpegs = await Promise.all(names.slice(0, options.frames).map((name) => readFile(join(dir, name))));
    return { jpegs, more: names.length > options.frames };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Settles when ffmpeg is gone, however it went: what it wrote tells how far it came. */
async function runFfmpeg(args: string[], signal?: AbortSignal): Promise<void> {
  const nice = lowPriority(process.env.HEADROOM_FFMPEG || 'ffmpeg', args);
  const limit = AbortSignal.timeout(CUT_LIMIT_MS);
  await new Promise<void>((resolve) => {
    const child = spawn(nice.command, nice.args, {
      stdio: 'ignore',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      killSignal: 'SIGKILL',
    });
    child.once('error', () => undefined);
    child.once('close', () => resolve());
  });
}

/** Removes what a worker left behind that was killed in the middle of a clip. */
export async function removeLeftClips(): Promise<void> {
  const names = await readdir(tmpdir()).catch((): string[] => []);
  for (const name of names) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid && !isProcessAlive(Number(pid))) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}
