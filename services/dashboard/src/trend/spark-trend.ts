/**
 * What spark lines are drawn from: the last minutes of the whole picture and of every guarded zone of a camera, one
 * series for each, so that lines of different zones never mix.
 */
import type { CameraInfo } from '../../../../shared/contracts/socket.ts';
import { guardedFigure, type Measure } from '../camera/tightest.ts';
import type { OkReading } from '../camera/view.ts';
import { Series } from './series.ts';

/** Coarser than the large chart's series: a pixel of a spark line is about this long, and there may be many zones. */
const SLOT_MS = 2_000;

export class SparkTrend {
  readonly whole: Series;
  readonly #keepMs: number;
  readonly #series = new Map<string, { measure: Measure; series: Series }>();

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
    this.whole = new Series(keepMs, SLOT_MS);
  }

  add(info: CameraInfo, reading: OkReading): void {
    const { capturedAt: at, zones, count } = reading;
    const [low, high] = reading.interval;
    this.whole.add({ at, count, low, high });
    for (const zone of zones) {
      const own = info.zones.find(({ id }) => id === zone.zoneId);
      const figure = own && guardedFigure(own, zone);
      if (!figure) {
        this.#series.delete(zone.zoneId);
        continue;
      }
      let known = this.#series.get(zone.zoneId);
      // People and people per m² do not share a scale.
      if (known?.measure !== figure.measure) {
        known = { measure: figure.measure, series: new Series(this.#keepMs, SLOT_MS) };
        this.#series.set(zone.zoneId, known);
      }
      known.series.add({ at, count: figure.value, low: figure.low, high: figure.high });
    }
    // Zones come and go with the configuration.
    for (const id of this.#series.keys()) if (!info.zones.some((zone) => zone.id === id)) this.#series.delete(id);
  }

  breakAt(at: number): void {
    this.whole.breakAt(at);
    for (const { series } of this.#series.values()) series.breakAt(at);
  }

  of(zoneId: string): Series | undefined {
    return this.#series.get(zoneId)?.series;
  }
}
