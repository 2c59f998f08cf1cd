/** Rules of the flow over a line, and what they see in a reading. Pure. */
import type { AlertsConfig } from '../../../shared/config/alerts.ts';
import type { Line, LineLimits } from '../../../shared/config/lines.ts';
import { type Camera, staleAfterMs } from '../../../shared/config/schema.ts';
import type { RuleKind } from '../../../shared/contracts/alert.ts';
import type { LineReading, PublicReading } from '../../../shared/contracts/reading.ts';
import { causeOf } from './observe.ts';
import type { Observation, Rule } from './rule.ts';
import { definedOf, mapThresholds } from './thresholds.ts';

type Flow = { kind: RuleKind; figure(flow: { in: number; out: number }): number };

const FLOWS: Record<keyof LineLimits, Flow> = {
  inPerMin: { kind: 'line-in', figure: (flow) => flow.in },
  outPerMin: { kind: 'line-out', figure: (flow) => flow.out },
  netPerMin: { kind: 'line-net', figure: (flow) => flow.in - flow.out },
  // Two streams meet head on as far as both are there.
  counterPerMin: { kind: 'line-counter-flow', figure: (flow) => Math.min(flow.in, flow.out) },
};

/** Rules of one line: those whose thresholds are stated, since no figure fits every gate. */
export function lineRules(alerts: AlertsConfig, camera: Camera, line: Line): Rule[] {
  return Object.entries(FLOWS).flatMap(([name, { kind }]) => {
    const raiseAt = line.limits?.[name as keyof LineLimits];
    if (!raiseAt) return [];
    return {
      key: `${camera.id}~${line.id}~${kind}`,
      kind,
      cameraId: camera.id,
      lineId: line.id,
      unit: 'people/min',
      dangerous: 'above',
      raiseAt: definedOf(raiseAt),
      clearAt: mapThresholds(raiseAt, (value) => value * (1 - alerts.hysteresisShare)),
      dwellMs: alerts.dwellMs,
      clearMs: alerts.clearMs,
      smoothMs: alerts.smoothMs,
      minSamples: 2,
      maxStepMs: staleAfterMs(camera),
      noDataNoticeMs: alerts.noDataNoticeMs,
    };
  });
}

/** What a line's rule sees. A line that doubts its figures, or has not been watched for a minute, shows nothing. */
export function observeLine(rule: Rule, reading: PublicReading): Observation {
  if (reading.status !== 'ok') return { kind: 'silent', cause: causeOf(reading) };
  const line = reading.lines?.find(({ lineId }) => lineId === rule.lineId);
  if (!line) return { kind: 'silent', cause: 'line not counted yet' };
  if (line.doubt) return { kind: 'silent', cause: `line in doubt: ${line.doubt}` };
  const value = flowOf(rule.kind, line);
  if (value === undefined) return { kind: 'silent', cause: 'less than a minute seen' };
  return { kind: 'value', value, seq: reading.seq, capturedAt: reading.capturedAt };
}

function flowOf(kind: RuleKind, { inPerMin, outPerMin }: LineReading): number | undefined {
  if (inPerMin === undefined || outPerMin === undefined) return undefined;
  const flow = Object.values(FLOWS).find((one) => one.kind === kind);
  return flow?.figure({ in: inPerMin, out: outPerMin });
}
