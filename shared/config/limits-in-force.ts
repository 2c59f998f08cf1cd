/** Which thresholds guard a zone: its own, or those of its profile. The rules and the screens ask here. Pure. */
import type { AlertsConfig, LevelThresholds } from './alerts.ts';
import type { Camera, Zone } from './schema.ts';

export type LimitsInForce = {
  /** Peak density over patches of at least 4 m², people per m². Only of calibrated cameras: others have no density. */
  peoplePerSqm?: LevelThresholds;
  /** Count over capacity. Only where the zone states a capacity. */
  occupancy?: LevelThresholds;
  /** People in the zone. */
  count?: LevelThresholds;
};

export function limitsInForce(
  alerts: Pick<AlertsConfig, 'profiles' | 'occupancy'>,
  camera: Pick<Camera, 'calibration'>,
  { limits = {}, profile, capacity }: Pick<Zone, 'limits' | 'profile' | 'capacity'>,
): LimitsInForce {
  return {
    ...(camera.calibration ? { peoplePerSqm: limits.peoplePerSqm ?? alerts.profiles[profile] } : {}),
    ...(capacity === undefined ? {} : { occupancy: limits.occupancy ?? alerts.occupancy }),
    ...(limits.count ? { count: limits.count } : {}),
  };
}
