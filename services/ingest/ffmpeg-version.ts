/** Refuses an ffmpeg that would misbehave: before 5.0 `-timeout` turns the RTSP client into a server. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { HeadroomError } from '../../shared/runtime/errors.ts';

const OLDEST_FFMPEG_MAJOR = 5;

const run = promisify(execFile);

/**
 * Runs `ffmpeg -version`.
 * @returns the version as ffmpeg prints it
 * @throws HeadroomError FFMPEG_MISSING, FFMPEG_TOO_OLD
 */
export async function checkFfmpeg(path: string = process.env.HEADROOM_FFMPEG || 'ffmpeg'): Promise<string> {
  let output: string;
  try {
    output = (await run(path, ['-version'], { timeout: 10_000 })).stdout;
  } catch (cause) {
    const hint = `Install ffmpeg ${OLDEST_FFMPEG_MAJOR} or newer (Debian: apt-get install ffmpeg) or name one in HEADROOM_FFMPEG.`;
    throw new HeadroomError('FFMPEG_MISSING', `ffmpeg cannot be run. ${hint}`, { cause });
  }
  const version = /^ffmpeg version (\S+)/.exec(output)?.[1] ?? 'unknown';
  const libavformat = Number(/libavformat\s+(\d+)/.exec(output)?.[1] ?? 0);
  // Builds from git have no release number; libavformat 59 came with 5.0.
  if (libavformat < 59) {
    throw new HeadroomError(
      'FFMPEG_TOO_OLD',
      `ffmpeg ${version} is too old: Headroom needs ${OLDEST_FFMPEG_MAJOR}.0 or newer.`,
    );
  }
  return version;
}
