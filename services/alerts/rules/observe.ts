/** What a rule sees in a camera's reading. Pure. */
import type { PublicReading, ZoneReading } from '../../../shared/contracts/reading.ts';
import { slopeOf, type Trend } from '../../../shared/readings/trend.ts';
import { countedBy, densityOf, followTrend, msTo } from '../../../shared/readings/zone-trend.ts';
import type { Observation, Rule } from './rule.ts';

export type Seen = { observation: Observation; trend?: Trend };

/** What a zone's rule sees, and its trend carried on. */
export function observeZone(rule: Rule, reading: PublicReading, trend?: Trend): Seen {
  if (reading.status !== 'ok') return { observation: { kind: 'silent', cause: causeOf(reading) } };
  const { seq, capturedAt } = reading;
  const zone = reading.zones.find((z) => z.zoneId === rule.zoneId);
  if (!zone) return { observation: { kind: 'silent', cause: 'zone not counted yet' } };
  const seen = (value: number): Observation => ({ kind: 'value', value, seq, capturedAt });

  if (!rule.trend) {
    const figure = figureOf(rule, zone);
    return { observation: figure === undefined ? { kind: 'silent', cause: 'not calibrated' } : seen(figure) };
  }
  const figure = rule.trend.figure === 'count' ? zone.count : densityOf(zone);
  if (figure === undefined) return { observation: { kind: 'silent', cause: 'not calibrated' } };
  const { windowMs, minMs, target, farMs } = rule.trend;
  const of = countedBy(rule.trend.of, reading.model);
  const grown = trend?.lastCapturedAt === capturedAt ? trend : followTrend(trend, of, { capturedAt, figure }, windowMs);
  const slope = slopeOf(grown, minMs);
  if (!slope) return { observation: { kind: 'silent', cause: 'too little seen for a trend' }, trend: grown };
  const perMin = slope.significant ? slope.perMin : 0;
  const value = target === undefined ? Math.max(0, perMin) : msTo(target, figure, perMin, farMs) / 60_000;
  return { observation: seen(value), trend: grown };
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
