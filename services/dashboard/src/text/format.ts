/** Numbers, times and ages as the chosen language writes them. Formatters are costly to make and are made once. */
import type { Interval } from '../../../../shared/contracts/common.ts';
import { type Age, readableAge } from '../camera/age.ts';

export type Format = {
  whole: (value: number) => string;
  /** At most one digit behind the point; small values with two that count, so that none of them reads as 0. */
  decimal: (value: number) => string;
  percent: (share: number) => string;
  /** People per m², with one digit. */
  density: (peoplePerSqm: number) => string;
  densityRange: (interval: Interval) => string;
  interval: (interval: Interval) => string;
  clock: (at: number) => string;
  /** Day and time to the second. */
  dateTime: (at: number) => string;
  /** For paper: with the year, and how far the clock is from Greenwich's. */
  full: (at: number) => string;
  /** Time of day, with the day where it is not the reader's today: yesterday's must not read as if it were now. */
  when: (at: number, now: number) => string;
  ago: (ageMs: number) => string;
};

type AgeWords = (value: string, unit: Age['unit']) => string;

const dayOf = (at: number): string => new Date(at).toDateString();

export function makeFormat(locale: string, agoWords: AgeWords): Format {
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const tenth = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const decimal = new Intl.NumberFormat(locale, {
    maximumFractionDigits: 1,
    maximumSignificantDigits: 2,
    roundingPriority: 'morePrecision',
  });
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
  const clock = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  const dateTime = new Intl.DateTimeFormat(locale, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'long', hourCycle: 'h23' });
  const ago = (ageMs: number) => {
    const age = readableAge(ageMs);
    return agoWords(age.decimals === 1 ? tenth.format(age.value) : whole.format(age.value), age.unit);
  };
  return {
    whole: (value) => whole.format(value),
    decimal: (value) => decimal.format(value),
    percent: (share) => percent.format(share),
    density: (value) => tenth.format(value),
    densityRange: ([low, high]) =>
      `${tenth.format(Math.floor(low * 10) / 10)}–${tenth.format(Math.ceil(high * 10) / 10)}`,
    // Outwards, so that rounding never makes the count look surer than it is.
    interval: ([low, high]) => `${whole.format(Math.floor(low))}–${whole.format(Math.ceil(high))}`,
    clock: (at) => clock.format(at),
    dateTime: (at) => dateTime.format(at),
    full: (at) => full.format(at),
    when: (at, now) => (dayOf(at) === dayOf(now) ? clock : dateTime).format(at),
    ago,
  };
}
