/** The demo camera and GStreamer's RTSP server, read by a real ffmpeg. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { startDemoCamera } from '../../infra/demo/demo-camera.ts';
import {
  type AiredFrame,
  type GstRtspServer,
  hasGstRtspServer,
  makeLabelledStream,
  startGstRtspServer,
} from '../helpers/gst-rtsp-server.ts';
import { until } from '../helpers/until.ts';

const run = promisify(execFile);
const missing = hasGstRtspServer() ? false : "GStreamer's RTSP server is not installed";

/** Grey level of the picture that stands for image `index`. */
const grey = (index: number) => 40 + index * 50;

/** What the tests make of a picture: 8 by 8 grey pixels, of which one in the middle is looked at. */
const FRAME_BYTES = 64;
const MIDDLE = 36;

describe('RTSP servers', { timeout: 90_000 }, () => {
  let folder = '';
  let clip = '';
  const images: string[] = [];
  const children: ChildProcess[] = [];
  const servers: GstRtspServer[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rtsp-servers-test-'));
    for (let i = 0; i < 4; i++) {
      const image = join(folder, `${i}.jpg`);
      const background = { r: grey(i), g: grey(i), b: grey(i) };
      await sharp({ create: { width: 322, height: 181, channels: 3, background } })
        .jpeg()
        .toFile(image);
      images.push(image);
    }
    clip = (await makeLabelledStream({ images, secondsPerImage: 0.5, fps: 10, out: join(folder, 'clip.mp4') })).file;
  });

  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(servers.map((server) => server.stop('SIGKILL')));
    await rm(folder, { recursive: true, force: true });
  });

  async function serve(options: Omit<Parameters<typeof startGstRtspServer>[0], 'streams'> = {}) {
    const server = await startGstRtspServer({ streams: [{ path: '/labelled', file: clip }], ...options });
    servers.push(server);
    return { ...server, url: server.urls[0] as string };
  }

  /** A grey level of every frame that ffmpeg decodes. The URL goes in by standard input, as in ingest. */
  function read(url: string) {
    const startedAt = performance.now();
    const options = ['rtsp_transport tcp', 'probesize 32', 'analyzeduration 0']
      .map((line) => `option ${line}\n`)
      .join('');
    const input = ['-probesize', '32', '-analyzeduration', '0', '-f', 'concat', '-safe', '0'];
    const protocols = ['-protocol_whitelist', 'pipe,rtsp,tcp', '-i', 'pipe:0'];
    const output = ['-vf', 'scale=8:8', '-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'];
    const child = spawn('ffmpeg', ['-v', 'repeat+warning', ...input, ...protocols, ...output]);
    children.push(child);
    child.stdin.end(`ffconcat version 1.0\nfile '${url}'\n${options}`);
    const frames: { level: number; atMs: number }[] = [];
    let rest: Buffer = Buffer.alloc(0);
    let log = '';
    child.stdout.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data]);
      for (; rest.length >= FRAME_BYTES; rest = rest.subarray(FRAME_BYTES)) {
        frames.push({ level: rest[MIDDLE] as number, atMs: performance.now() - startedAt });
      }
    });
    child.stderr.on('data', (data) => {
      log += data;
    });
    return { frames, log: () => log, ended: () => child.exitCode !== null };
  }

  it('makes a labelled stream in which every picture starts with a key frame', async () => {
    const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'packet=flags', '-of', 'csv=p=0', clip]);
    const flags = stdout.trim().split('\n');
    assert.equal(flags.length, 20);
    for (const start of [0, 5, 10, 15]) assert.match(flags[start] as string, /^K/);
    await sharp(images[0]).resize(100, 100).toFile(join(folder, 'odd.jpg'));
    const mixed = { images: [images[1] as string, join(folder, 'odd.jpg')], secondsPerImage: 1, fps: 5, out: 'x.mp4' };
    await assert.rejects(makeLabelledStream(mixed), /differs in size/);
  });

  it('loops without a seam and says which picture is on air', { skip: missing }, async () => {
    const server = await serve({ announce: true });
    const aired: AiredFrame[] = [];
    server.onFrame((frame) => aired.push(frame));
    const reader = read(server.url);
    await until('two and a half loops', () => reader.frames.length > 50, 12_000);
    assert.ok((reader.frames[0]?.atMs ?? 9999) < 1500, `first frame after ${reader.frames[0]?.atMs} ms`);
    assert.doesNotMatch(reader.log(), /non.monoton|DTS|error|corrupt/i);
    reader.frames.slice(0, 50).forEach(({ level }, n) => {
      const { index, loop } = aired[n] as AiredFrame;
      assert.equal(index + loop * 20, n);
      assert.ok(Math.abs(level - grey(Math.floor(index / 5))) < 6, `frame ${n} is ${level}`);
    });
    const late = read(server.url);
    await until('a second client', () => late.frames.length > 5, 5000);
  });

  it('hangs when paused, goes on when resumed', { skip: missing }, async () => {
    const server = await serve();
    const reader = read(server.url);
    await until('frames', () => reader.frames.length > 3, 5000);
    server.pause();
    await sleep(400);
    const before = reader.frames.length;
    await sleep(600);
    assert.equal(reader.frames.length, before);
    server.resume();
    await until('frames again', () => reader.frames.length > before + 5, 5000);
    server.pause();
    await server.stop();
    await until('the client ends', reader.ended, 5000);
  });

  it('asks for a password and ends after one pass when told so', { skip: missing }, async () => {
    const server = await serve({ auth: { user: 'viewer', password: 'p@ss' }, once: true });
    const wrong = read(server.url);
    await until('no password, no entry', wrong.ended, 5000);
    assert.match(wrong.log(), /401/);
    const right = read(server.url.replace('rtsp://', 'rtsp://viewer:p%40ss@'));
    await until('the end of the stream', right.ended, 10_000);
    assert.equal(right.frames.length, 20);
  });

  it('refuses what is no video, with the file name', { skip: missing }, async () => {
    const streams = [{ path: '/x', file: images[0] as string }];
    await assert.rejects(startGstRtspServer({ streams }), /0\.jpg/);
  });

  it('shows the demo crowd, and leaves nothing behind when its parent is killed', async () => {
    const script = `
      import { startDemoCamera } from '${new URL('../../infra/demo/demo-camera.ts', import.meta.url)}';
      const camera = await startDemoCamera();
      console.log(camera.url);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(parent);
    const [line] = await once(parent.stdout, 'data');
    const reader = read(String(line).trim());
    await until('the crowd', () => reader.frames.length > 5, 8000);
    parent.kill('SIGKILL');
    await until('the camera is gone', reader.ended, 5000);
  });

  it('closes the demo camera on abort, and twice', async () => {
    const abort = new AbortController();
    const camera = await startDemoCamera({ signal: abort.signal });
    assert.equal(camera.kind, missing ? 'builtin' : 'gstreamer');
    abort.abort();
    await camera.close();
    await camera.close();
    const reader = read(camera.url);
    await until('nobody answers', reader.ended, 5000);
    await assert.rejects(startDemoCamera({ signal: abort.signal }), { name: 'AbortError' });
  });
});
