/**
 * How fast a zone fills, and when it comes to its next level. One computation for the rules of the alerts service and
 * for the readings that the gateway tells. Pure.
 */
import { createHash } from 'node:crypto';
import type { LimitsInForce } from '../config/limits-in-force.ts';
import type { Camera, Zone } from '../config/schema.ts';
import { RAISED_LEVELS, type RaisedLevel } from '../contracts/alert.ts';
import type { ModelUse, TrendMeasure, ZoneForecast, ZoneReading, ZoneTrend } from '../contracts/reading.ts';
import { addToTrend, emptyTrend, type Slope, slopeOf, type Trend } from './trend.ts';

/** A forecast further away than this says no more than "not filling". */
export const FAR_MS = 3_600_000;

export type TrendSettings = { windowMs: number; minMs: number };

/** The figure that slopes and density levels go by: the peak, since means hide crushes; the mean where no patch fits. */
export function densityOf(zone: ZoneReading): number | undefined {
  return zone.calibrated ? (zone.peakPeoplePerSqm ?? zone.peoplePerSqm) : undefined;
}

/** Names the ground that is counted: a zone drawn or calibrated anew is another one, whatever its id. */
export function groundOf(camera: Pick<Camera, 'calibration'>, zone: Pick<Zone, 'polygon'>): string {
  const ground = JSON.stringify([zone.polygon, camera.calibration ?? null]);
  return createHash('sha256').update(ground).digest('hex').slice(0, 8);
}

/** Names what a trend follows: a ground as one model counts it. Another model's step would read as a crowd that comes. */
export const countedBy = (ground: string, { name, version }: Pick<ModelUse, 'name' | 'version'>): string =>
  `${ground} ${name}@${version}`;

/** Adds a figure to the trend of the same ground and model; of others a new trend begins. */
export function followTrend(
  trend: Trend | undefined,
  of: string,
  at: { capturedAt: number; figure: number },
  windowMs: number,
): Trend {
  return addToTrend(trend?.of === of ? trend : emptyTrend(of), at.capturedAt, at.figure, windowMs);
}

/**
 * Time until a figure that rises by `perMin` a minute comes to `limit`; 0 at and above it, `farMs` and no more where it
 * is too far away or does not rise.
 */
export function msTo(limit: number, figure: number, perMin: number, farMs = FAR_MS): number {
  if (figure >= limit) return 0;
  return perMin > 0 ? Math.min(((limit - figure) / perMin) * 60_000, farMs) : farMs;
}

/** A figure of a zone with its slope, once enough has been seen. */
export type Moving = { figure: number; slope: Slope | undefined };

/**
 * What may be told of a zone's movement: slopes whose interval leaves zero out, and the level that comes first.
 * @param capacity of the zone, people: shares of it are guarded by `limits.occupancy`
 * @returns undefined where nothing is certain
 */
export function zoneTrend(
  moving: { count: Moving; density?: Moving | undefined },
  limits: LimitsInForce,
  capacity: number | undefined,
): ZoneTrend | undefined {
  const people = certain(moving.count.slope);
  const forecasts = [
    forecastOf('density', moving.density, limits.peoplePerSqm),
    forecastOf('count', moving.count, limits.count),
    ...(capacity === undefined ? [] : [forecastOf('count', moving.count, limits.occupancy, capacity)]),
  ].filter((forecast) => forecast !== undefined);
  const first = forecasts.toSorted((a, b) => a.inMs - b.inMs)[0];
  if (!people && !first) return undefined;
  return {
    ...(people
      ? {
          peoplePerMin: rounded(people.perMin),
          peoplePerMinInterval: [rounded(people.lowPerMin), rounded(people.highPerMin)],
        }
      : {}),
    ...(first ? { forecast: first } : {}),
  };
}

/** The next level above a rising figure. The interval is that of the slope; the figure is taken as it is. */
function forecastOf(
  measure: TrendMeasure,
  moving: Moving | undefined,
  limits: Partial<Record<RaisedLevel, number | undefined>> | undefined,
  unit = 1,
): ZoneForecast | undefined {
  const slope = certain(moving?.slope);
  if (!moving || !slope || slope.lowPerMin <= 0) return undefined;
  const { figure } = moving;
  for (const level of RAISED_LEVELS) {
    const share = limits?.[level];
    if (share === undefined || share * unit <= figure) continue;
    const limit = share * unit;
    const inMs = msTo(limit, figure, slope.perMin);
    if (inMs >= FAR_MS) return undefined;
    const at = (perMin: number): number => Math.round(((limit - figure) / perMin) * 60_000);
    return {
      ...{ level, measure, limit, inMs: Math.round(inMs) },
      inMsInterval: [at(slope.highPerMin), at(slope.lowPerMin)],
    };
  }
  return undefined;
}

/** Keeps a figure's trend and its slope, which changes only when a bin closes. */
export class FollowedFigure {
  #trend: Trend | undefined;
  #slope: Slope | undefined;

  add(of: string, at: { capturedAt: number; figure: number }, { windowMs, minMs }: TrendSettings): Moving {
    const before = this.#trend;
    this.#trend = followTrend(before, of, at, windowMs);
    if (this.#trend.bins !== before?.bins) this.#slope = slopeOf(this.#trend, minMs);
    return { figure: at.figure, slope: this.#slope };
  }
}

const certain = (slope: Slope | undefined): Slope | undefined => (slope?.significant ? slope : undefined);
const rounded = (perMin: number): number => Math.round(perMin * 100) / 100;
