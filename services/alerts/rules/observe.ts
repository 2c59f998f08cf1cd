/** What a rule sees in a camera's reading. Pure. */
import type { PublicReading, ZoneReading } from '../../../shared/contracts/reading.ts';
import { slopeOf, type Trend } from '../../../shared/readings/trend.ts';
import { countedBy, densityOf, followTrend, msTo } from '../../../shared/readings/zone-trend.ts';
import type { Observation, Rule, TrendFigure } from './rule.ts';

/** What a rule has seen of the figures it follows. Plain JSON; survives a restart. */
export type Trends = Partial<Record<TrendFigure, Trend>>;

export type Seen = { observation: Observation; trends?: Trends };

/** What a zone's rule sees, and its trends carried on. */
export function observeZone(rule: Rule, reading: PublicReading, trends?: Trends): Seen {
  if (reading.status !== 'ok') return { observation: { kind: 'silent', cause: causeOf(reading) } };
  const { seq, capturedAt } = reading;
  const zone = reading.zones.find((z) => z.zoneId === rule.zoneId);
  if (!zone) return { observation: { kind: 'silent', cause: 'zone not counted yet' } };
  if (rule.trend) return observeTrend(rule.trend, reading, zone, trends);
  const value = figureOf(rule, zone);
  if (value === undefined) return { observation: { kind: 'silent', cause: 'not calibrated' } };
  return { observation: { kind: 'value', value, seq, capturedAt } };
}

/** A rate, or the minutes until the first of the figures comes to its target. */
function observeTrend(
  { of, follows, windowMs, minMs, farMs }: NonNullable<Rule['trend']>,
  { seq, capturedAt, model }: Extract<PublicReading, { status: 'ok' }>,
  zone: ZoneReading,
  before: Trends = {},
): Seen {
  const grown: Trends = {};
  const values: (number | undefined)[] = [];
  for (const { figure: name, target } of follows) {
    const figure = name === 'count' ? zone.count : densityOf(zone);
    if (figure === undefined) continue;
    const last = before[name];
    const trend =
      last?.lastCapturedAt === capturedAt
        ? last
        : followTrend(last, countedBy(of, model), { capturedAt, figure }, windowMs);
    grown[name] = trend;
    const slope = slopeOf(trend, minMs);
    const perMin = slope?.significant ? slope.perMin : 0;
    const value = target === undefined ? Math.max(0, perMin) : msTo(target, figure, perMin, farMs) / 60_000;
    values.push(slope && value);
  }
  if (values.length === 0) return { observation: { kind: 'silent', cause: 'not calibrated' } };
  const isGrown = follows.some(({ figure }) => grown[figure] !== before[figure]);
  const trends = isGrown ? grown : before;
  const known = values.filter((value) => value !== undefined);
  // Nothing is clear while one of them may come to its target unseen.
  if (known.length < values.length) {
    return { observation: { kind: 'silent', cause: 'too little seen for a trend' }, trends };
  }
  return { observation: { kind: 'value', value: Math.min(...known), seq, capturedAt }, trends };
}

/** What a camera's own rule sees: 1 while it gives no count, 0 while it does. On the clock, not on pictures. */
export function observeCamera(reading: PublicReading, now: number): Observation {
  const value = (blind: 0 | 1): Observation => ({ kind: 'value', value: blind, seq: now, capturedAt: now });
  if (reading.status === 'ok') return value(0);
  // Whether the camera itself is well cannot be told then: the service's own rule speaks.
  if (reading.reason === 'inference-behind' || reading.reason === 'ingest-down') {
    return { kind: 'silent', cause: causeOf(reading) };
  }
  return value(1);
}

/**
 * Why a guarded zone or line goes unjudged though its camera is counted: workers that took another configuration leave
 * it out, or its ground has no density to judge. Undefined where it is judged.
 */
export function unjudgedCause(
  { zoneId, lineId, needsDensity }: Pick<Rule, 'zoneId' | 'lineId' | 'needsDensity'>,
  reading: Extract<PublicReading, { status: 'ok' }>,
): 'not-counted' | 'no-density' | undefined {
  if (lineId) return reading.lines?.some((line) => line.lineId === lineId) ? undefined : 'not-counted';
  const zone = reading.zones.find((one) => one.zoneId === zoneId);
  if (!zone) return 'not-counted';
  return needsDensity && densityOf(zone) === undefined ? 'no-density' : undefined;
}

/** What the rule of an unjudged place sees: 1 while it is, 0 while it is judged. On the clock, as `observeCamera`. */
export function observeUnjudged(rule: Rule, reading: PublicReading, now: number): Observation {
  // A camera without a count has an alert of its own.
  if (reading.status !== 'ok') return { kind: 'silent', cause: causeOf(reading) };
  return { kind: 'value', value: unjudgedCause(rule, reading) ? 1 : 0, seq: now, capturedAt: now };
}

/** Share of cameras that are blind for one reason of ours. */
export function observeShare(
  readings: PublicReading[],
  reason: 'inference-behind' | 'ingest-down',
  now: number,
): Observation {
  const blind = readings.filter((reading) => reading.status !== 'ok' && reading.reason === reason).length;
  return { kind: 'value', value: readings.length === 0 ? 0 : blind / readings.length, seq: now, capturedAt: now };
}

/** The reading's own words: `no-signal: timeout`. */
export function causeOf(reading: PublicReading): string {
  return reading.status === 'ok' ? 'ok' : `${reading.status}: ${reading.reason}`;
}

function figureOf(rule: Rule, zone: ZoneReading): number | undefined {
  if (rule.kind === 'zone-density') return densityOf(zone);
  return rule.capacity === undefined ? zone.count : zone.count / rule.capacity;
}
