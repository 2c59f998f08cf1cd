/** Threshold lines of a zone's charts, and where a forecast leads. Pure. */
import { type ActiveAlert, RAISED_LEVELS, type RaisedLevel } from '../../../../shared/contracts/alert.ts';
import type { CameraInfo, ThresholdLines } from '../../../../shared/contracts/socket.ts';

export type ThresholdLine = { level: RaisedLevel; value: number };
type Zone = CameraInfo['zones'][number];

const linesOf = (thresholds: ThresholdLines | undefined, factor = 1): ThresholdLine[] =>
  RAISED_LEVELS.flatMap((level) => {
    const value = thresholds?.[level];
    return value === undefined ? [] : [{ level, value: value * factor }];
  });

/** People at which levels begin: the zone's own counts; else shares of its capacity. */
export function countThresholds(zone: Zone | undefined): ThresholdLine[] {
  const own = linesOf(zone?.limits.count);
  return own.length > 0 || !zone?.capacity ? own : linesOf(zone.limits.occupancy, zone.capacity);
}

export const densityThresholds = (zone: Zone | undefined): ThresholdLine[] => linesOf(zone?.limits.peoplePerSqm);

export type Forecast = { minutes: number; target: ThresholdLine };

/**
 * The zone's running forecast: minutes to the severe threshold of the figure it was made for. Density comes first where
 * there is ground to measure on, as in the rules.
 */
export function forecastOf(
  running: readonly ActiveAlert[],
  place: { cameraId: string; zoneId: string | undefined },
  thresholds: { count: readonly ThresholdLine[]; density: readonly ThresholdLine[] },
): { chart: 'count' | 'density'; forecast: Forecast } | undefined {
  const alert = running.find(
    ({ rule, cameraId, zoneId, resolvedAt, condition }) =>
      rule === 'zone-forecast' &&
      cameraId === place.cameraId &&
      zoneId === place.zoneId &&
      resolvedAt === undefined &&
      condition !== 'no-data',
  );
  if (alert?.value === undefined) return undefined;
  for (const chart of ['density', 'count'] as const) {
    const target = thresholds[chart].find(({ level }) => level === 'severe');
    if (target) return { chart, forecast: { minutes: alert.value, target } };
  }
  return undefined;
}
