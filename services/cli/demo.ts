/** The demo: a synthetic crowd on a real RTSP stream, watched like any camera. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startDemoCamera } from '../../infra/demo/demo-camera.ts';
import { ConfigError, loadConfig } from '../../shared/config/load.ts';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import { Lifecycle, type Service } from '../../shared/runtime/lifecycle.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { lockDataDir } from './data-lock.ts';
import { writeDemoConfig } from './demo-config.ts';
import { checkPort } from './preflight.ts';
import { startHeadroom } from './up.ts';

const HOST = '127.0.0.1';
const PORTS_TRIED = 50;

export type Demo = Service & {
  url: string;
  /** What serves the demo camera. */
  server: string;
  /** Whether it is one of an earlier start, with what was set up then. */
  kept: boolean;
};

/**
 * Starts the demo camera and a Headroom that watches it.
 * @param reset with the demo as it comes, whatever was set up in an earlier one
 * @throws HeadroomError
 */
export async function startDemo(logger: Logger, reset = false): Promise<Demo> {
  const lifecycle = new Lifecycle(logger, 9500);
  try {
    const abort = new AbortController();
    const camera = lifecycle.add('demo camera', await startDemoCamera({ signal: abort.signal }), (c) => c.close());
    const dataDir = resolve('.headroom/demo');
    await mkdir(dataDir, { recursive: true });
    // Before the file is touched: it may be that of a demo that runs.
    lifecycle.add('lock', await lockDataDir(dataDir), (unlock) => unlock());
    const configFile = join(dataDir, 'headroom.yaml');
    const kept = await writeDemoConfig(configFile, { url: camera.url, host: HOST, dataDir, portFor: freePort, reset });
    // Refused where faulty: what was last good of it looks for the camera where an earlier start served it.
    await loadConfig(configFile);
    const headroom = lifecycle.add('headroom', await startHeadroom(configFile, logger), (h) => h.close());
    const server = camera.kind === 'gstreamer' ? 'GStreamer' : 'the built-in RTSP server';
    return { url: headroom.url, server, kept, close: () => lifecycle.close() };
  } catch (error) {
    await lifecycle.close();
    if (!(error instanceof ConfigError)) throw error;
    const hint = 'npm start -- --reset-demo begins the demo anew and keeps this file beside the new one.';
    throw new HeadroomError(error.code, `${error.message}\n${hint}`, { cause: error });
  }
}

/** A number, never "any": a gateway that is started again must be where the browser looks for it. */
async function freePort(wanted: number): Promise<number> {
  for (let port = wanted; port < Math.min(wanted + PORTS_TRIED, 65_536); port++) {
    const isFree = await checkPort(HOST, port).then(
      () => true,
      () => false,
    );
    if (isFree) return port;
  }
  // The start says that it is taken.
  return wanted;
}
