/** Exports as CSV (RFC 4180): readings, people over lines, alert events, orders. */
import type { AlertEvent } from '../../../shared/contracts/alert.ts';
import type { AuditEntry, HistoryPoint, LineHistoryPoint } from '../../../shared/contracts/history.ts';
import { localIso } from '../../../shared/readings/local-day.ts';

/** A long export is written in parts, `rows` only after the first. */
export type CsvPart = 'whole' | 'rows';

const HISTORY_COLUMNS = [
  ...(['cameraId', 'zoneId', 'stepMs', 'samples', 'countMean', 'countMin', 'countMax'] as const),
  ...(['densityMean', 'densityPeak', 'countLow', 'countHigh', 'countedMs'] as const),
];

/** Readings as CSV, instants in ISO 8601. @param timeZone of the instants; UTC by default */
export function historyCsv(points: HistoryPoint[], part: CsvPart = 'whole', timeZone?: string): string {
  return csv(
    part === 'rows' ? undefined : ['at', ...HISTORY_COLUMNS],
    points.map((point) => [isoOf(point.at, timeZone), ...HISTORY_COLUMNS.map((name) => point[name])]),
  );
}

const LINE_COLUMNS = ['cameraId', 'lineId', 'stepMs', 'in', 'out', 'coveredMs', 'blindMs', 'doubtful'] as const;

/** People over a line as CSV, like {@link historyCsv}. */
export function lineHistoryCsv(points: LineHistoryPoint[], part: CsvPart = 'whole', timeZone?: string): string {
  return csv(
    part === 'rows' ? undefined : ['at', ...LINE_COLUMNS],
    points.map((point) => [isoOf(point.at, timeZone), ...LINE_COLUMNS.map((name) => point[name])]),
  );
}

/** The event log as CSV, instants in ISO 8601. In parts like {@link historyCsv}. */
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
      ...[e.from.condition, e.to.condition, e.reason, e.cause, e.value, e.threshold, e.unit],
      ...[e.escalation, e.silenced, e.actor, e.note, e.model, e.configVersion, e.eventId, e.epoch],
    ]),
  );
}

/** The audit log as CSV, instants in ISO 8601, orders as JSON. In parts like {@link historyCsv}. */
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
