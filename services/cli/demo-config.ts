/**
 * The demo's configuration: written once, then the newcomer's own. Later starts change only what a start decides (where
 * the demo camera serves, and the gateway's port where it is taken), so that nothing set up in the browser is lost.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { editable, putCamera, putSection, textOf } from '../../shared/config/edit.ts';

export type DemoStart = {
  /** Address of the demo camera of this start. */
  url: string;
  host: string;
  dataDir: string;
  /** Gives the port, where it is free, or another one that is. */
  portFor: (wanted: number) => Promise<number>;
  /** Start with the demo as it comes. The file before is kept beside the new one. */
  reset?: boolean | undefined;
};

const CAMERA_ID = 'demo-plaza';
const PREFERRED_PORT = 8080;

/**
 * @param file the demo's own configuration; need not be there
 * @returns whether it holds what somebody set up in an earlier demo
 */
export async function writeDemoConfig(file: string, start: DemoStart): Promise<boolean> {
  const before = await readFile(file, 'utf8').catch(() => undefined);
  if (before === undefined || start.reset) {
    if (before !== undefined) await rename(file, `${file}.before-reset`);
    await writeFile(file, stringify(asItComes(start, await start.portFor(PREFERRED_PORT))));
    return false;
  }
  const document = editable(before);
  // A file that is no YAML stays as it is: the start says what is wrong with it.
  if (document.errors.length > 0) return true;
  const { cameras, gateway } = (document.toJS() ?? {}) as { cameras?: unknown; gateway?: { port?: unknown } };
  const camera = (Array.isArray(cameras) ? cameras : []).find((one) => one?.id === CAMERA_ID);
  if (camera) putCamera(document, { ...camera, url: start.url });
  const wanted = typeof gateway?.port === 'number' && gateway.port > 0 ? gateway.port : PREFERRED_PORT;
  const port = await start.portFor(wanted);
  putSection(document, 'gateway', { ...gateway, port });
  await writeFile(file, textOf(document, before));
  return !isDeepStrictEqual(document.toJS(), asItComes(start, port));
}

function asItComes({ url, host, dataDir }: DemoStart, port: number) {
  return {
    gateway: { host, port },
    dataDir,
    cameras: [
      {
        id: CAMERA_ID,
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
