/** The demo's camera: the crowd clip over RTSP, by GStreamer's server where it is installed, else by our small one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startRtspServer } from './small-rtsp-server.ts';

export type DemoCamera = { readonly url: string; readonly kind: 'gstreamer' | 'builtin'; close(): Promise<void> };

export type DemoCameraOptions = {
  /** Ends the camera when aborted. */
  signal?: AbortSignal;
  logger?: { info(fields: object, message: string): void };
};

/** Debian's own Python: GStreamer's bindings are packages of the system. */
const SYSTEM_PYTHON = '/usr/bin/python3';
const START_DEADLINE_MS = 8000;
const STOP_DEADLINE_MS = 1000;

const CLIP = fileURLToPath(new URL('crowd.mp4', import.meta.url));
const GST_SERVER = fileURLToPath(new URL('rtsp_server.py', import.meta.url));

/**
 * Starts the demo camera on a free port of the loopback interface.
 * @throws Error when neither server can start, or the signal is already aborted
 */
export async function startDemoCamera({ signal, logger }: DemoCameraOptions = {}): Promise<DemoCamera> {
  signal?.throwIfAborted();
  const camera = await startGstreamer().catch(async (error: Error): Promise<DemoCamera> => {
    logger?.info({ reason: error.message }, 'GStreamer is not here; the built-in RTSP server serves the demo');
    const server = await startRtspServer({ streams: [{ path: '/crowd', file: CLIP }] });
    return { url: server.urls[0] as string, kind: 'builtin', close: server.close };
  });
  if (signal?.aborted) {
    await camera.close();
    signal.throwIfAborted();
  }
  signal?.addEventListener('abort', () => void camera.close(), { once: true });
  return camera;
}

/** The child reads its standard input to the end: when this process is gone, by whatever means, so is the child. */
async function startGstreamer(): Promise<DemoCamera> {
  const child = spawn(SYSTEM_PYTHON, ['-E', GST_SERVER, '--port', '0', '--stream', `/crowd=${CLIP}`], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {});
  try {
    const url = await readyUrl(child);
    // From here on nothing is read, and nothing may block the child either.
    child.stdout.resume();
    child.stderr.resume();
    return { url, kind: 'gstreamer', close: () => stop(child) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

function readyUrl(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const late = setTimeout(() => reject(new Error('it did not start in time')), START_DEADLINE_MS);
  let complaint = '';
  child.stderr?.on('data', (data) => {
    complaint = `${complaint}${data}`.slice(-500);
  });
  child.once('error', reject);
  child.once('exit', () => reject(new Error(complaint.trim().split('\n').at(-1) || 'it ended at once')));
  if (child.stdout) {
    createInterface(child.stdout).once('line', (line) => {
      try {
        resolve((JSON.parse(line) as { urls: string[] }).urls[0] as string);
      } catch (cause) {
        reject(new Error(`unexpected output: ${line}`, { cause }));
      }
    });
  }
  return promise.finally(() => clearTimeout(late));
}

/** SIGTERM, then SIGKILL. Safe to call twice. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  child.kill('SIGTERM');
  await gone;
  clearTimeout(force);
}
