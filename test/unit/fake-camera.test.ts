/** The test cameras themselves, read by a real ffmpeg over TCP. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { loadClip } from '../../infra/demo/h264-clip.ts';
import { startRtspServer } from '../../infra/demo/small-rtsp-server.ts';
import { createFakeCamera, type FakeCamera, type FakeCameraMode } from '../helpers/fake-camera.ts';
import { distort, PictureSource } from '../helpers/fake-camera-modes.ts';
import { until } from '../helpers/until.ts';

const run = promisify(execFile);
const FRAME_BYTES = 64 * 36;

/** A real ffmpeg reading a camera: what came out, what it said, and whether it has ended. */
type Reader = { frames(): number; pictures: Buffer[]; log(): string; ended(): boolean };

describe('fake camera', { timeout: 240_000 }, () => {
  let folder = '';
  let clip = '';
  const children: ChildProcess[] = [];
  const cameras: FakeCamera[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fake-camera-test-'));
    clip = join(folder, 'clip.mp4');
    await encode(clip, { seconds: 2, group: 10 });
  });

  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(cameras.map((camera) => camera.close()));
    await rm(folder, { recursive: true, force: true });
  });

  /** Ten pictures a second, the first one of each group a key frame. */
  async function encode(out: string, { seconds, group }: { seconds: number; group: number }): Promise<void> {
    const source = ['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=10:duration=${seconds}`];
    const coded = ['-c:v', 'libx264', '-bf', '0', '-g', String(group), '-sc_threshold', '0', '-pix_fmt', 'yuv420p'];
    await run('ffmpeg', ['-v', 'error', ...source, ...coded, out]);
  }

  async function camera(mode: FakeCameraMode, options: { user?: string; password?: string; redirectTo?: string } = {}) {
    const made = await createFakeCamera({ clip, mode, ...options });
    cameras.push(made);
    return made;
  }

  function read(url: string): Reader {
    const input = ['-rtsp_transport', 'tcp', '-probesize', '32', '-analyzeduration', '0', '-i', url];
    const output = ['-vf', 'scale=64:36', '-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'];
    const child = spawn('ffmpeg', ['-v', 'repeat+warning', '-nostdin', ...input, ...output], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    const pictures: Buffer[] = [];
    let rest = Buffer.alloc(0);
    let log = '';
    child.stdout.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data]);
      for (; rest.length >= FRAME_BYTES; rest = rest.subarray(FRAME_BYTES))
        pictures.push(rest.subarray(0, FRAME_BYTES));
    });
    child.stderr.on('data', (data) => {
      log += data;
    });
    return { frames: () => pictures.length, pictures, log: () => log, ended: () => child.exitCode !== null };
  }

  it('shows its pictures across the end of the clip without a complaint about time stamps', async () => {
    const reader = read((await camera('ok')).url);
    await until('more frames than the clip has', () => reader.frames() > 25, 8000);
    assert.doesNotMatch(reader.log(), /non.monoton|DTS|error|corrupt/i);
  });

  it('gives a newcomer the running group of pictures at once, and so does the small server', async () => {
    const file = join(folder, 'one-key-frame.mp4');
    await encode(file, { seconds: 60, group: 600 });
    assert.equal((await loadClip(file)).units.filter(({ key }) => key).length, 1);
    const made = await createFakeCamera({ clip: file });
    cameras.push(made);
    const server = await startRtspServer({ streams: [{ path: '/a', file }] });
    try {
      // The next key frame comes a minute after the first one.
      const readers = [made.url, ...server.urls].map(read);
      await until('a frame from both', () => readers.every((reader) => reader.frames() > 0), 20_000);
    } finally {
      await server.close();
    }
  });

  it('drops its clients and takes new ones again', async () => {
    const shown = await camera('ok');
    const reader = read(shown.url);
    await until('frames', () => reader.frames() > 3, 5000);
    await shown.setMode('drop');
    await until('ffmpeg ends', reader.ended, 5000);
    assert.equal(shown.connections(), 0);
    await shown.setMode('ok');
    const again = read(shown.url);
    await until('frames again', () => again.frames() > 0, 5000);
    assert.equal(shown.describeCount(), 2);
  });

  it('hangs with the connection open', async () => {
    const shown = await camera('ok');
    const reader = read(shown.url);
    await until('frames', () => reader.frames() > 3, 5000);
    await shown.setMode('hang');
    await sleep(300);
    const before = reader.frames();
    await sleep(800);
    assert.equal(reader.frames(), before);
    assert.equal(reader.ended(), false);
    assert.equal(shown.connections(), 1);
  });

  it('knows its password', async () => {
    const shown = await camera('ok', { user: 'viewer', password: 'p@ss/word' });
    const right = read(shown.url);
    const wrong = read(shown.url.replace('viewer:', 'viewer:x'));
    await until('frames with the password', () => right.frames() > 0, 5000);
    await until('the other one ends', wrong.ended, 5000);
    assert.match(wrong.log(), /401/);
    await shown.setMode('unauthorized');
    const late = read(shown.url);
    await until('nobody gets in', () => late.ended() && right.ended(), 5000);
    assert.match(late.log(), /401/);
  });

  it('sends clients elsewhere', async () => {
    const target = await camera('ok');
    const shown = await camera('redirect', { redirectTo: target.url });
    const reader = read(shown.url);
    await until('frames from the other camera', () => reader.frames() > 0, 5000);
    assert.equal(target.describeCount(), 1);
  });

  for (const mode of ['silent-options', 'silent-describe', 'silent-setup', 'zero', 'no-keyframes'] as const) {
    it(`gives no picture: ${mode}`, async () => {
      const shown = await camera(mode);
      const reader = read(shown.url);
      await until('the client is there', () => shown.connections() === 1, 3000);
      await sleep(1200);
      assert.equal(reader.frames(), 0);
    });
  }

  it('sends garbage that decoders complain about', async () => {
    const shown = await camera('ok');
    const reader = read(shown.url);
    await until('frames', () => reader.frames() > 3, 5000);
    void shown.setMode('garbage', { afterMs: 200 });
    await until('complaints', () => (reader.log().match(/error|invalid|out of range/gi) ?? []).length > 5, 6000);
    assert.equal(shown.mode(), 'garbage');
  });

  it('goes on through bit errors, another size and a clock that jumps', async () => {
    const shown = await camera('ok');
    const reader = read(shown.url);
    await until('frames', () => reader.frames() > 3, 5000);
    for (const mode of ['bitflip', 'resolution', 'clock-jump', 'ok'] as const) {
      const before = reader.frames();
      await shown.setMode(mode, { jumpMs: -3_600_000 });
      await until(`frames in mode ${mode}`, () => reader.frames() > before + 12, 8000);
    }
    assert.equal(reader.ended(), false);
  });

  it('freezes while time goes on', async () => {
    const reader = read((await camera('frozen')).url);
    await until('frames', () => reader.frames() > 8, 5000);
    assert.equal(new Set(reader.pictures.map((picture) => picture.toString('latin1'))).size, 1);
  });

  it('is slow, or floods', async () => {
    const startedAt = performance.now();
    const slow = read((await camera('slow')).url);
    const flood = read((await camera('flood')).url);
    await until('a flood', () => flood.frames() > 100, 20_000);
    await until('some slow frames', () => slow.frames() > 4, 20_000);
    const [frames, seconds] = [slow.frames(), (performance.now() - startedAt) / 1000];
    assert.ok(frames <= seconds + 1, `${frames} frames from the slow camera in ${seconds} s`);
  });

  it('serves several clients and paths from the small server it is made of', async () => {
    const server = await startRtspServer({
      streams: [
        { path: '/a', file: clip },
        { path: 'b', file: clip },
      ],
    });
    try {
      const readers = [...server.urls, ...server.urls].map(read);
      await until('frames for all', () => readers.every((reader) => reader.frames() > 5), 8000);
      const nowhere = read(server.urls[0]?.replace('/a', '/nowhere') as string);
      await until('the wrong path ends', nowhere.ended, 5000);
      assert.match(nowhere.log(), /404/);
    } finally {
      await server.close();
    }
  });

  it('damages what the mode says and nothing else', async () => {
    const loaded = await loadClip(clip);
    assert.equal(loaded.units.length, 20);
    assert.deepEqual(
      loaded.units.flatMap((unit, index) => (unit.key ? [index] : [])),
      [0, 10],
    );
    const nal = Buffer.alloc(5000, 7).fill(0x65, 0, 1);
    assert.deepEqual(distort('ok', [nal]), [nal]);
    assert.equal(distort('garbage', [nal])[0]?.[0], 0x65);
    assert.deepEqual(distort('zero', [nal])[0], Buffer.alloc(5000));
    const source = new PictureSource(loaded);
    const [first] = source.next('ok');
    source.jump(3_600_000);
    const [second] = source.next('ok');
    assert.equal((second?.ticks ?? 0) - (first?.ticks ?? 0), 90_000 * 3600 + 9000);
    assert.ok(
      source.next('burst').length === 20 &&
        source.next('no-keyframes').every(({ nals }) => nals.every((n) => ((n[0] ?? 0) & 31) === 1)),
    );
  });
});
