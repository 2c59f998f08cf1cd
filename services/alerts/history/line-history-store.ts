/** People over lines in the database: totals by the minute, told as what was added from one to the next. */
import { type Kysely, sql, type Transaction } from 'kysely';
import type { AlertCommand } from '../../../shared/contracts/alert-command.ts';
import { HISTORY_POINTS_MAX, type LineHistoryPoint } from '../../../shared/contracts/history.ts';
import { deleteOldest } from '../store/delete-oldest.ts';
import type { AlertTables } from '../store/tables.ts';
import { tooManyPoints } from './history-store.ts';
import type { LineTotals } from './line-tally.ts';
import { gatheringOf, readInPieces } from './spans.ts';

type Query = Extract<AlertCommand, { type: 'list-line-history' }>;

/** Rows of one statement: 9 parameters each, of which SQLite takes 32,766. */
const ROWS_AT_ONCE = 500;

/** Stores totals; of two of one minute the later one stays. */
export async function addLineHistory(
  db: Kysely<AlertTables> | Transaction<AlertTables>,
  totals: LineTotals[],
): Promise<void> {
  for (let from = 0; from < totals.length; from += ROWS_AT_ONCE) {
    await db
      .insertInto('line_history')
      .values(totals.slice(from, from + ROWS_AT_ONCE).map(rowOf))
      .onConflict((oc) =>
        oc.columns(['camera_id', 'line_id', 'at']).doUpdateSet({
          last_at: later('last_at'),
          since: later('since'),
          in_total: later('in_total'),
          out_total: later('out_total'),
          blind_ms: later('blind_ms'),
          doubtful: sql<number>`case when excluded.doubtful > line_history.doubtful then excluded.doubtful else line_history.doubtful end`,
        }),
      )
      .execute();
  }
}

const rowOf = (totals: LineTotals): AlertTables['line_history'] => ({
  camera_id: totals.cameraId,
  line_id: totals.lineId,
  at: totals.at,
  last_at: totals.lastAt,
  since: totals.since,
  in_total: totals.in,
  out_total: totals.out,
  blind_ms: totals.blindMs,
  doubtful: totals.doubtful ? 1 : 0,
});

/** `last_at` itself is set like the rest: SQL reads the row as it was before. */
const later = (column: 'last_at' | 'since' | 'in_total' | 'out_total' | 'blind_ms') =>
  sql<number>`case when excluded.last_at >= line_history.last_at then ${sql.ref(`excluded.${column}`)} else ${sql.ref(`line_history.${column}`)} end`;

/**
 * The points of a query, oldest first. Totals that count from another instant than those before them began anew there.
 * @throws HeadroomError HISTORY_TOO_LONG
 */
export async function readLineHistory(db: Kysely<AlertTables>, query: Query): Promise<LineHistoryPoint[]> {
  const kept = { table: 'line_history' as const, where: lineOf(query) };
  const points = await readInPieces(db, query, kept, (piece) => readPiece(db, piece));
  if (points.length > HISTORY_POINTS_MAX) throw tooManyPoints();
  return points;
}

const lineOf = ({ cameraId, lineId }: Query) => sql`camera_id = ${cameraId} and line_id = ${lineId}`;

async function readPiece(db: Kysely<AlertTables>, query: Query): Promise<LineHistoryPoint[]> {
  const { cameraId, lineId, to } = query;
  const { from, key, spanOf } = gatheringOf(query);
  const line = lineOf(query);
  const { rows } = await sql<Record<'span' | 'inside' | 'outside' | 'blind' | 'covered' | 'doubtful', number>>`
    with minutes as (
      select at, last_at, since, in_total, out_total, blind_ms, doubtful,
        lag(last_at) over (order by at) as before_at, lag(since) over (order by at) as before_since,
        lag(in_total) over (order by at) as before_in, lag(out_total) over (order by at) as before_out,
        lag(blind_ms) over (order by at) as before_blind
      from line_history
      where ${line} and at < ${to}
        and at >= coalesce((select max(at) from line_history where ${line} and at < ${from}), ${from})
    ), flows as (
      select at, doubtful,
        case when since = before_since then in_total - before_in else in_total end as inside,
        case when since = before_since then out_total - before_out else out_total end as outside,
        case when since = before_since then blind_ms - before_blind else blind_ms end as blind,
        last_at - case when before_at > since then before_at else since end as covered
      from minutes
      where at >= ${from} and (before_at is not null or since >= at)
    )
    select ${key} as span, sum(inside) as inside, sum(outside) as outside, sum(blind) as blind,
      sum(covered) as covered, max(doubtful) as doubtful
    from flows group by ${key} order by ${key} limit ${HISTORY_POINTS_MAX + 1}`.execute(db);
  return rows.map((row) => ({
    ...{ cameraId, lineId, ...spanOf(Number(row.span)) },
    ...{ in: Math.max(0, Number(row.inside)), out: Math.max(0, Number(row.outside)) },
    ...{ coveredMs: Math.max(0, Number(row.covered)), blindMs: Math.max(0, Number(row.blind)) },
    doubtful: Number(row.doubtful) === 1,
  }));
}

/** Forgets minutes older than they are kept, a piece at a time. @returns whether more of them are left */
export function pruneLineHistory(db: Kysely<AlertTables>, now: number, keptMs: number): Promise<boolean> {
  return deleteOldest(db, { table: 'line_history', column: 'at', before: now - keptMs });
}
