/** Densities of zones picture after picture: ground and tables are worked out once and kept. */
import type { PicturePoint } from '../contracts/common.ts';
import type { CameraCalibration } from './calibration.ts';
import { CalibrationError, calibrate, type Ground } from './ground.ts';
import { type Correction, type Spread, type ZoneDensity, zoneDensity } from './zone-density.ts';
import { type ZoneGround, zoneGround } from './zone-ground.ts';

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
    const correction = count === undefined ? undefined : correctionTo(count, zone.coverage, map.people);
    return zoneDensity(zone, map.people, correction, spread);
  }
}

/**
 * From the map's people in the zone to a better count of them. A map draws people and, faintly and everywhere, takes some
 * away. In a crowd that is nothing; in a nearly empty zone the sum may be next to nothing, and count over sum would make a
 * crush of one person. So the sum is taken as no less than half of all that was drawn and taken away; what is then still
 * missing lies evenly on the zone, as what was taken away does.
 */
function correctionTo(count: number, coverage: Float32Array, people: ArrayLike<number>): Correction {
  let [sum, moved, cells] = [0, 0, 0];
  for (let i = 0; i < coverage.length; i++) {
    const share = coverage[i] as number;
    const here = (people[i] as number) * share;
    sum += here;
    moved += Math.abs(here);
    cells += share;
  }
  if (sum >= count) return { scale: sum > 0 ? count / sum : 1, perCell: 0 };
  const scale = moved > 0 ? Math.max(1, count / Math.max(sum, moved / 2)) : 1;
  return { scale, perCell: (count - scale * sum) / cells };
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
