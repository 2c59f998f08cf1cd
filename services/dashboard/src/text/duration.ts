/** How long something took or lasts, cut into the numbers and units a person reads. Pure. */
const MINUTE = 60_000;
const DAY = 86_400_000;

/** The two largest units of a duration, each a whole number. */
export function durationParts(ms: number): [number, 'day' | 'hour' | 'minute' | 'second'][] {
  const units = [
    ['day', DAY],
    ['hour', 60 * MINUTE],
    ['minute', MINUTE],
    ['second', 1_000],
  ] as const;
  let rest = Math.max(0, Math.round(ms / 1_000) * 1_000);
  const parts: [number, 'day' | 'hour' | 'minute' | 'second'][] = [];
  for (const [unit, unitMs] of units) {
    const whole = Math.floor(rest / unitMs);
    rest -= whole * unitMs;
    if (whole > 0) parts.push([whole, unit]);
    else if (parts.length > 0) break;
  }
  return parts.length > 0 ? parts.slice(0, 2) : [[0, 'second']];
}
