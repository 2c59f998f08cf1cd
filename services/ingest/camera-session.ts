/** One ffmpeg run on one camera, from its start until it fails: whether its pictures come, are whole, and are of now. */
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { type Camera, staleAfterMs } from '../../shared/config/schema.ts';
import type { CameraState, SourceFailure } from '../../shared/contracts/camera.ts';
import { isDrillCamera } from '../../shared/contracts/drill.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { type SecretUrl, scrub } from '../../shared/runtime/secrets.ts';
import { BEHIND_LIMIT_MS, DecodingDelay } from './decoding-delay.ts';
import { ffmpegPlan, type Probing } from './ffmpeg-args.ts';
import { startFfmpeg } from './ffmpeg-session.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import { PictureAge } from './picture-age.ts';
import { DAMAGE_LIMIT_MS, PictureHealth } from './picture-health.ts';
import { readStderr } from './stderr-reader.ts';
import { unreadBytes } from './unread-bytes.ts';

/** Time to the first picture before the session is given up, by how patiently ffmpeg probes. */
const FIRST_PICTURE_MS: Record<Probing, number> = { quick: 5000, patient: 12_000 };

/** A camera that is merely slow to connect frees its place for the next after this long. */
const SLOT_HOLD_MS = 2000;

/** Pictures too old to be counted for this long end the session: a fresh one may begin with the present. */
const LATE_LIMIT_MS = 3000;

const CHECK_EVERY_MS = 100;
const STDERR_LINES_KEPT = 20;

const NO_PICTURE = 'The camera is connected but sends no more pictures.';
const NO_KEYFRAME =
  'The camera is connected but sends no key frame: staleAfterMs must be a second longer than from one to the next.';

type End = { failure: SourceFailure; detail: string; atOnce?: boolean };

/** Why a session ended. `atOnce`: the camera is there, and the next session needs no pause. */
export type Outcome = End & { liveForMs: number };

/** What is wrong with pictures that come. */
export type Trouble = Pick<CameraState, 'trouble' | 'detail'>;

export type SessionOptions = {
  camera: Camera;
  source: SecretUrl;
  probing: Probing;
  logger: Logger;
  metrics: IngestMetrics;
  signal: AbortSignal;
};

export type SessionEvents = {
  /** It shows pictures, or has taken so long that others may connect. Told again and again. */
  connected(): void;
  /** @param at its arrival, ms of the monotonic clock; `sound`: it may be counted, as far as the stream tells */
  picture(jpeg: Buffer, of: { capturedAt: number; at: number; sound: boolean }): void;
  /** Ten times a second. */
  judged(trouble: Trouble): void;
  /** It has failed and is about to be cleared away, which may take two seconds. */
  failed(end: End): void;
};

/** Always comes back with a reason, and with ffmpeg gone or given up. */
export async function watchSession(o: SessionOptions, on: SessionEvents): Promise<Outcome> {
  const { camera, source, logger, metrics, signal } = o;
  // Half a second less than the picture's life: the camera is marked lost before its number looks old.
  const stallMs = Math.max(2500, staleAfterMs(camera) - 500);
  // Clocks of live streams alone: a file waits for its reader, and HTTP comes in parcels.
  const isLive = source.scheme.startsWith('rtsp');
  const startedAt = performance.now();
  const health = new PictureHealth({ mayStandStill: isDrillCamera(camera.id) });
  const decoding = new DecodingDelay();
  const age = new PictureAge();
  let behindForMs: number | undefined;
  let lateSince: number | undefined;
  const lines: string[] = [];
  let lastPictureAt: number | undefined;
  let firstPictureAt: number | undefined;
  let told: End | undefined;
  let size: string | undefined;
  let resized: string | undefined;
  let exited = false;

  const picture = (jpeg: Buffer): void => {
    const at = performance.now();
    lastPictureAt = at;
    firstPictureAt ??= at;
    on.connected();
    health.picture(jpeg, at);
    metrics.sampled.inc({ camera: camera.id });
    const capturedAt = Math.round(Date.now() - age.arrived(at));
    on.picture(jpeg, { capturedAt, at, sound: behindForMs === undefined && health.judge(at).trouble === undefined });
  };

  const line = (text: string): void => {
    const now = performance.now();
    const fact = readStderr(text);
    if (fact.kind === 'noise') return;
    if (fact.kind === 'source-size') {
      const found = `${fact.widthPx}×${fact.heightPx}`;
      if (size !== undefined && size !== found) resized = found;
      size = found;
    } else if (fact.kind === 'keyframe') health.keyframe();
    else if (fact.kind === 'decoded') {
      decoding.decoded(fact.streamS, now);
      if (isLive) age.decoded(fact.streamS, now);
    } else if (fact.kind === 'decode-error' || fact.kind === 'missing-reference') {
      if (fact.kind === 'decode-error') health.decodeError(now);
      else health.missingReference(now);
      metrics.decodeErrors.inc({ camera: camera.id });
    } else {
      if (fact.kind === 'failure') told = { failure: fact.failure, detail: fact.detail };
      lines.push(scrub(text));
      if (lines.length > STDERR_LINES_KEPT) lines.shift();
    }
  };

  const session = startFfmpeg(ffmpegPlan(camera, source.reveal(), o.probing), { picture, line });
  void session.exited.then(() => {
    exited = true;
  });

  /** Why it is over, if it is. */
  const endOf = (now: number, damagedForMs: number): End | undefined => {
    if (exited) return told ?? ended(firstPictureAt !== undefined, lines);
    if (resized) return { failure: 'ended', detail: `The picture's size changed to ${resized}.`, atOnce: true };
    if (lastPictureAt === undefined) {
      if (now - startedAt <= FIRST_PICTURE_MS[o.probing]) return undefined;
      return told ?? { failure: 'timeout', detail: 'The camera sends no picture.' };
    }
    if (now - lastPictureAt > stallMs) {
      return { failure: 'stalled', detail: camera.keyframesOnly ? NO_KEYFRAME : NO_PICTURE };
    }
    if (damagedForMs > DAMAGE_LIMIT_MS) return { failure: 'corrupt', detail: 'The video is damaged.', atOnce: true };
    if ((behindForMs ?? 0) > BEHIND_LIMIT_MS) {
      const detail = 'The video is decoded more slowly than it comes.';
      return { failure: 'decoding-behind', detail, atOnce: true };
    }
    if (lateSince !== undefined && now - lateSince > LATE_LIMIT_MS) {
      const detail = `The video came ${(age.lateMs / 1000).toFixed(1)} s later than when the connection was at its best.`;
      return { failure: 'late-picture', detail, atOnce: true };
    }
    return undefined;
  };

  let end: End | undefined;
  while (!end && !signal.aborted) {
    await Promise.race([session.exited, delay(CHECK_EVERY_MS)]);
    const now = performance.now();
    if (now - startedAt > SLOT_HOLD_MS) on.connected();
    const { damagedForMs, ...damage } = health.judge(now);
    const waits = isLive && decoding.isLate && ((await unreadBytes(session.pid() ?? 0)) ?? 0) > 0;
    behindForMs = decoding.behindForMs(now, waits);
    if (age.lateMs > staleAfterMs(camera)) lateSince ??= now;
    else lateSince = undefined;
    if (damage.trouble) on.judged(damage);
    else on.judged({ trouble: behindForMs === undefined ? undefined : 'decoding-behind' });
    end = endOf(now, damagedForMs);
  }
  if (end) on.failed(end);
  await session.stop();
  const result = end ?? { failure: 'ended' as const, detail: 'stopped' };
  const liveForMs = firstPictureAt === undefined ? 0 : performance.now() - firstPictureAt;
  logger.debug({ cameraId: camera.id, ...result, liveForMs, ffmpeg: lines }, 'ffmpeg session over');
  return { ...result, liveForMs };
}

function ended(hadPictures: boolean, lines: string[]): End {
  if (hadPictures) return { failure: 'ended', detail: 'The camera ended the stream.' };
  const last = lines.at(-1)?.replace(/^\[[^\]]*\] /, '');
  return { failure: 'ffmpeg-failed', detail: last ? `ffmpeg: ${last}` : 'ffmpeg ended before the first picture.' };
}
