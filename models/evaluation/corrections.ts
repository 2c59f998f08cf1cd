/** Our corrections to published labels: which points to leave out and which heads to add. The published points themselves are not kept here. */
import { z } from 'zod';
import { Label } from '../../shared/contracts/labels.ts';
import { HeadroomError } from '../../shared/runtime/errors.ts';

export const Correction = z.object({
  /** How many points were published: another number means that these are other labels. */
  published: z.int().nonnegative(),
  /** Places in the published list, the first being 0. */
  remove: z.array(z.int().nonnegative()),
  /** Heads that nobody had labelled, px from the top left. */
  add: Label.shape.points,
  /** People of whom we were not sure. */
  doubtful: z.int().nonnegative(),
});
export type Correction = z.infer<typeof Correction>;

export const Corrections = z.object({
  about: z.string(),
  /** By file name of the picture. */
  frames: z.record(z.string(), Correction),
});

/**
 * A label with its correction.
 * @throws HeadroomError DATA_INVALID when the label is not the one that was corrected
 */
export function corrected(label: Label, { published, remove, add }: Correction): Label {
  const { points, image } = label;
  if (points.length !== published) {
    const why = `it has ${points.length} points, and the correction was made of ${published}`;
    throw new HeadroomError('DATA_INVALID', `${image}: ${why}. Take the labels that were corrected.`);
  }
  const beyond = remove.find((place) => place >= published);
  if (beyond !== undefined) {
    const why = `remove names point ${beyond}, and there are ${published}, the first being 0`;
    throw new HeadroomError('DATA_INVALID', `${image}: ${why}. Mend the correction.`);
  }
  const outside = add.find(([x, y]) => x < 0 || y < 0 || x >= label.width || y >= label.height);
  if (outside) {
    throw new HeadroomError('DATA_INVALID', `${image}: the added head ${outside.join(', ')} lies outside the picture.`);
  }
  return { ...label, points: [...points.filter((_, place) => !remove.includes(place)), ...add] };
}
