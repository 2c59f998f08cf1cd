/** Labelled pictures: a folder with `images/` and `labels.jsonl`, one line a picture. Training, evaluation and the test bench agree on it. */
import { z } from 'zod';

export const Label = z.object({
  /** Path within the folder, such as `images/x.jpg`. */
  image: z.string().min(1),
  width: z.number().positive(),
  height: z.number().positive(),
  /** One point a head, px of the picture, origin top left. */
  points: z.array(z.tuple([z.number(), z.number()])),
  /** Pictures just before this one, the oldest first: what a warm start would have seen. Nobody is labelled there. */
  before: z.array(z.string().min(1)).optional(),
});
export type Label = z.infer<typeof Label>;
