/**
 * Labelled pictures as an H.264 stream over GStreamer's RTSP server: what is pushed must be as near to the truth as
 * `evaluate` is on the pictures of that stream, within ten percent: the path loses nothing. What the camera's compression
 * costs is printed beside it.
 *
 * HEADROOM_LABELLED_DIR names another labelled folder (pictures of one size are taken from it).
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { evaluate } from '../../models/evaluation/evaluate.ts';
import { type LabelledPicture, readLabelled } from '../../models/evaluation/labelled-data.ts';
import {
  type AiredFrame,
  type GstRtspServer,
  makeLabelledStream,
  startGstRtspServer,
} from '../helpers/gst-rtsp-server.ts';
import { connectLive, type LiveClient } from '../helpers/live-client.ts';
import { startSystem, type TestSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';

const DIR = process.env.HEADROOM_LABELLED_DIR ?? 'test/fixtures/labelled';
const PICTURES = Number(process.env.HEADROOM_LABELLED_PICTURES ?? 16);
const SECONDS_PER_PICTURE = 2;
const FPS = 10;
/** A picture counted this long after it went on air is that picture, and not the one before, ms. */
const SETTLED_MS = 700;

let dir: string;
let pictures: LabelledPicture[];
/** The same as the camera's compression left them. */
let sent: LabelledPicture[];
let server: GstRtspServer;
let system: TestSystem;
let live: LiveClient;
const aired: AiredFrame[] = [];

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-labelled-'));
  const all = await readLabelled(DIR);
  const first = all[0] as LabelledPicture;
  const alike = all.filter((p) => p.widthPx === first.widthPx && p.heightPx === first.heightPx);
  const step = Math.max(1, Math.floor(alike.length / PICTURES));
  pictures = alike.filter((_, i) => i % step === 0).slice(0, PICTURES);
  const stream = await makeLabelledStream({
    images: pictures.map(({ file }) => file),
    secondsPerImage: SECONDS_PER_PICTURE,
    fps: FPS,
    out: join(dir, 'labelled.mp4'),
  });
  sent = await decoded(stream.file);
  server = await startGstRtspServer({ streams: [{ path: '/labelled', file: stream.file }], announce: true });
  server.onFrame((frame) => aired.push(frame));
  system = await startSystem({ cameras: [{ id: 'labelled', url: server.urls[0] as string, sampleFps: 2 }] });
  live = await connectLive(system.wsUrl);
});
after(async () => {
  live?.close();
  await system?.stop();
  await server?.stop();
  await rm(dir, { recursive: true, force: true });
});

test('pushed counts are as good as evaluate on the same pictures', async (t) => {
  const framesPerPicture = SECONDS_PER_PICTURE * FPS;
  const pushed = new Map<number, number[]>();
  const collect = () => {
    pushed.clear();
    for (const { message } of live.readings('labelled')) {
      if (message.status !== 'ok') continue;
      const shown = pictureAt(message.capturedAt, framesPerPicture);
      if (shown === undefined) continue;
      pushed.set(shown, [...(pushed.get(shown) ?? []), message.count]);
    }
    return pushed.size === pictures.length;
  };
  await until(
    'every picture has been counted',
    collect,
    3 * pictures.length * SECONDS_PER_PICTURE * 1000 + 30_000,
    500,
  );
  live.close();

  const { evaluation } = await evaluate(sent, { model: 'standard' });
  const { evaluation: uncompressed } = await evaluate(pictures, { model: 'standard' });
  // Every picture weighs the same, however often it was counted.
  const errors = [...pushed].map(([index, counts]) => {
    const truth = pictures[index]?.heads.length as number;
    return counts.reduce((sum, count) => sum + Math.abs(count - truth), 0) / counts.length;
  });
  const mae = errors.reduce((a, b) => a + b, 0) / errors.length;
  t.diagnostic(
    `${pictures.length} pictures: MAE over the path ${mae.toFixed(2)}, evaluate ${evaluation.mae.toFixed(2)}, ratio ${(mae / evaluation.mae).toFixed(3)}; before compression ${uncompressed.mae.toFixed(2)}`,
  );
  // Half a head of rounding, for folders on which the model is almost right.
  assert.ok(mae <= evaluation.mae * 1.1 + 0.5, `${mae} against ${evaluation.mae}`);
});

/** The last frame of each picture in the stream's file: the one that compression has settled on. */
async function decoded(stream: string): Promise<LabelledPicture[]> {
  const each = SECONDS_PER_PICTURE * FPS;
  const select = ['-vf', `select=eq(mod(n\\,${each})\\,${each - 1})`, '-fps_mode', 'passthrough'];
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-i', stream, ...select, join(dir, 'sent-%03d.png')]);
  return pictures.map((picture, i) => ({ ...picture, file: join(dir, `sent-${String(i + 1).padStart(3, '0')}.png`) }));
}

/** Which picture was on air when a frame arrived at ingest; undefined near a change. */
function pictureAt(capturedAt: number, framesPerPicture: number): number | undefined {
  const now = lastAired(capturedAt);
  const settled = lastAired(capturedAt - SETTLED_MS);
  if (!now || !settled) return undefined;
  const [a, b] = [now, settled].map(({ index }) => Math.floor(index / framesPerPicture));
  return a === b ? a : undefined;
}

function lastAired(atMs: number): AiredFrame | undefined {
  return aired.findLast((frame) => frame.atMs <= atMs);
}
