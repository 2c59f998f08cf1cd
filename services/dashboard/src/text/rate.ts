/** A zone's trend in words. Pure. */
import type { ZoneForecast, ZoneTrend } from '../../../../shared/contracts/reading.ts';
import type { Texts } from './texts.ts';

const MINUTE_MS = 60_000;
/** What the readings tell no further than. */
const FAR_MIN = 60;

/** `amount` has its sign; empty where only a density rises. */
export type RateWords = { direction: 'rising' | 'falling'; arrow: string; amount: string; spoken: string };

/** Undefined where nothing is certain. A forecast by density may stand without a rate: the crowd draws together. */
export function rateWords(trend: ZoneTrend | undefined, t: Texts): RateWords | undefined {
  const forecast = trend?.forecast && forecastWords(trend.forecast, t);
  const perMin = trend?.peoplePerMin;
  if (perMin === undefined) {
    return forecast ? { direction: 'rising', arrow: '↗', amount: '', spoken: forecast } : undefined;
  }
  const direction = perMin > 0 ? 'rising' : 'falling';
  const amount = t.format.decimal(Math.abs(perMin));
  return {
    direction,
    ...(perMin > 0 ? { arrow: '↗', amount: `+${amount}` } : { arrow: '↘', amount: `−${amount}` }),
    spoken: [t.rate[direction](amount), forecast].filter(Boolean).join(' '),
  };
}

/** `At this rate Caution (3 people/m²) in about 7 min (5–12 min).` */
export function forecastWords({ level, measure, limit, inMs, inMsInterval }: ZoneForecast, t: Texts): string {
  const begins = measure === 'density' ? `${t.format.decimal(limit)} ${t.density.unit}` : t.peopleSpoken(limit);
  const [soonest, latest] = inMsInterval.map((ms) => ms / MINUTE_MS) as [number, number];
  const range = `${Math.floor(soonest)}–${latest > FAR_MIN ? `${FAR_MIN}+` : Math.ceil(latest)}`;
  const name = t.alerts.levels[level];
  return inMs < MINUTE_MS
    ? t.rate.withinAMinute(name, begins, range)
    : t.rate.forecast(name, begins, t.format.whole(Math.round(inMs / MINUTE_MS)), range);
}

/** `+3 – +7`, outwards, so that rounding never makes the rate look surer than it is. */
export function rateInterval([low, high]: [number, number], t: Texts): string {
  const tenth = (value: number) => `${value > 0 ? '+' : value < 0 ? '−' : ''}${t.format.decimal(Math.abs(value))}`;
  return `${tenth(Math.floor(low * 10) / 10)} – ${tenth(Math.ceil(high * 10) / 10)}`;
}
