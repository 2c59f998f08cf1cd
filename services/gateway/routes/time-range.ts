/** Instants in queries, and times from one to another. */
import { z } from 'zod';

/** Up to the last instant a date can tell. */
export const LAST_INSTANT = 8_640_000_000_000_000;
export const instant = z.coerce.number().int().nonnegative().max(LAST_INSTANT);

/** A time the wrong way round is a mistake, not an empty list. */
export const inOrder = <Query extends { from?: number | undefined; to?: number | undefined }>(
  query: z.ZodType<Query>,
) =>
  query.refine(({ from = 0, to = LAST_INSTANT }) => from <= to, {
    path: ['to'],
    message: 'must not be earlier than from',
  });
