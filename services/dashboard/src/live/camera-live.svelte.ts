/** What the page knows of one camera, and what may be shown of it at this moment. */
import type { Heatmap } from '../../../../shared/contracts/heatmap.ts';
import type { PublicReading } from '../../../../shared/contracts/reading.ts';
import type { CameraInfo } from '../../../../shared/contracts/socket.ts';
import { type CameraView, cameraView } from '../camera/view.ts';
import { Series } from '../trend/series.ts';

/** Long enough for the single-camera chart. */
export const TREND_MS = 15 * 60_000;

export type Moment = { readonly now: number | undefined; readonly connected: boolean };

export class CameraLive {
  readonly id: string;
  info: CameraInfo = $state.raw() as CameraInfo;
  reading: PublicReading | undefined = $state.raw();
  lastCountedAt: number | undefined = $state.raw();
  heatmap: Heatmap | undefined = $state.raw();
  /** Not reactive itself; `trendVersion` rises when it changes. */
  readonly trend = new Series(TREND_MS);
  trendVersion = $state(0);

  readonly #moment: Moment;
  view: CameraView = $derived.by(() =>
    cameraView({
      camera: this.info,
      reading: this.reading,
      lastCountedAt: this.lastCountedAt,
      now: this.#moment.now,
      connected: this.#moment.connected,
    }),
  );

  constructor(info: CameraInfo, moment: Moment) {
    this.id = info.id;
    this.info = info;
    this.#moment = moment;
  }

  take(reading: PublicReading): void {
    this.reading = reading;
    if (reading.status === 'ok') {
      const [low, high] = reading.interval;
      this.lastCountedAt = reading.capturedAt;
      this.trend.add({ at: reading.capturedAt, count: reading.count, low, high });
    } else {
      this.trend.breakAt(this.#moment.now ?? reading.since);
      this.heatmap = undefined;
    }
    this.trendVersion += 1;
  }
}
