/** What is kept of readings over time, and how it is exported. */
import { z } from 'zod';
import { localIso } from '../readings/local-day.ts';
import type { AlertEvent } from './alert.ts';
import { EpochMs, Id } from './common.ts';

/** A span of time of one zone, or of the whole picture. Spans without a single counted picture are missing, not zero. */
export const HistoryPoint = z.object({
  cameraId: Id,
  zoneId: Id.optional(),
  /** Begin of the span. */
  at: EpochMs,
  /** Length of the span; a day of a time zone lasts 23 to 25 hours. */
  stepMs: z.number().int().positive(),
  /** Of it, counted, by the ten-second or minute spans it is made of: the rest was blind, or is still to come, ms. */
  countedMs: z.number().int().positive(),
  /** Counted pictures in it. */
  samples: z.number().int().positive(),
  countMean: z.number().min(0),
  countMin: z.number().min(0),
  countMax: z.number().min(0),
  /** Means of the bounds of the counts' 90 % intervals; missing where they were not kept yet. */
  countLow: z.number().min(0).optional(),
  countHigh: z.number().min(0).optional(),
  /** People per m², mean of the zone's ground; only where calibrated. */
  densityMean: z.number().min(0).optional(),
  /** Highest peak density of the span. */
  densityPeak: z.number().min(0).optional(),
});
export type HistoryPoint = z.infer<typeof HistoryPoint>;

/** What went over a line in a span of time. Spans without a counted picture are missing, not zero. */
export const LineHistoryPoint = z.object({
  cameraId: Id,
  lineId: Id,
  /** Begin of the span. */
  at: EpochMs,
  stepMs: z.number().int().positive(),
  /** People that went in and out. */
  in: z.number().int().min(0),
  out: z.number().int().min(0),
  /** Time the two figures are of: longer than the span where it ends a time in which nobody wrote anything down, ms. */
  coveredMs: z.number().int().min(0),
  /** Of that time, without usable pictures: people may have passed unseen, ms. */
  blindMs: z.number().int().min(0),
  /** Whether the line doubted its figures: too few pictures a second, or too crowded. */
  doubtful: z.boolean(),
});
export type LineHistoryPoint = z.infer<typeof LineHistoryPoint>;

/** Spans one answer holds at most. */
export const HISTORY_POINTS_MAX = 5000;

const HISTORY_COLUMNS = [
  ...(['cameraId', 'zoneId', 'stepMs', 'samples', 'countMean', 'countMin', 'countMax'] as const),
  ...(['densityMean', 'densityPeak', 'countLow', 'countHigh', 'countedMs'] as const),
];

/** A long export is written in parts, `rows` only after the first. */
export type CsvPart = 'whole' | 'rows';

/** Readings as CSV (RFC 4180), instants in ISO 8601. @param timeZone of the instants; UTC by default */
export function historyCsv(points: HistoryPoint[], part: CsvPart = 'whole', timeZone?: string): string {
  return csv(
    part === 'rows' ? undefined : ['at', ...HISTORY_COLUMNS],
    points.map((point) => [isoOf(point.at, timeZone), ...HISTORY_COLUMNS.map((name) => point[name])]),
  );
}

const LINE_COLUMNS = ['cameraId', 'lineId', 'stepMs', 'in', 'out', 'coveredMs', 'blindMs', 'doubtful'] as const;

/** People over a line as CSV (RFC 4180), like {@link historyCsv}. */
export function lineHistoryCsv(points: LineHistoryPoint[], part: CsvPart = 'whole', timeZone?: string): string {
  return csv(
    part === 'rows' ? undefined : ['at', ...LINE_COLUMNS],
    points.map((point) => [isoOf(point.at, timeZone), ...LINE_COLUMNS.map((name) => point[name])]),
  );
}

/** The event log as CSV (RFC 4180), instants in ISO 8601. In parts like {@link historyCsv}. */
export function eventsCsv(events: AlertEvent[], part: CsvPart = 'whole'): string {
  const header = [
    ...['offset', 'at', 'capturedAt', 'type', 'mode', 'alertId', 'sequence', 'rule', 'cameraId', 'zoneId', 'lineId'],
    ...['fromLevel', 'toLevel', 'fromCondition', 'toCondition', 'reason', 'cause', 'value', 'threshold', 'unit'],
    ...['escalation', 'silenced', 'actor', 'note', 'model', 'configVersion', 'eventId', 'epoch'],
  ];
  return csv(
    part === 'rows' ? undefined : header,
    events.map((e) => [
      ...[e.offset, isoOf(e.at), e.capturedAt === undefined ? undefined : isoOf(e.capturedAt), e.type, e.mode],
      ...[e.alertId, e.sequence, e.rule, e.cameraId, e.zoneId, e.lineId, e.from.level, e.to.level],
      ...[
        e.from.condition,
        e.to.condition,
        e.reason,
        e.cause,
        e.value,
        e.threshold,
        e.unit,
        e.escalation,
        e.silenced,
        e.actor,
        e.note,
      ],
      ...[e.model, e.configVersion, e.eventId, e.epoch],
    ]),
  );
}

/** One order that was carried out: who, when, what, and what came of it. */
export const AuditEntry = z.object({
  commandId: z.string(),
  at: EpochMs,
  actor: z.string(),
  /** Such as `acknowledge`, `silence`, `start-drill`, `delete-evidence`. */
  what: z.string(),
  /** The order itself, without what stands above. */
  order: z.record(z.string(), z.unknown()),
  ok: z.boolean(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** The audit log as CSV (RFC 4180), instants in ISO 8601, orders as JSON. In parts like {@link historyCsv}. */
export function auditCsv(entries: AuditEntry[], part: CsvPart = 'whole'): string {
  return csv(
    part === 'rows' ? undefined : ['at', 'actor', 'what', 'ok', 'order', 'commandId'],
    entries.map((e) => [isoOf(e.at), e.actor, e.what, e.ok, JSON.stringify(e.order), e.commandId]),
  );
}

const isoOf = (at: number, timeZone?: string): string =>
  timeZone === undefined ? new Date(at).toISOString() : localIso(at, timeZone);

function csv(header: string[] | undefined, rows: (string | number | boolean | undefined)[][]): string {
  return [...(header ? [header] : []), ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function field(value: string | number | boolean | undefined): string {
  if (typeof value !== 'string') return value === undefined ? '' : String(value);
  // A spreadsheet would take such a text for a formula and run it; those of East Asia take wide signs for it, too.
  const safe = /^[=+\-@＝＋－＠\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
