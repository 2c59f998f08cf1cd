/**
 * Keeps one camera watched: run, fail, wait, run, for ever. First connect and every reconnect are the same loop.
 * Nothing here can block another camera, and every wait is bounded.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Camera } from '../../shared/config/schema.ts';
import type { CameraState, SourceFailure } from '../../shared/contracts/camera.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { SecretUrl } from '../../shared/runtime/secrets.ts';
import { retryDelayMs } from './backoff.ts';
import { answersRtsp } from './camera-probe.ts';
import { type Outcome, type Trouble, watchSession } from './camera-session.ts';
import type { Probing } from './ffmpeg-args.ts';
import type { GateKeeper } from './gate/gate-keeper.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import type { Slots } from './slots.ts';

/** A camera that was live for this long starts its backoff anew. */
const HEALTHY_MS = 10_000;

const PROBE_EVERY_MS = 1000;

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
  #state: CameraState;
  #attempt = 0;
  /** It has failed more than once and has shown no sign of life since: it connects after the others. */
  #failing = false;
  #logged = '';
  #probing: Probing = 'quick';
  #running: Promise<void> | undefined;
  /** Pictures that came, and the newest handed on: a look takes some milliseconds, and the latest picture wins. */
  #arrived = 0;
  #handedOn = 0;

  constructor(options: SupervisorOptions) {
    this.#o = options;
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
      const release = await slots.acquire(signal, this.#failing);
      if (!release) return;
      this.#become({ phase: 'connecting', attempt: this.#attempt });
      const outcome = await this.#watch(release).finally(release);
      if (signal.aborted) return;

      if (outcome.liveForMs >= HEALTHY_MS) this.#attempt = 0;
      // A stream that gave no picture may lack the parameter sets that quick probing counts on.
      if (outcome.liveForMs > 0) this.#probing = 'quick';
      else if (outcome.failure === 'timeout') this.#probing = this.#probing === 'quick' ? 'patient' : 'quick';
      metrics.restarts.inc({ camera: camera.id, reason: outcome.failure });
      this.#failing = false;
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
      const isBack = await this.#pause(waitMs, outcome.failure);
      this.#failing = this.#attempt > 1 && outcome.liveForMs === 0 && !isBack;
    }
  }

  #watch(connected: () => void): Promise<Outcome> {
    const { camera, source, logger, metrics } = this.#o;
    const options = { camera, source, probing: this.#probing, logger, metrics, signal: this.#abort.signal };
    return watchSession(options, {
      connected,
      picture: (jpeg, { capturedAt, at, sound }) => {
        if (this.#state.phase !== 'live') this.#become({ phase: 'live', attempt: 0, since: capturedAt });
        void this.#handOn(jpeg, capturedAt, at, !sound);
      },
      judged: (trouble) => {
        if (this.#state.phase === 'live') this.#tell(trouble);
      },
      failed: ({ failure, detail, atOnce }) => {
        if (atOnce || this.#state.phase !== 'live') return;
        this.#become({ phase: 'no-signal', reason: failure, detail, attempt: this.#attempt });
      },
    });
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
  #tell(stream: Trouble): void {
    const gate = this.#o.gate.verdict;
    const told = gate.trouble === 'black' || stream.trouble === undefined ? gate : stream;
    const trouble = told.trouble;
    const before = this.#state;
    // A cause that becomes known is news; the gate measures its own anew with every picture.
    const known = told === gate || before.detail === stream.detail;
    if (trouble === before.trouble && known) return;
    const { detail: _, ...live } = before;
    const detail = 'detail' in told && told.detail !== undefined ? { detail: told.detail } : {};
    const troubleSince = trouble === before.trouble ? before.troubleSince : trouble && Date.now();
    this.#become({ ...live, ...detail, trouble, troubleSince });
  }

  /**
   * Waits, but no longer than the camera is away: when its server did not answer and then does, the next try comes at
   * once. A server that answers all the time and still gives no picture waits out the full backoff.
   * @returns whether its server has come back
   */
  async #pause(waitMs: number, failure: SourceFailure): Promise<boolean> {
    const { signal } = this.#abort;
    const until = performance.now() + waitMs;
    const probing =
      this.#o.source.scheme.startsWith('rtsp') && failure !== 'auth-failed' && failure !== 'forbidden-source';
    let wasAway = false;
    while (!signal.aborted && performance.now() < until) {
      const roundEnds = performance.now() + PROBE_EVERY_MS;
      if (probing) {
        const answers = await answersRtsp(this.#o.source, Math.min(PROBE_EVERY_MS, until - performance.now()));
        if (answers && wasAway) return true;
        wasAway = !answers;
      }
      const rest = Math.min(roundEnds, until) - performance.now();
      await delay(Math.max(rest, 0), undefined, { signal }).catch(() => undefined);
    }
    return false;
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
