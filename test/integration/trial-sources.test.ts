/** Sources for trials: a file and an HTTP MJPEG camera, allowed only when the configuration asks for them. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { connectLive } from '../helpers/live-client.ts';
import { startSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';

const CLIP = resolve('infra/demo/crowd.mp4');
const PICTURES_PER_SECOND = 5;
let dir: string;
let camera: Server;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-mjpeg-'));
  await promisify(execFile)('ffmpeg', [
    '-v',
    'error',
    '-i',
    CLIP,
    '-t',
    '4',
    '-vf',
    'scale=320:-2,fps=5',
    join(dir, '%03d.jpg'),
  ]);
  const pictures = await Promise.all((await readdir(dir)).sort().map((name) => readFile(join(dir, name))));
  camera = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frame' });
    let index = 0;
    const timer = setInterval(() => {
      const jpeg = pictures[index++ % pictures.length] as Buffer;
      response.write(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`);
      response.write(jpeg);
      response.write('\r\n');
    }, 1000 / PICTURES_PER_SECOND);
    response.on('close', () => clearInterval(timer));
  });
  await new Promise<void>((done) => camera.listen(0, '127.0.0.1', done));
});
after(async () => {
  camera?.closeAllConnections();
  camera?.close();
  await rm(dir, { recursive: true, force: true });
});

test('a file and an HTTP MJPEG camera are counted', async () => {
  const { port } = camera.address() as AddressInfo;
  const system = await startSystem({
    cameras: [
      { id: 'file', url: `file:${CLIP}` },
      { id: 'mjpeg', url: `http://127.0.0.1:${port}/stream`, sampleFps: 1 },
    ],
    config: { ingest: { trialSchemes: ['file', 'http'] }, worker: { processes: 1 } },
  });
  try {
    const live = await connectLive(system.wsUrl);
    for (const id of ['file', 'mjpeg']) {
      await until(
        `${id} is counted three times`,
        () => live.readings(id).filter(({ message }) => message.status === 'ok').length >= 3,
        30_000,
      );
    }
    live.close();
  } finally {
    await system.stop();
  }
});
