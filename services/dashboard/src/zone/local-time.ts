/** Times as fields write them, in the reader's own time zone. Pure but for that zone. */

/** An instant as a `datetime-local` field writes it. */
export function localInput(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The last time a clock showed this time of day (`21:40` or `21:40:30`) by `now`; undefined when it is none. */
export function lastTimeOfDay(written: string, now: number): number | undefined {
  const [, hour, minute, second = '0'] = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(written) ?? [];
  if (hour === undefined || minute === undefined) return undefined;
  const date = new Date(now);
  date.setHours(Number(hour), Number(minute), Number(second), 0);
  // By the calendar, since a day of a changing clock is not 24 hours.
  if (date.getTime() > now) date.setDate(date.getDate() - 1);
  return date.getTime();
}
