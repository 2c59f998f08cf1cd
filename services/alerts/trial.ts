/**
 * What thresholds would have done in the past: the recorded history played through the very engine that judges live
 * readings, with the rules the configuration would have. Pure, but for letting others have their turn.
 */
import { setImmediate as othersTurn } from 'node:timers/promises';
import type { AlertsConfig } from '../../shared/config/alerts.ts';
import { type Camera, staleAfterMs } from '../../shared/config/schema.ts';
import { type AlertEvent, levelRank } from '../../shared/contracts/alert.ts';
import type { ThresholdTrial, TrialEpisode } from '../../shared/contracts/config-api.ts';
import type { HistoryPoint } from '../../shared/contracts/history.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import { AlertEngine } from './engine.ts';
import { enginePolicy } from './policy.ts';
import { judgesPictures } from './rules/rule.ts';
import { rulesOf } from './rules/rules-of.ts';

/** A span is played as pictures at most this far apart, so that every rule takes them as an unbroken run. */
const PICTURE_EVERY_MS = 2000;
/** Spans after which the live loop may go on: an hour costs some tenths of a second. */
const SPANS_A_TURN = 15;

export type TrialInput = {
  camera: Camera;
  zoneId: string;
  alerts: AlertsConfig;
  /** Ten-second spans of the zone, oldest first. Missing spans are pictures that were missing. */
  history: HistoryPoint[];
  from: number;
  to: number;
};

/**
 * Plays a zone's past. Each span is played at its highest density and its mean count: history keeps no more, so that a
 * density alert shows rather too early than too late.
 */
export async function tryThresholds({
  camera,
  zoneId,
  alerts,
  history,
  from,
  to,
}: TrialInput): Promise<ThresholdTrial> {
  const config = { alerts: { ...alerts, mode: 'test' as const }, cameras: [camera] };
  const rules = rulesOf(config).filter((rule) => rule.zoneId === zoneId && judgesPictures(rule));
  const nothing = { machines: new Map(), alerts: new Map(), silences: new Map() };
  const engine = new AlertEngine({ epoch: 'trial', offset: 0, ...nothing }, rules, enginePolicy(config));
  const events: AlertEvent[] = [];
  const everyMs = Math.min(PICTURE_EVERY_MS, staleAfterMs(camera));
  let seq = 0;
  for (const [index, span] of history.entries()) {
    if (index % SPANS_A_TURN === 0) await othersTurn();
    for (let at = span.at; at < span.at + span.stepMs; at += everyMs) {
      seq += 1;
      events.push(...engine.observe(readingOf(span, zoneId, camera, seq, at), at).events);
    }
    const next = history[index + 1]?.at ?? to;
    const end = span.at + span.stepMs;
    // Two looks without a picture, as far apart as the gap is long.
    if (next > end) for (const at of [end, next - 1]) events.push(...engine.observe(silent(camera.id, at), at).events);
  }
  const densities = history.flatMap(({ densityPeak }) => densityPeak ?? []);
  const counts = history.map(({ countMax }) => countMax);
  return {
    from,
    to,
    spans: history.length,
    spansWithDensity: densities.length,
    rules: rules.map(({ kind }) => kind),
    ...(counts.length > 0 ? { highestCount: Math.max(...counts) } : {}),
    ...(densities.length > 0 ? { highestDensity: Math.max(...densities) } : {}),
    episodes: episodesOf(events),
  };
}

function readingOf(span: HistoryPoint, zoneId: string, camera: Camera, seq: number, at: number): PublicReading {
  const { countMean, densityMean, densityPeak } = span;
  const density = densityPeak === undefined ? {} : { peoplePerSqm: densityMean, peakPeoplePerSqm: densityPeak };
  const zone = { zoneId, name: zoneId, count: countMean, interval: [0, 0] as [number, number] };
  return {
    type: 'reading',
    cameraId: camera.id,
    seq,
    capturedAt: at,
    publishedAt: at,
    status: 'ok',
    count: countMean,
    interval: [0, 0],
    heads: 0,
    zones: [{ ...zone, calibrated: densityPeak !== undefined, ...density }],
    model: { name: 'history', version: '0', steps: 1, warmStart: false },
  };
}

function silent(cameraId: string, at: number): PublicReading {
  return { type: 'reading', cameraId, status: 'stale', reason: 'late-picture', since: at, zones: [] };
}

/** From the engine's log to one entry for each alert. */
function episodesOf(events: AlertEvent[]): TrialEpisode[] {
  const episodes = new Map<string, TrialEpisode>();
  for (const { alertId, rule, at, to, type, peakLevel } of events) {
    const episode = episodes.get(alertId) ?? { rule, from: at, peakLevel, reached: {} };
    episodes.set(alertId, episode);
    if (levelRank(peakLevel) > levelRank(episode.peakLevel)) episode.peakLevel = peakLevel;
    if (to.level !== 'normal') episode.reached[to.level] ??= at;
    if (type === 'alert.resolved') episode.to = at;
  }
  return [...episodes.values()];
}
