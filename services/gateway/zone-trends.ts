/**
 * Adds to readings how their zones move. Here and not in the worker: of several workers each sees some of a camera's
 * pictures only, while the gateway follows them all. What is remembered is memory of this process: after a restart
 * nothing is told until enough has been seen again.
 */

import type { AlertsConfig } from '../../shared/config/alerts.ts';
import { type LimitsInForce, limitsInForce } from '../../shared/config/limits-in-force.ts';
import type { Camera } from '../../shared/config/schema.ts';
import type { PublicReading, ZoneReading, ZoneTrend } from '../../shared/contracts/reading.ts';
import {
  countedBy,
  densityOf,
  FollowedFigure,
  groundOf,
  type TrendSettings,
  zoneTrend,
} from '../../shared/readings/zone-trend.ts';

type OkReading = Extract<PublicReading, { status: 'ok' }>;
type Followed = {
  ground: string;
  limits: LimitsInForce;
  capacity: number | undefined;
  count: FollowedFigure;
  density: FollowedFigure;
};

export class ZoneTrends {
  #settings: TrendSettings = { windowMs: 0, minMs: 0 };
  #zones = new Map<string, Followed>();
  /** What the newest picture of each camera told of its zones: it is asked for more often than pictures come. */
  readonly #newest = new Map<string, Pick<OkReading, 'seq' | 'capturedAt'> & { trends: Map<string, ZoneTrend> }>();

  /** Zones that are gone are forgotten; one that is drawn or calibrated anew begins anew, as do all when another model counts. */
  configure(cameras: Camera[], alerts: AlertsConfig): void {
    this.#settings = { windowMs: alerts.trendWindowMs, minMs: alerts.trendMinMs };
    const before = this.#zones;
    this.#zones = new Map();
    for (const camera of cameras) {
      for (const zone of camera.zones) {
        const key = keyOf(camera.id, zone.id);
        const { count = new FollowedFigure(), density = new FollowedFigure() } = before.get(key) ?? {};
        const limits = limitsInForce(alerts, camera, zone);
        this.#zones.set(key, { ground: groundOf(camera, zone), limits, capacity: zone.capacity, count, density });
      }
    }
    const known = new Set(cameras.map(({ id }) => id));
    for (const id of this.#newest.keys()) if (!known.has(id)) this.#newest.delete(id);
  }

  /** The reading with its zones' trends. A picture counts once, however often it is asked for; a silent one never. */
  with(reading: PublicReading): PublicReading {
    if (reading.status !== 'ok') return reading;
    const newest = this.#newest.get(reading.cameraId);
    const isNew = newest?.seq !== reading.seq || newest.capturedAt !== reading.capturedAt;
    const trends = isNew ? this.#follow(reading) : newest.trends;
    const zones = reading.zones.map((zone) => {
      const trend = trends.get(zone.zoneId);
      return trend ? { ...zone, trend } : zone;
    });
    return { ...reading, zones };
  }

  #follow(reading: OkReading): Map<string, ZoneTrend> {
    const { cameraId, seq, capturedAt } = reading;
    const trends = new Map<string, ZoneTrend>();
    for (const zone of reading.zones) {
      const trend = this.#trendOf(reading, zone);
      if (trend) trends.set(zone.zoneId, trend);
    }
    this.#newest.set(cameraId, { seq, capturedAt, trends });
    return trends;
  }

  #trendOf({ cameraId, capturedAt, model }: OkReading, zone: ZoneReading): ZoneTrend | undefined {
    const followed = this.#zones.get(keyOf(cameraId, zone.zoneId));
    if (!followed) return undefined;
    const { limits, capacity } = followed;
    const of = countedBy(followed.ground, model);
    const count = followed.count.add(of, { capturedAt, figure: zone.count }, this.#settings);
    const peak = densityOf(zone);
    const density =
      peak === undefined ? undefined : followed.density.add(of, { capturedAt, figure: peak }, this.#settings);
    return zoneTrend({ count, density }, limits, capacity);
  }
}

const keyOf = (cameraId: string, zoneId: string): string => `${cameraId}~${zoneId}`;
