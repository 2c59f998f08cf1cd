/** What stands at the broker about cameras, from what is so now. Pure. */
import { levelRank, type ShownLevel } from '../../../../shared/contracts/alert.ts';
import type { PublicReading } from '../../../../shared/contracts/reading.ts';
import type { LiveView, ViewCamera } from '../receiver.ts';
import { OFFLINE, ONLINE, type Topics } from './topics.ts';

/** Topics whose last value stays at the broker, with that value. */
export function retainedState(view: LiveView, topics: Topics): Map<string, string> {
  const readings = new Map(view.readings.map((reading) => [reading.cameraId, reading]));
  const state = new Map<string, string>();
  for (const camera of view.cameras) {
    const reading = readings.get(camera.id);
    const isCounted = reading?.status === 'ok';
    state.set(topics.availability(camera.id), isCounted ? ONLINE : OFFLINE);
    state.set(topics.problem(camera.id), isCounted ? 'OFF' : 'ON');
    for (const zone of camera.zones) {
      if (zone.judged) state.set(topics.level(camera.id, zone.id), levelOf(view, camera.id, zone, reading));
    }
  }
  return state;
}

/**
 * The highest level shown of a zone's alerts. Without a picture and without an alert that stands it is `unknown`; so is a
 * zone that workers do not count yet, and one without the density it is calibrated for.
 */
function levelOf(
  { alerts }: LiveView,
  cameraId: string,
  zone: ViewZone,
  reading: PublicReading | undefined,
): ShownLevel {
  const counted = reading?.status === 'ok' ? reading.zones.find(({ zoneId }) => zoneId === zone.id) : undefined;
  const isKnown = counted !== undefined && (!zone.calibrated || counted.peoplePerSqm !== undefined);
  let level: ShownLevel = isKnown ? 'normal' : 'unknown';
  for (const alert of alerts) {
    // How full a zone is: that nobody judges it is no crowd.
    if (alert.cameraId !== cameraId || alert.zoneId !== zone.id || alert.rule === 'not-judged') continue;
    if (alert.resolvedAt !== undefined) continue;
    if (rank(alert.shownLevel) > rank(level)) level = alert.shownLevel;
  }
  return level;
}

type ViewZone = ViewCamera['zones'][number];

/** Not knowing is more than calm, and less than any alert. */
const rank = (level: ShownLevel): number => (level === 'unknown' ? 0.5 : levelRank(level));

/**
 * A camera's counts as they are published. What is not known is null, and without a fresh picture that is everything:
 * Home Assistant reads it as "unknown".
 */
export function countsOf(reading: PublicReading, camera: ViewCamera): string {
  const counted = reading.status === 'ok' ? new Map(reading.zones.map((zone) => [zone.zoneId, zone])) : undefined;
  const zones = camera.zones.map(({ id }) => {
    const zone = counted?.get(id);
    return [
      id,
      {
        count: rounded(zone?.count),
        interval: zone?.interval.map(rounded) ?? null,
        peoplePerSqm: rounded(zone?.peoplePerSqm),
        peakPeoplePerSqm: rounded(zone?.peakPeoplePerSqm),
        occupancy: rounded(zone?.occupancy),
      },
    ];
  });
  const head =
    reading.status === 'ok'
      ? {
          status: 'ok',
          capturedAt: iso(reading.capturedAt),
          count: rounded(reading.count),
          interval: reading.interval.map(rounded),
        }
      : { status: reading.status, reason: reading.reason, since: iso(reading.since), count: null, interval: null };
  return JSON.stringify({ ...head, zones: Object.fromEntries(zones) });
}

const iso = (at: number): string => new Date(at).toISOString();
const rounded = (value: number | undefined): number | null =>
  value === undefined ? null : Math.round(value * 100) / 100;
