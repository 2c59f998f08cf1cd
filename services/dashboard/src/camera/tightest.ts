/** Which zone of a camera is nearest to its severe threshold, and by which figure: what a small tile has room for. Pure. */
import type { ZoneReading } from '../../../../shared/contracts/reading.ts';
import type { CameraInfo, ThresholdLines } from '../../../../shared/contracts/socket.ts';

export type Measure = 'density' | 'count';

/** One figure that thresholds guard. Of a density `low` is the mean of the ground and `value` its fullest patch. */
export type Guarded = { measure: Measure; value: number; low: number; high: number; limits: ThresholdLines };

export type Tightest = Guarded & { zone: ZoneReading; share: number };

type ZoneInfo = CameraInfo['zones'][number];

/** Another zone takes the place only when it is clearly nearer, so that the tile does not switch at every picture. */
const CLEARLY = 1.1;

/** The figure of a zone that is nearest to its highest threshold; undefined where nothing guards the zone. */
export function guardedFigure(info: ZoneInfo, zone: ZoneReading): (Guarded & { share: number }) | undefined {
  const { peoplePerSqm, occupancy, count } = info.limits;
  const [low, high] = zone.interval;
  const people = { measure: 'count', value: zone.count, low, high } as const;
  const candidates: Guarded[] = [];
  if (peoplePerSqm && zone.peakPeoplePerSqm !== undefined) {
    const value = zone.peakPeoplePerSqm;
    candidates.push({ measure: 'density', value, low: zone.peoplePerSqm ?? value, high: value, limits: peoplePerSqm });
  }
  if (count) candidates.push({ ...people, limits: count });
  if (occupancy && info.capacity !== undefined) {
    candidates.push({ ...people, limits: scaled(occupancy, info.capacity) });
  }
  return candidates
    .map((figure) => ({ ...figure, share: figure.value / (highestOf(figure.limits) ?? Number.POSITIVE_INFINITY) }))
    .sort((a, b) => b.share - a.share)[0];
}

/** @param previous zone shown so far */
export function tightestZone(
  zones: readonly ZoneInfo[],
  readings: readonly ZoneReading[],
  previous: string | undefined,
): Tightest | undefined {
  const all = readings.flatMap((zone) => {
    const info = zones.find(({ id }) => id === zone.zoneId);
    const figure = info && guardedFigure(info, zone);
    return figure ? [{ ...figure, zone }] : [];
  });
  const [first] = all.toSorted((a, b) => b.share - a.share);
  const before = all.find(({ zone }) => zone.zoneId === previous);
  return first && before && first.share < before.share * CLEARLY ? before : first;
}

function scaled(limits: ThresholdLines, by: number): ThresholdLines {
  return Object.fromEntries(Object.entries(limits).map(([level, value]) => [level, value && value * by]));
}

function highestOf({ severe, alert, caution, attention }: ThresholdLines): number | undefined {
  return severe ?? alert ?? caution ?? attention;
}
