/** From the model's estimate to what is said of a picture and its zones. Pure. */
import type { Zone } from '../../../shared/config/schema.ts';
import type { Heatmap } from '../../../shared/contracts/heatmap.ts';
import type { ModelManifest } from '../../../shared/contracts/manifest.ts';
import type { CountedZone } from '../../../shared/contracts/reading.ts';
import type { Spread, ZoneDensity } from '../../../shared/geometry/zone-density.ts';
import { drawnOf } from '../../../shared/readings/drawn.ts';
import { levelOfService } from '../../../shared/readings/level-of-service.ts';
import type { PictureEstimate } from '../model/count-picture.ts';
import type { Estimate } from '../model/crowd-counter.ts';
import {
  type Coverage,
  countInterval,
  countPeople,
  type DensityMap,
  halfWidth,
  intervalOfScene,
} from '../model/read-out.ts';
import { blocksAlong } from './zone-mask.ts';

/** More people than any picture could show: such an output is a fault of the model. */
const MOST_PEOPLE = 50_000;

/** Width of a heat map for eyes, cells: enough to see where, a few kilobytes to send. */
const HEATMAP_WIDTH = 96;

export type PictureCount = { count: number; interval: [number, number]; heads: number; zones: CountedZone[] };

/**
 * Counts of the picture and its zones; undefined when the output is no number or absurd, which must never read as 0.
 * @param coverageOf the zone's rasterised polygon for this map size
 * @param densityOf people per m² of a zone; given for calibrated cameras only
 */
export function readPicture(
  estimate: Pick<PictureEstimate, 'map' | 'blocks' | 'heads' | 'noise'>,
  manifest: ModelManifest,
  zones: Zone[],
  coverageOf: (zone: Zone) => Coverage,
  densityOf?: (zone: Zone, count: number, spread: Spread) => ZoneDensity | undefined,
): PictureCount | undefined {
  const { map, blocks, heads } = estimate;
  const weight = manifest.count.headWeight;
  const count = countPeople(map, blocks, weight);
  const rule = intervalOfScene(manifest.interval, count, estimate.noise);
  const interval = countInterval(count, blocks, rule);
  if (![count, ...interval].every(Number.isFinite) || count > MOST_PEOPLE) return undefined;
  const spread = densityOf && spreadOf(estimate, rule);
  return {
    count,
    interval,
    heads: heads.length,
    zones: zones.map((zone) => {
      const coverage = coverageOf(zone);
      const zoneCount = countPeople(map, blocks, weight, coverage);
      const density = spread && densityOf?.(zone, zoneCount, spread);
      return {
        zoneId: zone.id,
        name: zone.name ?? zone.id,
        drawn: drawnOf(zone),
        count: zoneCount,
        interval: countInterval(zoneCount, blocks, rule, coverage),
        calibrated: density !== undefined,
        ...density,
        ...(density && { levelOfService: levelOfService(density.peoplePerSqm, zone.profile) }),
        ...(zone.capacity ? { occupancy: zoneCount / zone.capacity } : {}),
      };
    }),
  };
}

/**
 * How unsure the people of a map are: each block's variance lies evenly on its cells.
 * @param rule of this scene (`intervalOfScene`)
 */
export function spreadOf({ map, blocks }: Pick<Estimate, 'map' | 'blocks'>, rule: ModelManifest['interval']): Spread {
  const cells = map.width * map.height;
  const across = blocksAlong(map.width, blocks.width);
  const down = blocksAlong(map.height, blocks.height);
  return {
    varianceAt(cell) {
      const row = down.blockOf[Math.floor(cell / map.width)] as number;
      const column = across.blockOf[cell % map.width] as number;
      const variance = blocks.variance[row * blocks.width + column] as number;
      return variance / ((across.cellsIn[column] as number) * (down.cellsIn[row] as number));
    },
    halfWidth: (people, variance, inside) => halfWidth(people, variance, inside / cells, rule),
  };
}

/** A heat map for eyes: people per coarse cell, in 255 steps up to the fullest cell. */
export function heatmapOf(
  map: DensityMap,
  heads: Estimate['heads'],
  of: { cameraId: string; seq: number; capturedAt: number },
): Heatmap {
  const width = Math.min(HEATMAP_WIDTH, map.width);
  const height = Math.max(1, Math.round((map.height * width) / map.width));
  const people = new Float32Array(width * height);
  for (let y = 0; y < map.height; y++) {
    const row = Math.floor((y * height) / map.height) * width;
    for (let x = 0; x < map.width; x++) {
      const cell = row + Math.floor((x * width) / map.width);
      people[cell] = (people[cell] as number) + (map.people[y * map.width + x] as number);
    }
  }
  // Below a hundredth of a person a step is noise, and an empty picture would be stretched into a full one.
  const peoplePerUnit =
    Math.max(
      people.reduce((most, value) => Math.max(most, value), 0),
      0.5,
    ) / 255;
  const values = new Uint8Array(people.length);
  for (let i = 0; i < values.length; i++) values[i] = Math.max(0, Math.round((people[i] as number) / peoplePerUnit));
  return { ...of, width, height, peoplePerUnit, values, heads };
}
