/** The demo: a synthetic crowd on a real RTSP stream, watched like any camera. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { startDemoCamera } from '../../infra/demo/demo-camera.ts';
import { Lifecycle, type Service } from '../../shared/runtime/lifecycle.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { checkPort } from './preflight.ts';
import { startHeadroom } from './up.ts';

const HOST = '127.0.0.1';
const PREFERRED_PORT = 8080;

/**
 * Starts the demo camera and a Headroom that watches it.
 * @throws HeadroomError
 */
export async function startDemo(logger: Logger): Promise<Service & { url: string; server: string }> {
  const lifecycle = new Lifecycle(logger, 9500);
  try {
    const abort = new AbortController();
    const camera = lifecycle.add('demo camera', await startDemoCamera({ signal: abort.signal }), (c) => c.close());
    const port = await checkPort(HOST, PREFERRED_PORT).then(
      () => PREFERRED_PORT,
      () => 0,
    );
    const dataDir = resolve('.headroom/demo');
    await mkdir(dataDir, { recursive: true });
    const configFile = join(dataDir, 'headroom.yaml');
    await writeFile(configFile, stringify(demoConfig(camera.url, port, dataDir)));
    const headroom = lifecycle.add('headroom', await startHeadroom(configFile, logger), (h) => h.close());
    const server = camera.kind === 'gstreamer' ? 'GStreamer' : 'the built-in RTSP server';
    return { url: headroom.url, server, close: () => lifecycle.close() };
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

function demoConfig(url: string, port: number, dataDir: string) {
  return {
    gateway: { host: HOST, port },
    dataDir,
    cameras: [
      {
        id: 'demo-plaza',
        name: 'Demo plaza',
        url,
        sampleFps: 2,
        // The renderer's own camera: 6.5 m up, 21° down, 700 px focal length at 432 px height.
        calibration: { mount: { heightM: 6.5, tiltDeg: 21 }, verticalFovDeg: 34.3 },
        zones: [
          {
            id: 'left',
            name: 'Plaza, left',
            polygon: [
              [0, 0.3],
              [0.5, 0.3],
              [0.5, 1],
              [0, 1],
            ],
            capacity: 60,
          },
          {
            id: 'right',
            name: 'Plaza, right',
            polygon: [
              [0.5, 0.3],
              [1, 0.3],
              [1, 1],
              [0.5, 1],
            ],
            capacity: 60,
          },
        ],
      },
    ],
  };
}
