/**
 * One ffmpeg process on one camera. The only file that knows fluent-ffmpeg, which serves as argument builder and
 * spawner (it is archived upstream; a plain spawn can replace it here).
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import ffmpeg from 'fluent-ffmpeg';
import type { FfmpegPlan } from './ffmpeg-args.ts';
import { JpegSplitter } from './jpeg-splitter.ts';

/** Time ffmpeg has to leave on SIGTERM before SIGKILL. */
const TERM_GRACE_MS = 1000;

/** Time after SIGKILL beyond which nobody waits any more. */
const KILL_GRACE_MS = 1000;

export type FfmpegSession = {
  /** Its process number, once it runs. */
  pid(): number | undefined;
  /** Settles when the process is gone, however it went. Never rejects. */
  readonly exited: Promise<void>;
  /** SIGTERM, then SIGKILL. Resolves within about two seconds; calling it again is harmless. */
  stop(): Promise<void>;
};

const tether = fileURLToPath(new URL('../../infra/scripts/ffmpeg-tethered.sh', import.meta.url));
const canTether = process.platform === 'linux' && ['/usr/bin/setpriv', '/bin/setpriv'].some((path) => existsSync(path));

/** The ffmpeg to run: tied to this process's life where the system can do that. */
export const ffmpegPath = (): string => (canTether ? tether : process.env.HEADROOM_FFMPEG || 'ffmpeg');

/**
 * Starts ffmpeg. Pictures and messages arrive through the callbacks, whole and in order.
 */
export function startFfmpeg(
  plan: FfmpegPlan,
  on: { picture(jpeg: Buffer): void; line(text: string): void },
): FfmpegSession {
  let stopping = false;
  let gone = false;
  let settle: () => void = () => undefined;
  const exited = new Promise<void>((resolve) => {
    settle = () => {
      gone = true;
      resolve();
    };
  });

  const script = Readable.from([plan.script]);
  // ffmpeg may die before it has read its script.
  script.on('error', () => undefined);
  const command = ffmpeg(script)
    .setFfmpegPath(ffmpegPath())
    .inputOptions(plan.inputOptions)
    .outputOptions(plan.outputOptions)
    // kill() before the spawn does nothing: a stop that came too early is made up for here.
    .on('start', () => {
      if (stopping) command.kill('SIGKILL');
    })
    .on('stderr', (text: string) => on.line(text))
    // On a live source "end" is a failure like any other: ffmpeg exits with 0 when a camera goes away.
    .on('end', () => settle())
    .on('error', () => settle());

  const splitter = new JpegSplitter();
  const pictures = command.pipe();
  pictures.on('data', (chunk: Buffer) => {
    try {
      for (const jpeg of splitter.push(chunk)) if (!stopping) on.picture(jpeg);
    } catch {
      void stop();
    }
  });
  pictures.on('error', () => undefined);

  const within = (ms: number) =>
    Promise.race([exited, new Promise<void>((resolve) => setTimeout(resolve, ms).unref())]);

  async function stop(): Promise<void> {
    stopping = true;
    if (gone) return;
    command.kill('SIGTERM');
    await within(TERM_GRACE_MS);
    if (gone) return;
    command.kill('SIGKILL');
    await within(KILL_GRACE_MS);
  }

  // The library keeps its process to itself.
  const pid = () => (command as unknown as { ffmpegProc?: ChildProcess }).ffmpegProc?.pid;
  return { pid, exited, stop };
}
