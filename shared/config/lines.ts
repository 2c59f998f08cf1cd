/** Lines across which people are counted in and out, and their thresholds. */
import { z } from 'zod';
import { Id, PicturePoint } from '../contracts/common.ts';
import { LevelThresholds } from './alerts.ts';

/** Shortest line, share of the picture's sides: a shorter one is a slip of the hand. */
const SHORTEST = 0.02;

/** Thresholds of a line's flow, people per minute. */
export const LineLimits = z.strictObject({
  inPerMin: LevelThresholds.optional().describe('People going in, per minute.'),
  outPerMin: LevelThresholds.optional().describe('People going out, per minute.'),
  netPerMin: LevelThresholds.optional().describe('In less out, per minute: the place behind the line is filling.'),
  counterPerMin: LevelThresholds.optional().describe(
    'The smaller of in and out, per minute: two streams that meet head on.',
  ),
});
export type LineLimits = z.infer<typeof LineLimits>;

export const Line = z
  .strictObject({
    id: Id,
    name: z.string().min(1).max(80).optional(),
    points: z
      .tuple([PicturePoint, PicturePoint])
      .refine(([a, b]) => Math.hypot(b[0] - a[0], b[1] - a[1]) >= SHORTEST, 'the two points lie too close together')
      .describe('Both ends as [x, y], 0 to 1 from the top left corner. Heads cross it: draw it where heads pass.'),
    in: z
      .enum(['left', 'right'])
      .describe('The side that counts as inside, as seen on the screen going from the first point to the second.'),
    limits: LineLimits.optional().describe('Thresholds of the flow over this line.'),
  })
  .describe('A line across which people are counted in and out.');
export type Line = z.infer<typeof Line>;
