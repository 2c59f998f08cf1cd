/** Densities of zones picture after picture: ground and tables are worked out once and kept. */
import type { PicturePoint } from '../contracts/common.ts';
import type { CameraCalibration } from './calibration.ts';
import { CalibrationError, calibrate, type Ground } from './ground.ts';
import { type Spread, type ZoneDensity, type ZoneGround, zoneDensity, zoneGround } from './zone-ground.ts';

/** Calibrations, zones and sizes change with the configuration only; a bound keeps years of edits from adding up. */
const KEPT = 1000;

export class ZoneDensities {
  readonly #grounds = new Map<string, Ground | undefined>();
  readonly #zones = new Map<string, ZoneGround | undefined>();

  /**
   * Density of a zone; undefined where the calibration cannot be used or none of the zone's ground can be measured, so
   * that such a zone never pretends to metres.
   * @param aspect width over height of the camera's own picture
   * @param count people counted in the zone, where that is known better than by the map's sum
   * @param spread how unsure the map's people are; adds intervals
   */
  measure(
    calibration: CameraCalibration,
    polygon: PicturePoint[],
    map: { width: number; height: number; people: ArrayLike<number> },
    aspect: number,
    count?: number,
    spread?: Spread,
  ): ZoneDensity | undefined {
    const groundKey = `${aspect} ${JSON.stringify(calibration)}`;
    const ground = kept(this.#grounds, groundKey, () => groundOrNone(calibration, aspect));
    if (!ground) return undefined;
    const zoneKey = `${map.width}x${map.height} ${JSON.stringify(polygon)} ${groundKey}`;
    const zone = kept(this.#zones, zoneKey, () => zoneGround(ground, polygon, map, aspect));
    if (!zone) return undefined;
    return zoneDensity(zone, map.people, count === undefined ? 1 : scaleTo(count, zone, map.people), spread);
  }
}

/** From the map's sum in the zone to a better count of it. Where the map sees nobody there is nothing to scale. */
function scaleTo(count: number, zone: ZoneGround, people: ArrayLike<number>): number {
  const sum = zone.peopleIn(people);
  return sum > 0 ? count / sum : 1;
}

function groundOrNone(calibration: CameraCalibration, aspect: number): Ground | undefined {
  try {
    return calibrate(calibration, aspect);
  } catch (error) {
    if (error instanceof CalibrationError) return undefined;
    throw error;
  }
}

function kept<T>(cache: Map<string, T>, key: string, make: () => T): T {
  if (cache.has(key)) return cache.get(key) as T;
  if (cache.size >= KEPT) cache.clear();
  const made = make();
  cache.set(key, made);
  return made;
}
