/** Threshold lines of a zone's charts. Pure. */
import { RAISED_LEVELS, type RaisedLevel } from '../../../../shared/contracts/alert.ts';
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
