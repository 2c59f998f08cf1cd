/** How old something is, cut into the number and unit a person reads. Words are the language file's business. */
export type Age = { value: number; unit: 'second' | 'minute' | 'hour' | 'day'; decimals: 0 | 1 };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Tenths below ten seconds, where they matter; never rounded down to look younger than it is. */
export function readableAge(ageMs: number): Age {
  const ms = Math.max(0, ageMs);
  if (ms < 9_950) return { value: Math.ceil(ms / 100) / 10, unit: 'second', decimals: 1 };
  if (ms < MINUTE) return { value: Math.floor(ms / 1000), unit: 'second', decimals: 0 };
  if (ms < HOUR) return { value: Math.floor(ms / MINUTE), unit: 'minute', decimals: 0 };
  if (ms < DAY) return { value: Math.floor(ms / HOUR), unit: 'hour', decimals: 0 };
  return { value: Math.floor(ms / DAY), unit: 'day', decimals: 0 };
}
