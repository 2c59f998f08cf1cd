/**
 * The demo's configuration: written once, then the newcomer's own. Later starts change only what a start decides (where
 * the demo camera serves, and the gateway's port where it is taken), so that nothing set up in the browser is lost.
 */
import { existsSync } from 'node:fs';
import { realpath, rename, stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { editable, putCamera, putSection, textOf } from '../../shared/config/edit.ts';
import { parseConfig, readConfigText, refuseEmpty } from '../../shared/config/load.ts';
import { putWholeFile } from '../../shared/config/whole-file.ts';
import { plainOf } from '../../shared/config/yaml.ts';

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

/** What is asked of a file that is there. A section may be empty. */
type Kept = { cameras?: { id: string }[] | null; gateway?: { port?: number } | null };

const CAMERA_ID = 'demo-plaza';
const PREFERRED_PORT = 8080;

/**
 * @param file the demo's own configuration; need not be there
 * @returns whether it holds what somebody set up in an earlier demo
 * @throws ConfigError when it is faulty, and HeadroomError when it cannot be read; it stays as it is then
 */
export async function writeDemoConfig(file: string, start: DemoStart): Promise<boolean> {
  const isThere = existsSync(file);
  if (!isThere || start.reset) {
    if (isThere) await rename(file, `${file}.before-reset`);
    const own = { mode: 0o666 & ~process.umask(), uid: -1, gid: -1 };
    await putWholeFile(file, stringify(asItComes(start, await start.portFor(PREFERRED_PORT))), own);
    return false;
  }
  const before = await readConfigText(file);
  refuseEmpty(before, file);
  parseConfig(before, file);
  const document = editable(before);
  const { cameras = [], gateway } = (plainOf(document) ?? {}) as Kept;
  const camera = cameras?.find(({ id }) => id === CAMERA_ID);
  if (camera) putCamera(document, { ...camera, url: start.url });
  const port = await start.portFor(gateway?.port || PREFERRED_PORT);
  putSection(document, 'gateway', { ...gateway, port });
  await putWholeFile(await realpath(file), textOf(document, before), await stat(file));
  return !isDeepStrictEqual(plainOf(document), asItComes(start, port));
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
