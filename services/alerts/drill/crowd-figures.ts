/** How crowded a drill's zone is at an instant. Pure. */
import type { AlertsConfig, LevelThresholds } from '../../../shared/config/alerts.ts';
import { type AlertLevel, levelRank, RAISED_LEVELS } from '../../../shared/contracts/alert.ts';
import type { DrawnCamera } from '../../../shared/readings/drill-cameras.ts';

/** Ground a drill's zone stands for where only a density is given, m². */
const AREA_SQM = 60;
/** A level is played this much above its threshold: reached, and clear of the next one. */
const OVER = 1.06;
/** Below the lowest threshold by so much that nothing is raised. */
const CALM_SHARE = 0.5;
/** The mean of a zone is below its peak. */
const MEAN_SHARE = 0.7;

type Point = DrawnCamera['points'][number];
export type CrowdFigures = { people: number; peakPeoplePerSqm?: number; peoplePerSqm?: number; occupancy?: number };

/** @returns undefined while the picture is lost */
export function crowdAt(
  { camera, zone, points }: DrawnCamera,
  alerts: AlertsConfig,
  atSeconds: number,
): CrowdFigures | undefined {
  const before = points.findLast((point) => point.atSeconds <= atSeconds) ?? points[0];
  if (!before || before.picture === 'lost') return undefined;
  const after = points.find((point) => point.atSeconds > atSeconds);
  const next = after && after.picture !== 'lost' ? after : before;
  const span = next.atSeconds - before.atSeconds;
  const share = span > 0 ? Math.min(1, Math.max(0, (atSeconds - before.atSeconds) / span)) : 0;
  const between = (figureOf: (point: Point) => number): number =>
    figureOf(before) + (figureOf(next) - figureOf(before)) * share;

  const perSqm = zone.limits?.peoplePerSqm ?? alerts.profiles[zone.profile];
  const density = between((point) => point.peoplePerSqm ?? valueAt(perSqm, point.level ?? 'normal'));
  const people = between((point) => {
    if (point.level !== undefined && zone.capacity !== undefined) {
      return valueAt(zone.limits?.occupancy ?? alerts.occupancy, point.level) * zone.capacity;
    }
    if (point.level !== undefined && zone.limits?.count) return valueAt(zone.limits.count, point.level);
    return (point.peoplePerSqm ?? valueAt(perSqm, point.level ?? 'normal')) * AREA_SQM * MEAN_SHARE;
  });
  return {
    people,
    ...(camera.calibration ? { peakPeoplePerSqm: density, peoplePerSqm: density * MEAN_SHARE } : {}),
    ...(zone.capacity === undefined ? {} : { occupancy: people / zone.capacity }),
  };
}

/** A value that gives this level by these thresholds; of a level they do not have, the one above. */
export function valueAt(thresholds: LevelThresholds, level: AlertLevel): number {
  const known = RAISED_LEVELS.filter((raised) => thresholds[raised] !== undefined);
  const lowest = thresholds[known[0] ?? 'severe'] ?? 0;
  if (level === 'normal') return lowest * CALM_SHARE;
  const meant = known.find((raised) => levelRank(raised) >= levelRank(level)) ?? known.at(-1) ?? 'severe';
  return (thresholds[meant] ?? lowest) * OVER;
}
