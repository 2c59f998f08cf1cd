/**
 * The number over time. The errors of two pictures half a second apart are hardly alike, and the crowd hardly another: so a
 * count takes along part of what was counted just before. Every cell and block does so by itself and by the same share,
 * whence zones still add up. Heads stay those of the picture: where people were a moment ago nobody need stand. Pure.
 */
import type { Estimate } from './model/crowd-counter.ts';

/** What counts are read from. */
export type Counted = Pick<Estimate, 'map' | 'blocks'>;

/**
 * Time after which what was counted before weighs 1/e, ms: how far the number may lag behind a crowd that is coming. Longer
 * is calmer still, but on the demo clip, where two people a second come, errs more (docs/evaluation.md).
 */
const SETTLING_MS = 500;

/**
 * An exponential average by the time that has passed, however often pictures come.
 * @param before what was counted in the picture before, itself steadied, of the same size, and the time since; nothing
 *   before: the picture as it is
 */
export function steadied({ map, blocks }: Counted, before?: { counted: Counted; gapMs: number }): Counted {
  if (!before) return { map, blocks };
  const earlier = before.counted;
  const share = 1 - Math.exp(-before.gapMs / SETTLING_MS);
  const mean = (values: Float32Array, old: Float32Array) =>
    values.map((value, i) => (old[i] as number) + share * (value - (old[i] as number)));
  return {
    map: { ...map, people: mean(map.people, earlier.map.people) },
    blocks: {
      ...blocks,
      mean: mean(blocks.mean, earlier.blocks.mean),
      variance: mean(blocks.variance, earlier.blocks.variance),
    },
  };
}
