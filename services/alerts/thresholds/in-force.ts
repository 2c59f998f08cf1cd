/** The thresholds in force, told from the very rules that alerts are raised by. Pure. */
import { type LimitsInForce, limitsInForce } from '../../../shared/config/limits-in-force.ts';
import { type Camera, type Config, staleAfterMs, type Zone } from '../../../shared/config/schema.ts';
import type { RuleInForce, ThresholdSignature, ThresholdsInForce } from '../../../shared/contracts/thresholds.ts';
import type { Rule } from '../rules/rule.ts';
import { rulesOf } from '../rules/rules-of.ts';
import { configVersion, receiversInForce } from './config-version.ts';

/** What a configuration does not say. */
export type Known = { since?: number | undefined; models: string[]; signatures: ThresholdSignature[] };

export function thresholdsInForce(
  config: Pick<Config, 'alerts' | 'cameras' | 'deliveries'>,
  { since, models, signatures }: Known,
): ThresholdsInForce {
  const { alerts, cameras, deliveries } = config;
  const rules = rulesOf(config);
  const of = (cameraId: string | undefined, zoneId: string | undefined): RuleInForce[] =>
    rules.filter((rule) => rule.cameraId === cameraId && rule.zoneId === zoneId).map(ruleInForce);
  return {
    source: deliveries.source,
    mode: alerts.mode,
    configVersion: configVersion(config),
    ...(since === undefined ? {} : { since }),
    models: models.toSorted(),
    cameras: cameras.map((camera) => ({
      id: camera.id,
      name: camera.name ?? camera.id,
      calibrated: camera.calibration !== undefined,
      sampleFps: camera.sampleFps,
      staleAfterMs: staleAfterMs(camera),
      zones: camera.zones.map((zone) => ({
        ...{ id: zone.id, name: zone.name ?? zone.id, profile: zone.profile, importance: zone.importance },
        ...(zone.capacity === undefined ? {} : { capacity: zone.capacity }),
        rules: of(camera.id, zone.id),
        idleLimits: idleLimits(zone, limitsInForce(alerts, camera, zone)),
      })),
      rules: of(camera.id, undefined).map((rule) => withLineName(rule, camera)),
    })),
    systemRules: of(undefined, undefined),
    escalation: {
      severeMs: alerts.escalateMs.severe,
      alertMs: alerts.escalateMs.alert,
      steps: alerts.escalationSteps,
    },
    receivers: receiversInForce(config),
    evidence: { mode: alerts.evidence.mode, keepDays: alerts.evidence.keepDays },
    signatures,
  };
}

/** What somebody stated and nothing judges by: on paper it must not be missing in silence. */
const idleLimits = ({ limits }: Pick<Zone, 'limits'>, inForce: LimitsInForce) =>
  (['peoplePerSqm', 'occupancy'] as const).filter((figure) => limits?.[figure] && !inForce[figure]);

function withLineName(rule: RuleInForce, { lines }: Pick<Camera, 'lines'>): RuleInForce {
  const line = lines.find(({ id }) => id === rule.lineId);
  return line ? { ...rule, lineName: line.name ?? line.id } : rule;
}

/** Dwell is told for the levels the rule has. */
function ruleInForce({
  kind,
  lineId,
  unit,
  dangerous,
  raiseAt,
  clearAt,
  dwellMs,
  clearMs,
  smoothMs,
}: Rule): RuleInForce {
  const dwell = Object.entries(dwellMs).filter(([level]) => level in raiseAt);
  return {
    kind,
    ...(lineId && { lineId }),
    unit,
    dangerous,
    raiseAt,
    clearAt,
    dwellMs: Object.fromEntries(dwell),
    clearMs,
    smoothMs,
  };
}
