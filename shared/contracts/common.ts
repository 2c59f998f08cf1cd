/** The small words every contract is made of. */
import { z } from 'zod';

/** A camera's or zone's name in URLs, Redis keys and file names. */
export const Id = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/,
    'use 1 to 63 letters, digits, "-" or "_", starting with a letter or digit',
  );

/** An instant: milliseconds since 1970-01-01T00:00:00Z. */
export const EpochMs = z.number().int().nonnegative();

/** A point in the picture, 0–1 from the top left corner. */
export const PicturePoint = z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]);
export type PicturePoint = z.infer<typeof PicturePoint>;

/** Lower and upper bound of the 90 % interval, in the unit of the figure it belongs to. */
export const Interval = z.tuple([z.number().min(0), z.number().min(0)]);
export type Interval = z.infer<typeof Interval>;

/** A time zone by its IANA name. */
export const TimeZone = z.string().refine(isTimeZone, 'is not a time zone; write one such as Asia/Seoul');

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
