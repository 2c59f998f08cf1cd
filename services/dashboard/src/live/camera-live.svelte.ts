/** What the page knows of one camera, and what may be shown of it at this moment. */
import type { Heatmap } from '../../../../shared/contracts/heatmap.ts';
import type { PublicReading } from '../../../../shared/contracts/reading.ts';
import type { CameraInfo } from '../../../../shared/contracts/socket.ts';
import { type Tightest, tightestZone } from '../camera/tightest.ts';
import { type CameraView, cameraView, isAhead } from '../camera/view.ts';
import { Series } from '../trend/series.ts';
import { SparkTrend } from '../trend/spark-trend.ts';

/** Long enough for the single-camera chart. */
export const TREND_MS = 15 * 60_000;

export type Moment = { readonly now: number | undefined; readonly connected: boolean };

export class CameraLive {
  readonly id: string;
  info: CameraInfo = $state.raw() as CameraInfo;
  reading: PublicReading | undefined = $state.raw();
  /** Picture time of the last count; none that is ahead of the server's clock. */
  lastCountedAt: number | undefined = $state.raw();
  heatmap: Heatmap | undefined = $state.raw();
  /** The zone nearest to its threshold in the last counted picture. */
  tightest: Tightest | undefined = $state.raw();
  /** Not reactive themselves; `trendVersion` rises when they change. */
  readonly trend = new Series(TREND_MS);
  readonly spark = new SparkTrend(TREND_MS);
  trendVersion = $state(0);

  readonly #moment: Moment;
  /** Server time the newest reading arrived at: the clock's latest tick may be a little older. */
  #heardAt = $state(0);
  view: CameraView = $derived.by(() =>
    cameraView({
      camera: this.info,
      reading: this.reading,
      lastCountedAt: this.lastCountedAt,
      now: this.#moment.now && Math.max(this.#moment.now, this.#heardAt),
      connected: this.#moment.connected,
    }),
  );

  constructor(info: CameraInfo, moment: Moment) {
    this.id = info.id;
    this.info = info;
    this.#moment = moment;
  }

  /** @param now server time of its arrival */
  take(reading: PublicReading, now: number | undefined = this.#moment.now): void {
    this.reading = reading;
    this.#heardAt = now ?? 0;
    // Beside one from the future every later one would look late.
    const counted = reading.status === 'ok' && (now === undefined || !isAhead(reading, this.info, now));
    if (counted) {
      const [low, high] = reading.interval;
      this.lastCountedAt = reading.capturedAt;
      this.trend.add({ at: reading.capturedAt, count: reading.count, low, high });
      this.spark.add(this.info, reading);
      this.tightest = tightestZone(this.info.zones, reading.zones, this.tightest?.zone.zoneId);
    } else {
      this.trend.breakAt(now ?? 0);
      this.spark.breakAt(now ?? 0);
      this.heatmap = undefined;
    }
    this.trendVersion += 1;
  }
}
