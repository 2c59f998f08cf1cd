/** From the configuration to the rules in force. Pure. */
import type { AlertsConfig, Importance, LevelThresholds } from '../../../shared/config/alerts.ts';
import { limitsInForce } from '../../../shared/config/limits-in-force.ts';
import { type Camera, type Config, staleAfterMs, type Zone } from '../../../shared/config/schema.ts';
import type { RaisedLevel, RuleKind } from '../../../shared/contracts/alert.ts';
import { FAR_MS, groundOf } from '../../../shared/readings/zone-trend.ts';
import { lineRules } from './line-rules.ts';
import type { Followed, Rule, Thresholds } from './rule.ts';
import { definedOf, mapThresholds } from './thresholds.ts';

/** Level raised for a camera without a picture. */
const BLIND_LEVEL: Record<Importance, RaisedLevel> = { low: 'attention', normal: 'caution', high: 'alert' };
/** Pictures must be back for this long before a camera or service counts as recovered. */
const BACK_FOR_MS = 5_000;
/** Longest step between two looks at the clock that is believed. */
const TICK_STEP_MS = 2_000;
/** Minutes by which a forecast must have moved away before it counts as over. */
const FORECAST_HYSTERESIS_MIN = 2;
/** Any camera at all: smaller than one part in the thousand cameras a configuration may hold. */
const ANY_SHARE = 0.0005;

type RulesConfig = Pick<Config, 'alerts' | 'cameras'>;

/** All rules of a configuration. */
export function rulesOf(config: RulesConfig): Rule[] {
  const { alerts, cameras } = config;
  return [
    ...cameras.flatMap((camera) => [
      ...camera.zones.flatMap((zone) =>
        guarding(zoneRules(alerts, camera, zone), alerts, BLIND_LEVEL[zone.importance], standsByDensity(zone)),
      ),
      ...camera.lines.flatMap((line) => guarding(lineRules(alerts, camera, line), alerts, blindLevel(camera))),
      blindRule(alerts, 'camera-picture', { [blindLevel(camera)]: 1 }, { cameraId: camera.id }),
    ]),
    blindRule(alerts, 'inference-behind', { caution: ANY_SHARE, alert: 0.5 }),
    blindRule(alerts, 'ingest-down', { alert: ANY_SHARE }),
  ];
}

function zoneRules(alerts: AlertsConfig, camera: Camera, zone: Zone): Rule[] {
  const share = (value: number): number => value * (1 - alerts.hysteresisShare);
  const make = (
    kind: RuleKind,
    unit: string,
    raiseAt: LevelThresholds,
    clear: (threshold: number) => number,
    more: Partial<Rule> = {},
  ): Rule => ({
    key: `${camera.id}~${zone.id}~${kind}`,
    kind,
    cameraId: camera.id,
    zoneId: zone.id,
    unit,
    dangerous: 'above',
    raiseAt: definedOf(raiseAt),
    clearAt: mapThresholds(raiseAt, clear),
    dwellMs: alerts.dwellMs,
    clearMs: alerts.clearMs,
    smoothMs: alerts.smoothMs,
    minSamples: 2,
    maxStepMs: staleAfterMs(camera),
    noDataNoticeMs: alerts.noDataNoticeMs,
    ...more,
  });

  const rules: Rule[] = [];
  const window = { of: groundOf(camera, zone), windowMs: alerts.trendWindowMs, minMs: alerts.trendMinMs };
  /** Of people, whichever is fewer. */
  const fullAt: number[] = [];
  const follows: Followed[] = [];

  const limits = zone.limits ?? {};
  const { count, occupancy, peoplePerSqm: density } = limitsInForce(alerts, camera, zone);
  if (count) {
    rules.push(make('zone-count', 'people', count, share));
    if (count.severe) fullAt.push(count.severe);
  }
  if (occupancy && zone.capacity !== undefined) {
    rules.push(make('zone-occupancy', 'of capacity', occupancy, share, { capacity: zone.capacity }));
    if (occupancy.severe) fullAt.push(occupancy.severe * zone.capacity);
  }
  if (density) {
    // Never below half the threshold: 0.5 per m² would swallow a low one whole.
    const clear = (value: number): number => Math.max(value - alerts.hysteresisPerSqm, value / 2);
    rules.push(make('zone-density', 'people/m²', density, clear));
    if (density.severe) follows.push({ figure: 'peak-density', target: density.severe });
  }
  if (limits.fillPerMin) {
    rules.push(
      make('zone-fill-rate', 'people/min', limits.fillPerMin, share, {
        smoothMs: 0,
        trend: { follows: [{ figure: 'count' }], ...window },
      }),
    );
  }
  if (fullAt.length > 0) follows.push({ figure: 'count', target: Math.min(...fullAt) });
  if (follows.length > 0) {
    const { cautionMin, alertMin } = alerts.forecast;
    // "Not filling" lies beyond where the longest forecast is over, or it would raise one and never end it.
    const farMs = Math.max(FAR_MS, (cautionMin + 2 * FORECAST_HYSTERESIS_MIN) * 60_000);
    rules.push(
      make(
        'zone-forecast',
        'min',
        { caution: cautionMin, alert: alertMin },
        (minutes) => minutes + FORECAST_HYSTERESIS_MIN,
        { dangerous: 'below', smoothMs: 0, trend: { follows, farMs, ...window } },
      ),
    );
  }
  return rules;
}

/** The rules that guard a place, and one that speaks while nothing feeds them. Nothing where nothing guards it. */
function guarding(rules: Rule[], alerts: AlertsConfig, level: RaisedLevel, needsDensity = false): Rule[] {
  const [first] = rules;
  if (!first) return [];
  const { cameraId, zoneId, lineId } = first;
  const where = { cameraId, ...(zoneId ? { zoneId } : {}), ...(lineId ? { lineId } : {}) };
  return [...rules, { ...blindRule(alerts, 'not-judged', { [level]: 1 }, where), needsDensity }];
}

/** Whether a zone is unguarded without a density: its limits are stated, or no other figure is judged. */
function standsByDensity({ limits = {}, capacity }: Zone): boolean {
  return limits.peoplePerSqm !== undefined || (capacity === undefined && !limits.count && !limits.fillPerMin);
}

/** A rule on the clock instead of on pictures: is somebody blind, and for how long? */
function blindRule(
  alerts: AlertsConfig,
  kind: RuleKind,
  raiseAt: Thresholds,
  where: Pick<Rule, 'cameraId' | 'zoneId' | 'lineId'> = {},
): Rule {
  const dwell = alerts.silentMs;
  const { cameraId, zoneId, lineId } = where;
  // A zone and a line of one camera may have the same id.
  const place = [cameraId, zoneId, ...(lineId ? ['line', lineId] : [])].filter((part) => part !== undefined);
  return {
    key: [...place, kind].join('~'),
    kind,
    ...where,
    unit: cameraId ? 'blind' : 'share of cameras',
    dangerous: 'above',
    raiseAt,
    clearAt: raiseAt,
    dwellMs: { attention: dwell, caution: dwell, alert: dwell, severe: dwell },
    clearMs: BACK_FOR_MS,
    smoothMs: 0,
    minSamples: 2,
    maxStepMs: TICK_STEP_MS,
    noDataNoticeMs: alerts.noDataNoticeMs,
  };
}

function blindLevel(camera: Camera): RaisedLevel {
  const ranked: Importance[] = ['high', 'normal', 'low'];
  const importance = ranked.find((i) => camera.zones.some((zone) => zone.importance === i)) ?? 'normal';
  return BLIND_LEVEL[importance];
}
