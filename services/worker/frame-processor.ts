/** One job: read the camera's newest picture, have it counted, publish the reading. */
import type { Redis } from 'ioredis';
import { type Camera, staleAfterMs } from '../../shared/config/schema.ts';
import { isDrillCamera } from '../../shared/contracts/drill.ts';
import type { EvidencePrivacy } from '../../shared/contracts/evidence.ts';
import { type Frame, FrameMeta } from '../../shared/contracts/frame.ts';
import { frameKeys } from '../../shared/contracts/keys.ts';
import type { WorkerReading } from '../../shared/contracts/reading.ts';
import { publishHeatmap, publishReading } from '../../shared/readings/reading-publisher.ts';
import type { InferencePool } from './inference-pool.ts';
import type { CountedLines, LineDesk } from './lines/line-desk.ts';
import { Quarantine } from './quarantine.ts';
import type { ReplayWriter } from './replay-writer.ts';
import type { WorkerDropReason, WorkerMetrics } from './worker-metrics.ts';

export type ProcessorOptions = {
  pool: InferencePool;
  frames: Redis;
  state: Redis;
  replay: ReplayWriter;
  lines: LineDesk;
  metrics: WorkerMetrics;
  /** The loaded model that counts a camera now. */
  modelOf(camera: Camera): string;
  warmStart: boolean;
  /** A configured one, or one of a drill under way. */
  camera(id: string): Camera | undefined;
  /** What the alerts service keeps of a change of level. */
  evidence(): EvidencePrivacy;
};

/** Only what is counted by zone can change a level; a picture nobody keeps is not held either. */
function recentPartsOf(privacy: EvidencePrivacy, camera: Camera): 'picture' | 'heatmap' | undefined {
  if (privacy === 'off' || camera.zones.length === 0) return undefined;
  return privacy === 'heatmap' ? 'heatmap' : 'picture';
}

/** What every reading of a picture begins with. */
function headOf({ cameraId, seq, capturedAt }: Frame) {
  const mark = isDrillCamera(cameraId) ? { exercise: true as const } : {};
  return { ...mark, cameraId, seq, capturedAt, publishedAt: Date.now() };
}

export class FrameProcessor {
  readonly #o: ProcessorOptions;
  readonly #lastSeq = new Map<string, number>();
  readonly #quarantine = new Quarantine();

  constructor(options: ProcessorOptions) {
    this.#o = options;
  }

  /** Remembers whose picture an inference process died on. */
  crashed(cameraId: string): void {
    this.#quarantine.crashed(cameraId, Date.now());
  }

  /** @throws when Redis does not answer; the job then counts as failed and the next picture makes a new one */
  async process(cameraId: string): Promise<void> {
    const { pool, metrics, frames, warmStart } = this.#o;
    const camera = this.#o.camera(cameraId);
    if (!camera) return this.#drop(cameraId, 'unknown-camera');
    if (this.#quarantine.holds(cameraId, Date.now())) return this.#leaveOut(camera);

    let frame: Frame | undefined;
    const result = await pool.count(cameraId, async () => {
      frame = await this.#newestFrame(camera);
      if (!frame) return undefined;
      const { seq, capturedAt, jpeg } = frame;
      return {
        cameraId,
        seq,
        capturedAt,
        jpeg,
        model: this.#o.modelOf(camera),
        inferenceWidth: camera.inferenceWidth,
        farField: camera.farField,
        steps: camera.steps,
        warmStart,
        zones: camera.zones,
        calibration: camera.calibration,
      };
    });
    if (!result || !frame) return;

    const exercise = isDrillCamera(cameraId);
    const head = headOf(frame);
    let reading: WorkerReading;
    let lines: CountedLines | undefined;
    if (result.ok) {
      if (camera.lines.length > 0) lines = await this.#o.lines.advance(camera, frame, result.headsAt);
      const own = lines ? { lines: lines.readings } : {};
      reading = { ...head, status: 'ok', ...result.picture, ...own, model: result.model };
      metrics.decode.observe(result.decodeMs / 1000);
      metrics.inference.observe(result.inferenceMs / 1000);
      const evidence = recentPartsOf(this.#o.evidence(), camera);
      await publishHeatmap(frames, frame, result.heatmap, staleAfterMs(camera) + 2000, evidence);
    } else {
      reading = { ...head, status: 'degraded', reason: result.reason };
      metrics.degraded.inc({ camera: cameraId, reason: result.reason });
    }
    if (!(await publishReading(this.#o.state, reading, lines?.commit))) return this.#drop(cameraId, 'fenced');
    if (result.ok) metrics.counted.inc({ camera: cameraId });
    // Nothing of a drill is kept.
    if (result.ok && reading.status === 'ok' && !exercise) {
      // Looking back is worth less than looking: a full or absent store costs no reading.
      const kept = await this.#o.replay.offer(reading, result.heatmap).catch(() => 'full');
      if (kept === 'full') metrics.replayLost.inc();
    }
    metrics.age.observe((head.publishedAt - frame.capturedAt) / 1000);
  }

  /** A camera that is set aside must not read as one whose pictures are late: what fails is counting. */
  async #leaveOut(camera: Camera): Promise<void> {
    const frame = await this.#newestFrame(camera);
    if (!frame) return;
    this.#drop(camera.id, 'quarantined');
    await publishReading(this.#o.state, { ...headOf(frame), status: 'degraded', reason: 'inference-failed' });
  }

  /** The newest picture, unless it is gone, old, or counted already. */
  async #newestFrame(camera: Camera): Promise<Frame | undefined> {
    const fields = await this.#o.frames.hgetallBuffer(frameKeys.frame(camera.id));
    const { jpeg } = fields;
    const meta = FrameMeta.safeParse({
      cameraId: camera.id,
      seq: Number(fields.seq),
      capturedAt: Number(fields.capturedAt),
      widthPx: Number(fields.widthPx),
      heightPx: Number(fields.heightPx),
    });
    if (!jpeg || !meta.success) return this.#drop(camera.id, 'no-frame');
    // An older picture's job may find one that came through the gate no more.
    if (fields.gated?.toString() === '1') return this.#drop(camera.id, 'gated');
    if (meta.data.seq === this.#lastSeq.get(camera.id)) return this.#drop(camera.id, 'already-counted');
    if (Date.now() - meta.data.capturedAt > staleAfterMs(camera)) return this.#drop(camera.id, 'too-old');
    this.#lastSeq.set(camera.id, meta.data.seq);
    return { ...meta.data, jpeg };
  }

  #drop(cameraId: string, reason: WorkerDropReason): undefined {
    this.#o.metrics.dropped.inc({ camera: cameraId, reason });
    return undefined;
  }
}
