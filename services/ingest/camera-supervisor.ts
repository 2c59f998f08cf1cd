/**
 * Keeps one camera watched: run, fail, wait, run, for ever. First connect and every reconnect are the same loop.
 * Nothing here can block another camera, and every wait is bounded.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Camera } from '../../shared/config/schema.ts';
import { staleAfterMs } from '../../shared/config/schema.ts';
import type { CameraState, SourceFailure } from '../../shared/contracts/camera.ts';
import { isDrillCamera } from '../../shared/contracts/drill.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { SecretUrl } from '../../shared/runtime/secrets.ts';
import { scrub } from '../../shared/runtime/secrets.ts';
import { retryDelayMs } from './backoff.ts';
import { answersRtsp } from './camera-probe.ts';
import { BEHIND_LIMIT_MS, DecodingDelay } from './decoding-delay.ts';
import { ffmpegPlan, type Probing } from './ffmpeg-args.ts';
import { startFfmpeg } from './ffmpeg-session.ts';
import type { GateKeeper } from './gate/gate-keeper.ts';
import type { GateVerdict } from './gate/picture-gate.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import { DAMAGE_LIMIT_MS, PictureHealth } from './picture-health.ts';
import type { Slots } from './slots.ts';
import { readStderr } from './stderr-reader.ts';
import { unreadBytes } from './unread-bytes.ts';

/** Time to the first picture before the session is given up, by how patiently ffmpeg probes. */
const FIRST_PICTURE_MS: Record<Probing, number> = { quick: 5000, patient: 12_000 };

/** A camera that is merely slow to connect frees its place for the next after this long. */
const SLOT_HOLD_MS = 2000;

/** A camera that was live for this long starts its backoff anew. */
const HEALTHY_MS = 10_000;

const CHECK_EVERY_MS = 100;
const PROBE_EVERY_MS = 1000;
const STDERR_LINES_KEPT = 20;

const NO_PICTURE = 'The camera is connected but sends no more pictures.';
const NO_KEYFRAME =
  'The camera is connected but sends no key frame: staleAfterMs must be a second longer than from one to the next.';

type Outcome = { failure: SourceFailure; detail: string; liveForMs: number; atOnce?: boolean };

export type SupervisorOptions = {
  camera: Camera;
  source: SecretUrl;
  node: string;
  slots: Slots;
  logger: Logger;
  metrics: IngestMetrics;
  gate: GateKeeper;
  /** `gated` pictures are to be shown, not counted. */
  onPicture(jpeg: Buffer, capturedAt: number, gated: boolean): void;
  onState(state: CameraState): void;
};

export class CameraSupervisor {
  readonly #o: SupervisorOptions;
  readonly #abort = new AbortController();
  readonly #stallMs: number;
  #state: CameraState;
  #attempt = 0;
  #logged = '';
  #probing: Probing = 'quick';
  #running: Promise<void> | undefined;
  /** Pictures that came, and the newest handed on: a look takes some milliseconds, and the latest picture wins. */
  #arrived = 0;
  #handedOn = 0;

  constructor(options: SupervisorOptions) {
    this.#o = options;
    // Half a second less than the picture's life: the camera is marked lost before its number looks old.
    this.#stallMs = Math.max(2500, staleAfterMs(options.camera) - 500);
    this.#state = {
      cameraId: options.camera.id,
      phase: 'connecting',
      since: Date.now(),
      attempt: 0,
      node: options.node,
    };
  }

  get state(): CameraState {
    return this.#state;
  }

  start(): void {
    this.#running ??= this.#loop();
  }

  /** Takes up what the video does not depend on: what is drawn on the picture, and when it is not counted. */
  configure(camera: Camera): void {
    this.#o.gate.configure(camera);
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #loop(): Promise<void> {
    const { metrics, camera, slots } = this.#o;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const release = await slots.acquire(signal);
      if (!release) return;
      this.#become({ phase: 'connecting', attempt: this.#attempt });
      const outcome = await this.#watch(release).finally(release);
      if (signal.aborted) return;

      if (outcome.liveForMs >= HEALTHY_MS) this.#attempt = 0;
      // A stream that gave no picture may lack the parameter sets that quick probing counts on.
      if (outcome.liveForMs > 0) this.#probing = 'quick';
      else if (outcome.failure === 'timeout') this.#probing = this.#probing === 'quick' ? 'patient' : 'quick';
      metrics.restarts.inc({ camera: camera.id, reason: outcome.failure });
      if (outcome.atOnce) {
        this.#become({ phase: 'connecting', reason: outcome.failure, detail: outcome.detail, attempt: this.#attempt });
        continue;
      }
      this.#attempt += 1;
      const waitMs = retryDelayMs(this.#attempt, outcome.failure, Math.random());
      this.#become({
        phase: 'no-signal',
        reason: outcome.failure,
        detail: outcome.detail,
        attempt: this.#attempt,
        retryAt: Date.now() + waitMs,
      });
      await this.#pause(waitMs, outcome.failure);
    }
  }

  /** One ffmpeg run, from start until it fails. Always comes back with a reason, and with ffmpeg gone. */
  async #watch(connected: () => void): Promise<Outcome> {
    const { camera, source, logger, metrics, gate } = this.#o;
    const startedAt = performance.now();
    const health = new PictureHealth({ mayStandStill: isDrillCamera(camera.id) });
    const delayed = new DecodingDelay();
    // Of live streams alone: a file waits for its reader, and HTTP comes in parcels.
    const isLive = source.scheme.startsWith('rtsp');
    let behindForMs: number | undefined;
    const lines: string[] = [];
    let lastPictureAt: number | undefined;
    let firstPictureAt: number | undefined;
    let told: { failure: SourceFailure; detail: string } | undefined;
    let size: string | undefined;
    let resized: string | undefined;
    let exited = false;

    const session = startFfmpeg(ffmpegPlan(camera, source.reveal(), this.#probing), {
      picture: (jpeg) => {
        const now = performance.now();
        lastPictureAt = now;
        if (firstPictureAt === undefined) {
          firstPictureAt = now;
          connected();
        }
        health.picture(jpeg, now);
        const capturedAt = Date.now();
        if (this.#state.phase !== 'live') this.#become({ phase: 'live', attempt: 0, since: capturedAt });
        metrics.sampled.inc({ camera: camera.id });
        void this.#handOn(jpeg, capturedAt, now, behindForMs !== undefined || health.judge(now).trouble !== undefined);
      },
      line: (text) => {
        const fact = readStderr(text);
        if (fact.kind === 'noise') return;
        if (fact.kind === 'source-size') {
          const found = `${fact.widthPx}×${fact.heightPx}`;
          if (size !== undefined && size !== found) resized = found;
          size = found;
          return;
        }
        if (fact.kind === 'keyframe') {
          health.keyframe();
          return;
        }
        if (fact.kind === 'decoded') {
          delayed.decoded(fact.streamS, performance.now());
          return;
        }
        if (fact.kind === 'decode-error' || fact.kind === 'missing-reference') {
          if (fact.kind === 'decode-error') health.decodeError(performance.now());
          else health.missingReference(performance.now());
          metrics.decodeErrors.inc({ camera: camera.id });
          return;
        }
        if (fact.kind === 'failure') told = { failure: fact.failure, detail: fact.detail };
        lines.push(scrub(text));
        if (lines.length > STDERR_LINES_KEPT) lines.shift();
      },
    });
    void session.exited.then(() => {
      exited = true;
    });

    let outcome: Omit<Outcome, 'liveForMs'> | undefined;
    while (!outcome && !this.#abort.signal.aborted) {
      await Promise.race([session.exited, delay(CHECK_EVERY_MS)]);
      const now = performance.now();
      if (now - startedAt > SLOT_HOLD_MS) connected();
      const { trouble, damagedForMs } = health.judge(now);
      const waits = isLive && delayed.isLate && ((await unreadBytes(session.pid() ?? 0)) ?? 0) > 0;
      behindForMs = delayed.behindForMs(now, waits);
      const late = behindForMs === undefined ? undefined : 'decoding-behind';
      if (this.#state.phase === 'live') this.#tell(trouble ?? late, gate.verdict);
      if (exited) outcome = told ?? ended(firstPictureAt !== undefined, lines);
      else if (resized)
        outcome = { failure: 'ended', detail: `The picture's size changed to ${resized}.`, atOnce: true };
      else if (lastPictureAt === undefined && now - startedAt > FIRST_PICTURE_MS[this.#probing]) {
        outcome = told ?? { failure: 'timeout', detail: 'The camera sends no picture.' };
      } else if (lastPictureAt !== undefined && now - lastPictureAt > this.#stallMs) {
        outcome = { failure: 'stalled', detail: camera.keyframesOnly ? NO_KEYFRAME : NO_PICTURE };
      } else if (damagedForMs > DAMAGE_LIMIT_MS) {
        outcome = { failure: 'corrupt', detail: 'The video is damaged.', atOnce: true };
      } else if (behindForMs !== undefined && behindForMs > BEHIND_LIMIT_MS) {
        outcome = {
          failure: 'decoding-behind',
          detail: 'The video is decoded more slowly than it comes.',
          atOnce: true,
        };
      }
    }
    if (outcome && !outcome.atOnce && this.#state.phase === 'live') {
      // The mark comes before the clean-up: killing ffmpeg may take two seconds.
      this.#become({ phase: 'no-signal', reason: outcome.failure, detail: outcome.detail, attempt: this.#attempt });
    }
    await session.stop();
    const result = outcome ?? { failure: 'ended', detail: 'stopped' };
    const liveForMs = firstPictureAt === undefined ? 0 : performance.now() - firstPictureAt;
    logger.debug({ cameraId: camera.id, ...result, liveForMs, ffmpeg: lines }, 'ffmpeg session over');
    return { ...result, liveForMs };
  }

  /** @param unsound not to be counted, whatever the gate says */
  async #handOn(jpeg: Buffer, capturedAt: number, now: number, unsound: boolean): Promise<void> {
    this.#arrived += 1;
    const number = this.#arrived;
    const { trouble } = await this.#o.gate.judge(jpeg, now);
    if (number < this.#handedOn || this.#abort.signal.aborted) return;
    this.#handedOn = number;
    this.#o.onPicture(jpeg, capturedAt, unsound || trouble !== undefined);
  }

  /** What is wrong with the pictures of a live camera. Black tells more than frozen, damage more than blur. */
  #tell(health: CameraState['trouble'], gate: GateVerdict): void {
    const trouble = gate.trouble === 'black' ? 'black' : (health ?? gate.trouble);
    if (trouble === this.#state.trouble) return;
    const { detail: _, ...live } = this.#state;
    const detail = trouble !== undefined && trouble === gate.trouble && 'detail' in gate ? { detail: gate.detail } : {};
    this.#become({ ...live, ...detail, trouble, troubleSince: trouble && Date.now() });
  }

  /**
   * Waits, but no longer than the camera is away: when its server did not answer and then does, the next try comes at
   * once. A server that answers all the time and still gives no picture waits out the full backoff.
   */
  async #pause(waitMs: number, failure: SourceFailure): Promise<void> {
    const { signal } = this.#abort;
    const until = performance.now() + waitMs;
    const probing =
      this.#o.source.scheme.startsWith('rtsp') && failure !== 'auth-failed' && failure !== 'forbidden-source';
    let wasAway = false;
    while (!signal.aborted && performance.now() < until) {
      const roundEnds = performance.now() + PROBE_EVERY_MS;
      if (probing) {
        const answers = await answersRtsp(this.#o.source, Math.min(PROBE_EVERY_MS, until - performance.now()));
        if (answers && wasAway) return;
        wasAway = !answers;
      }
      const rest = Math.min(roundEnds, until) - performance.now();
      await delay(Math.max(rest, 0), undefined, { signal }).catch(() => undefined);
    }
  }

  #become(change: Pick<CameraState, 'phase' | 'attempt'> & Partial<CameraState>): void {
    const before = this.#state;
    const { logger } = this.#o;
    // "connecting" after a failure keeps the failure's words: the operator sees why, and since when.
    const keep = change.phase === 'connecting' && before.phase !== 'live';
    this.#state = {
      cameraId: this.#o.camera.id,
      node: this.#o.node,
      since: keep || change.phase === before.phase ? before.since : Date.now(),
      ...(keep && before.reason ? { reason: before.reason } : {}),
      ...(keep && before.detail ? { detail: before.detail } : {}),
      ...change,
    };
    // An outage lasts from the loss of the picture over all its failed tries.
    if (before.phase !== 'live' && this.#state.phase === 'no-signal' && before.reason) this.#state.since = before.since;
    this.#o.metrics.live.set({ camera: this.#o.camera.id }, this.#state.phase === 'live' ? 1 : 0);
    const { cameraId, phase, reason, detail, attempt, trouble } = this.#state;
    // Every failed try of one outage is the same news: it is logged once.
    const news = phase === 'live' ? `live ${trouble}` : `${reason}`;
    if (news !== this.#logged) logger.info({ cameraId, phase, reason, detail, attempt, trouble }, 'camera state');
    this.#logged = news;
    this.#o.onState(this.#state);
  }
}

function ended(hadPictures: boolean, lines: string[]): Omit<Outcome, 'liveForMs'> {
  if (hadPictures) return { failure: 'ended', detail: 'The camera ended the stream.' };
  const last = lines.at(-1)?.replace(/^\[[^\]]*\] /, '');
  return { failure: 'ffmpeg-failed', detail: last ? `ffmpeg: ${last}` : 'ffmpeg ended before the first picture.' };
}
