/**
 * Events as alerts of the Alertmanager API v2. Pure. Alertmanager knows an alert by its labels, the level among them, so
 * that routes and inhibitions can go by it: a change of level ends one alert there and begins another.
 */
import { type AlertEvent, levelRank, type RaisedLevel } from '../../../../shared/contracts/alert.ts';
import { figure, type Language, TEXTS } from '../texts.ts';

/** `postableAlert` of the API. */
export type PostableAlert = {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  endsAt?: string;
  generatorURL?: string;
};

/** What Alertmanager was told of an alert last. */
export type Told = { sequence: number; posted: PostableAlert | undefined };

export type Site = { source: string; language: Language; dashboardUrl?: string | undefined };

/** The words of Prometheus' and PagerDuty's world for our levels. */
const SEVERITY: Record<RaisedLevel, string> = {
  attention: 'info',
  caution: 'warning',
  alert: 'error',
  severe: 'critical',
};

/**
 * What to post for an event: the alert as it is now, and the end of what was told before where its level is no longer so.
 * @param before what Alertmanager was told last; undefined for nothing
 */
export function postingsOf(
  event: AlertEvent,
  before: Told | undefined,
  site: Site,
): { alerts: PostableAlert[]; told: Told } {
  const { level } = event.to;
  const old = before?.posted;
  const at = new Date(event.at).toISOString();
  const now = level === 'normal' ? undefined : { ...describe(event, level, site), startsAt: at };
  if (now && old && sameLabels(now.labels, old.labels)) now.startsAt = old.startsAt;
  const alerts = now ? [now] : [];
  // Nothing told yet: the level it comes from may still be known there from a life before this one.
  const ended = old ?? (now || event.from.level === 'normal' ? undefined : lastOf(event, event.from.level, site));
  if (ended && !(now && sameLabels(now.labels, ended.labels))) {
    // A clock set back must not end it before it began: that would be refused.
    const endsAt = new Date(Math.max(Date.parse(ended.startsAt), event.at)).toISOString();
    alerts.unshift({ ...ended, annotations: describe(event, event.from.level, site).annotations, endsAt });
  }
  return { alerts, told: { sequence: event.sequence, posted: now } };
}

/** A running alert, posted again so that Alertmanager keeps it. */
export function heldUntil(alert: PostableAlert, untilMs: number | undefined): PostableAlert {
  return untilMs === undefined ? alert : { ...alert, endsAt: new Date(untilMs).toISOString() };
}

/** An alert that is always on while Headroom judges readings: what watches for its end is a dead-man switch. */
export function heartbeatAlert(at: number, heartbeatMs: number, mode: string, site: Site): PostableAlert {
  return systemAlert('HeadroomHeartbeat', TEXTS[site.language].heartbeat, at, 3 * heartbeatMs, mode, site);
}

export function testAlert(at: number, site: Site): PostableAlert {
  return systemAlert('HeadroomTest', TEXTS[site.language].test, at, 60_000, 'test', site);
}

/** Where people see all of it: the dashboard, or one alert opened in it. */
const linkOf = ({ dashboardUrl }: Site, path = ''): { generatorURL?: string } =>
  dashboardUrl ? { generatorURL: `${dashboardUrl.replace(/\/+$/, '')}/${path}` } : {};

function systemAlert(alertname: string, summary: string, at: number, lifeMs: number, mode: string, site: Site) {
  return {
    labels: { alertname, severity: 'none', site: site.source, mode },
    annotations: { summary },
    startsAt: new Date(at).toISOString(),
    endsAt: new Date(at + lifeMs).toISOString(),
    ...linkOf(site),
  };
}

const lastOf = (event: AlertEvent, level: RaisedLevel, site: Site): PostableAlert => ({
  ...describe(event, level, site),
  startsAt: new Date(event.at).toISOString(),
});

function describe(event: AlertEvent, level: AlertEvent['to']['level'], site: Site): Omit<PostableAlert, 'startsAt'> {
  const t = TEXTS[site.language];
  const { rule, cameraId, zoneId, lineId, mode, value, threshold, unit, cause, capturedAt } = event;
  const raised: RaisedLevel = level === 'normal' ? (levelRank(event.peakLevel) > 0 ? peak(event) : 'attention') : level;
  const place = [
    cameraId ? `${t.camera} ${cameraId}` : site.source,
    ...(zoneId ? [`${t.zone} ${zoneId}`] : []),
    ...(lineId ? [`${t.line} ${lineId}`] : []),
  ];
  const figures = [
    ...(value === undefined ? [] : [`${figure(value)} ${unit}`]),
    ...(threshold === undefined ? [] : [`(${t.threshold} ${figure(threshold)} ${unit})`]),
    ...(cause ? [cause] : []),
    ...(event.to.condition === 'no-data' && (zoneId || lineId) ? [`(${t.noData})`] : []),
  ];
  return {
    labels: {
      alertname: `Headroom${rule.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())}`,
      severity: SEVERITY[raised],
      level: raised,
      rule,
      ...(cameraId ? { camera: cameraId } : {}),
      ...(zoneId ? { zone: zoneId } : {}),
      // Without it the lines of a camera would be one alert there, and the end of one the end of all.
      ...(lineId ? { line: lineId } : {}),
      site: site.source,
      mode,
    },
    annotations: {
      summary: `${t.levels[raised]}: ${place.join(', ')}`,
      ...(figures.length > 0 ? { description: figures.join(' ') } : {}),
      ...(value === undefined ? {} : { value: figure(value) }),
      ...(threshold === undefined ? {} : { threshold: figure(threshold) }),
      unit,
      reason: event.reason,
      condition: event.to.condition,
      ...(capturedAt === undefined ? {} : { captured_at: new Date(capturedAt).toISOString() }),
      alert_id: event.alertId,
      event_id: event.eventId,
    },
    ...linkOf(site, `#/alerts/${encodeURIComponent(event.alertId)}`),
  };
}

const peak = ({ peakLevel }: AlertEvent): RaisedLevel => (peakLevel === 'normal' ? 'attention' : peakLevel);

function sameLabels(a: Record<string, string>, b: Record<string, string>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
