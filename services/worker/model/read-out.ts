/** From latent to people: density map, count and interval. Pure. */
import type { ModelManifest } from '../../../shared/contracts/manifest.ts';
import { regrid } from './regrid.ts';

/** People per cell, row by row. A cell may be slightly negative; only sums mean anything. */
export type DensityMap = { width: number; height: number; people: Float32Array };

/** The count head's word on blocks of the picture: expected people and variance of each block's count. */
export type Blocks = { width: number; height: number; mean: Float32Array; variance: Float32Array };

/**
 * Undoes the space-to-depth: channel `dy * factor + dx` of a latent cell is the map's cell at that offset.
 * @param latent [channels, height, width]
 */
export function densityMap(
  latent: Float32Array,
  width: number,
  height: number,
  spec: ModelManifest['latent'],
): DensityMap {
  const factor = spec.spaceToDepth;
  const mapWidth = width * factor;
  const people = new Float32Array(latent.length);
  const scale = spec.std * spec.peakToPeople;
  const offset = spec.mean * spec.peakToPeople;
  for (let channel = 0, i = 0; channel < factor * factor; channel++) {
    const dy = Math.floor(channel / factor);
    const dx = channel % factor;
    for (let y = 0; y < height; y++) {
      let at = (y * factor + dy) * mapWidth + dx;
      for (let x = 0; x < width; x++, i++, at += factor) people[at] = (latent[i] as number) * scale + offset;
    }
  }
  return { width: mapWidth, height: height * factor, people };
}

/** The map's left upper part: a cell that is partly beyond the picture still belongs to it. */
export function cutMap({ width, height, people }: DensityMap, columns: number, rows: number): DensityMap {
  if (columns === width && rows === height) return { width, height, people };
  const cut = new Float32Array(columns * rows);
  for (let y = 0; y < rows; y++) cut.set(people.subarray(y * width, y * width + columns), y * columns);
  return { width: columns, height: rows, people: cut };
}

/** Blocks of the picture alone: those that its edges cut through count by the share of them that is picture. */
export function cutBlocks(blocks: Blocks, columns: number, rows: number): Blocks {
  if (columns === blocks.width && rows === blocks.height) return blocks;
  const to = { width: Math.max(1, Math.round(columns)), height: Math.max(1, Math.round(rows)) };
  const cut = (values: Float32Array) => regrid({ ...blocks, values }, rows, to, columns);
  return { ...to, mean: cut(blocks.mean), variance: cut(blocks.variance) };
}

/** Share of every map cell and block that belongs to a region; undefined for the whole picture. */
export type Coverage = { map: Float32Array; blocks: Float32Array };

/** People in a region from both estimates, weighted as the manifest says; never below zero. */
export function countPeople(map: DensityMap, blocks: Blocks, weight: number, region?: Coverage): number {
  const fromMap = sum(map.people, region?.map);
  const fromBlocks = sum(blocks.mean, region?.blocks);
  return Math.max(0, weight * fromBlocks + (1 - weight) * fromMap);
}

/**
 * The interval of a count: variance of the count head, calibrated on held-out pictures.
 * @returns lower and upper bound, people
 */
export function countInterval(
  count: number,
  blocks: Blocks,
  spec: ModelManifest['interval'],
  region?: Coverage,
): [number, number] {
  const variance = sum(blocks.variance, region?.blocks);
  const share = region ? sum(region.blocks) / region.blocks.length : 1;
  const half = halfWidth(count, variance, share, spec);
  return [Math.max(0, count - half), count + half];
}

/**
 * The interval's rule for one picture and all its parts: how far off a whole scene may be depends on its crowd, and on how
 * well it can be seen at all.
 * @param people in the whole picture
 * @param noise of it, a share of its contrast (`noiseShare`)
 */
export function intervalOfScene(
  spec: ModelManifest['interval'],
  people: number,
  noise: number,
): ModelManifest['interval'] {
  const q = spec.q * (1 + spec.noise.gain * Math.max(0, noise - spec.noise.from));
  const share = spec.crowd === 0 ? 1 : people / (people + spec.crowd);
  return { ...spec, q, v2: spec.v2 * share ** 2, crowd: 0, noise: { from: 0, gain: 0 } };
}

/**
 * Half width of the 90 % interval of any part of a picture, people: q · √(v0·share + v1·Σvariance + v2·count²).
 *
 * The three terms are three kinds of error. The count head's block variances are errors of single places and add up. The
 * share of the count (v2) is an error of the whole scene, the same everywhere, and adds up with the people, not with
 * their square root: patches inherit it undiminished (and how large it is, `intervalOfScene` knows). v0 is what is seen in empty places, and belongs to a part of the
 * picture by its size. Checked on labelled pictures from an eighth of a side to all of it: docs/evaluation.md.
 * @param variance sum of the block variances of the part
 * @param share of the picture, 0–1
 */
export function halfWidth(
  count: number,
  variance: number,
  share: number,
  { q, v0, v1, v2 }: ModelManifest['interval'],
): number {
  return q * Math.sqrt(v0 * share + v1 * variance + v2 * count * count);
}

function sum(values: Float32Array, weights?: Float32Array): number {
  let total = 0;
  if (weights) for (let i = 0; i < values.length; i++) total += (values[i] as number) * (weights[i] as number);
  else for (let i = 0; i < values.length; i++) total += values[i] as number;
  return total;
}
