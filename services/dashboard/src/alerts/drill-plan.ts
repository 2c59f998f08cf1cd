/** What a drill will do, told before it is started. Pure. */
import { type AlertLevel, levelRank, type RaisedLevel } from '../../../../shared/contracts/alert.ts';
import { type DrillScenario, isDrillCamera } from '../../../../shared/contracts/drill.ts';
import type { CameraInfo } from '../../../../shared/contracts/socket.ts';
import type { ThresholdsInForce } from '../../../../shared/contracts/thresholds.ts';

type Receiver = ThresholdsInForce['receivers'][number];

/** A zone a drill can play in: one that thresholds guard. */
export type DrillPlace = { cameraId: string; camera: string; zoneId: string; zone: string };

export function placesOf(cameras: readonly CameraInfo[]): DrillPlace[] {
  return cameras
    .filter(({ id }) => !isDrillCamera(id))
    .flatMap(({ id, name, zones }) =>
      zones
        .filter(({ limits }) => Object.values(limits).some((limit) => limit !== undefined))
        .map((zone) => ({ cameraId: id, camera: name, zoneId: zone.id, zone: zone.name })),
    );
}

/** The highest level it plays. Densities and clips may reach any level: that depends on the thresholds. */
export function peakLevel({ cameras }: DrillScenario): AlertLevel {
  const levels = cameras.flatMap(
    ({ points }): AlertLevel[] =>
      points?.map(({ level, peoplePerSqm }) => level ?? (peoplePerSqm === undefined ? 'normal' : 'severe')) ?? [
        'severe',
      ],
  );
  return levels.reduce((highest, level) => (levelRank(level) > levelRank(highest) ? level : highest), 'normal');
}

/** Whether its cameras lose their picture at some time. */
export const losesPicture = ({ cameras }: DrillScenario): boolean =>
  cameras.some(({ points }) => points?.some(({ picture }) => picture === 'lost'));

/** Whether a film is played that ingest takes in and the model counts. */
export const playsClip = ({ cameras }: DrillScenario): boolean => cameras.some(({ clip }) => clip !== undefined);

/**
 * Receivers outside that hear of alerts up to `peak`: at once, or when nobody acknowledges. Those of certain cameras only
 * hear of none: a drill's cameras are its own.
 */
export function toldBy(receivers: readonly Receiver[], peak: AlertLevel): { atOnce: Receiver[]; later: Receiver[] } {
  const hears = receivers.filter(
    ({ minLevel, cameras }) => cameras === undefined && levelRank(minLevel satisfies RaisedLevel) <= levelRank(peak),
  );
  return {
    atOnce: hears.filter(({ escalationStep }) => escalationStep === 0),
    later: hears.filter(({ escalationStep }) => escalationStep > 0),
  };
}

/** The scenario at places of one's choice, in its order; parts beyond them stay as they are. */
export function playedAt(scenario: DrillScenario, places: readonly (DrillPlace | undefined)[]): DrillScenario {
  return {
    ...scenario,
    cameras: scenario.cameras.map((part, index) => {
      const place = places[index];
      return place ? { ...part, like: place.cameraId, zone: place.zoneId } : part;
    }),
  };
}
