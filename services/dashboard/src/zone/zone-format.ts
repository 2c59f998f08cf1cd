/** Dates, times and densities of charts as a language writes them. Formatters are costly and are made once. */
const MINUTE = 60_000;
const DAY = 86_400_000;

export type ZoneFormat = {
  dateTime: (at: number) => string;
  axis: (at: number, stepMs: number) => string;
  density: (peoplePerSqm: number) => string;
};

export function makeZoneFormat(locale: string): ZoneFormat {
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const day = { month: 'short', day: 'numeric' } as const;
  const dateTime = new Intl.DateTimeFormat(locale, { ...day, ...time });
  const toSecond = new Intl.DateTimeFormat(locale, { ...time, second: '2-digit' });
  const toMinute = new Intl.DateTimeFormat(locale, time);
  const toDay = new Intl.DateTimeFormat(locale, day);
  const density = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const isMidnight = (at: number) => {
    const date = new Date(at);
    return date.getHours() === 0 && date.getMinutes() === 0;
  };
  return {
    dateTime: (at) => dateTime.format(at),
    axis: (at, stepMs) => {
      if (stepMs < MINUTE) return toSecond.format(at);
      return stepMs >= DAY || isMidnight(at) ? toDay.format(at) : toMinute.format(at);
    },
    density: (value) => density.format(value),
  };
}
