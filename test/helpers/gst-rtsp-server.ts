/** GStreamer's RTSP server as a child process, and labelled pictures as a stream it can serve. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import sharp from 'sharp';

const SYSTEM_PYTHON = '/usr/bin/python3';
const SERVER = resolve(import.meta.dirname, '../../infra/demo/rtsp_server.py');
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 3000;

export type GstRtspOptions = {
  streams: { path: string; file: string }[];
  auth?: { user: string; password: string };
  /** End the streams after one pass instead of looping. */
  once?: boolean;
  /** Tell of every picture on its way to clients; see {@link GstRtspServer.onFrame}. */
  announce?: boolean;
  /** 0 or nothing: any free port. */
  port?: number;
};

/** A picture that went on air: its index within the clip, which repetition it was, and when, Unix ms. */
export type AiredFrame = { path: string; index: number; loop: number; atMs: number };

export type GstRtspServer = {
  readonly urls: string[];
  readonly port: number;
  /** @returns a function that ends the subscription */
  onFrame(callback: (frame: AiredFrame) => void): () => void;
  /** Ends the process and waits until it is gone. Safe to call twice. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** The camera hangs: connections stay open, nothing comes. */
  pause(): void;
  resume(): void;
};

/** Whether GStreamer's RTSP server is installed here. */
export function hasGstRtspServer(): boolean {
  try {
    const load = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer";
    execFileSync(SYSTEM_PYTHON, ['-E', '-c', load], { stdio: 'ignore', timeout: START_DEADLINE_MS });
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts the server and waits until it listens.
 * @throws Error with what it printed when it does not come up
 */
export async function startGstRtspServer(options: GstRtspOptions): Promise<GstRtspServer> {
  const flags = [
    ...options.streams.flatMap(({ path, file }) => ['--stream', `${path}=${file}`]),
    ...['--port', String(options.port ?? 0)],
    ...(options.auth ? ['--user', options.auth.user, '--password', options.auth.password] : []),
    ...(options.once ? ['--once'] : []),
    ...(options.announce ? ['--announce'] : []),
  ];
  // Its standard input stays open as long as this process lives: that is how it knows when to go.
  const child = spawn(SYSTEM_PYTHON, ['-E', SERVER, ...flags], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {});
  let complaint = '';
  child.stderr.on('data', (data) => {
    complaint = `${complaint}${data}`.slice(-2000);
  });

  const listeners = new Set<(frame: AiredFrame) => void>();
  const ready = Promise.withResolvers<{ urls: string[]; port: number }>();
  createInterface(child.stdout).on('line', (line) => {
    const event = JSON.parse(line) as { event: string };
    if (event.event === 'ready') ready.resolve(event as unknown as { urls: string[]; port: number });
    if (event.event === 'frame') for (const tell of listeners) tell(event as unknown as AiredFrame);
  });
  child.once('error', ready.reject);
  child.once('exit', (code) => ready.reject(new Error(`the RTSP server ended with ${code}: ${complaint.trim()}`)));
  const late = setTimeout(() => ready.reject(new Error(`the RTSP server is late: ${complaint}`)), START_DEADLINE_MS);
  try {
    const { urls, port } = await ready.promise;
    return {
      urls,
      port,
      onFrame(callback) {
        listeners.add(callback);
        return () => listeners.delete(callback);
      },
      stop: (signal) => end(child, signal),
      pause: () => void child.kill('SIGSTOP'),
      resume: () => void child.kill('SIGCONT'),
    };
  } catch (error) {
    await end(child, 'SIGKILL');
    throw error;
  } finally {
    clearTimeout(late);
  }
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  child.kill('SIGCONT'); // a paused process does not hear SIGTERM
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await gone;
  clearTimeout(force);
}

export type LabelledStreamOptions = {
  /** JPEG files, all of one size. */
  images: string[];
  secondsPerImage: number;
  fps: number;
  /** The H.264 file to write, `.mp4`. */
  out: string;
};

export type LabelledStream = {
  readonly file: string;
  readonly fps: number;
  readonly framesPerImage: number;
  /** Which of `images` frame `index` of the clip shows. */
  imageAt(index: number): number;
};

/**
 * Shows each picture for a while, at a quality that costs the count nothing; every picture starts with a key frame.
 * @throws Error when the pictures differ in size: scaling them would move the labels
 */
export async function makeLabelledStream(options: LabelledStreamOptions): Promise<LabelledStream> {
  const { images, secondsPerImage, fps, out } = options;
  const framesPerImage = Math.round(secondsPerImage * fps);
  const sizes = await Promise.all(images.map((image) => sharp(image).metadata()));
  const odd = sizes.findIndex((size) => size.width !== sizes[0]?.width || size.height !== sizes[0]?.height);
  if (odd >= 0) throw new Error(`${images[odd]} differs in size from ${images[0]}`);

  const input = ['-f', 'image2pipe', '-c:v', 'mjpeg', '-framerate', String(fps), '-i', 'pipe:0'];
  const filter = 'pad=ceil(iw/2)*2:ceil(ih/2)*2,format=yuv420p';
  const encoder = [
    '-color_range',
    'tv',
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-crf',
    '16',
    '-bf',
    '0',
    '-sc_threshold',
    '0',
  ];
  const keys = ['-g', String(fps), '-force_key_frames', `expr:not(mod(n,${framesPerImage}))`];
  const child = spawn('ffmpeg', ['-v', 'error', '-y', ...input, '-vf', filter, ...encoder, ...keys, out], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (data) => {
    complaint += data;
  });
  const ended = once(child, 'exit');
  async function* frames() {
    for (const image of images) {
      const jpeg = await readFile(image);
      for (let n = 0; n < framesPerImage; n++) yield jpeg;
    }
  }
  await pipeline(frames, child.stdin).catch(() => {}); // told by the exit code
  const [code] = await ended;
  if (code !== 0) throw new Error(`ffmpeg could not make ${out}: ${complaint}`);
  return { file: out, fps, framesPerImage, imageAt: (index) => Math.floor(index / framesPerImage) };
}
