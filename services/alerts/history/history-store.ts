/** Readings over time in the database: ten-second spans for hours, minutes for months. */
import { type Kysely, sql, type Transaction } from 'kysely';
import type { AlertCommand } from '../../../shared/contracts/alert-command.ts';
import { HISTORY_POINTS_MAX, type HistoryPoint } from '../../../shared/contracts/history.ts';
import { HeadroomError } from '../../../shared/runtime/errors.ts';
import { deleteOldest } from '../store/delete-oldest.ts';
import type { AlertTables } from '../store/tables.ts';
import { FINE_STEP_MS, mergeTallies, type Tally } from './history-tally.ts';
import { gatheringOf, readInPieces } from './spans.ts';

/** Spans that minutes are made of. */
export const COARSE_STEP_MS = 60_000;

type Query = Extract<AlertCommand, { type: 'list-history' }>;

/** Rows of one statement: 14 parameters each, of which SQLite takes 32,766. */
const ROWS_AT_ONCE = 500;

/** Merges sums into the spans they belong to, fine and coarse. */
export async function addHistory(db: Kysely<AlertTables> | Transaction<AlertTables>, tallies: Tally[]): Promise<void> {
  for (const stepMs of [FINE_STEP_MS, COARSE_STEP_MS]) {
    const rows = mergeTallies(tallies, stepMs).map((tally) => rowOf(tally, stepMs));
    for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
      await db
        .insertInto('history')
        .values(rows.slice(from, from + ROWS_AT_ONCE))
        .onConflict((oc) =>
          oc.columns(['step_ms', 'camera_id', 'zone_id', 'at']).doUpdateSet((eb) => ({
            samples: eb('history.samples', '+', eb.ref('excluded.samples')),
            count_sum: eb('history.count_sum', '+', eb.ref('excluded.count_sum')),
            interval_samples: eb('history.interval_samples', '+', eb.ref('excluded.interval_samples')),
            count_low_sum: eb('history.count_low_sum', '+', eb.ref('excluded.count_low_sum')),
            count_high_sum: eb('history.count_high_sum', '+', eb.ref('excluded.count_high_sum')),
            count_min: lesser('count_min'),
            count_max: greater('count_max'),
            density_samples: eb('history.density_samples', '+', eb.ref('excluded.density_samples')),
            density_sum: eb('history.density_sum', '+', eb.ref('excluded.density_sum')),
            density_peak: greater('density_peak'),
          })),
        )
        .execute();
    }
  }
}

function rowOf(tally: Tally, stepMs: number): AlertTables['history'] {
  return {
    step_ms: stepMs,
    camera_id: tally.cameraId,
    zone_id: tally.zoneId,
    at: tally.at,
    samples: tally.samples,
    count_sum: tally.countSum,
    count_min: tally.countMin,
    count_max: tally.countMax,
    interval_samples: tally.samples,
    count_low_sum: tally.countLowSum,
    count_high_sum: tally.countHighSum,
    density_samples: tally.densitySamples,
    density_sum: tally.densitySum,
    density_peak: tally.densityPeak,
  };
}

/**
 * The points of a query, oldest first.
 * @throws HeadroomError HISTORY_TOO_LONG when there are more than HISTORY_POINTS_MAX: none is left out silently
 */
export async function readHistory(db: Kysely<AlertTables>, query: Query): Promise<HistoryPoint[]> {
  const baseMs = query.stepMs % COARSE_STEP_MS === 0 ? COARSE_STEP_MS : FINE_STEP_MS;
  const kept = { table: 'history' as const, where: sql`step_ms = ${sql.lit(baseMs)}` };
  const points = await readInPieces(db, query, kept, (piece) => readPiece(db, piece, baseMs));
  if (points.length > HISTORY_POINTS_MAX) throw tooManyPoints('name a zoneId, ');
  return points;
}

async function readPiece(db: Kysely<AlertTables>, query: Query, baseMs: number): Promise<HistoryPoint[]> {
  const { from, key, spanOf } = gatheringOf(query);
  let rows = db
    .selectFrom('history')
    .where('step_ms', '=', baseMs)
    .where('camera_id', '=', query.cameraId)
    .where('at', '>=', from)
    .where('at', '<', query.to);
  if (query.zoneId !== undefined) rows = rows.where('zone_id', '=', query.zoneId);
  const found = await rows
    .select((eb) => [
      'zone_id',
      key.as('at'),
      eb.fn.countAll<number>().as('counted'),
      eb.fn.sum<number>('samples').as('samples'),
      eb.fn.sum<number>('count_sum').as('count_sum'),
      eb.fn.min('count_min').as('count_min'),
      eb.fn.max('count_max').as('count_max'),
      eb.fn.sum<number>('interval_samples').as('interval_samples'),
      eb.fn.sum<number>('count_low_sum').as('count_low_sum'),
      eb.fn.sum<number>('count_high_sum').as('count_high_sum'),
      eb.fn.sum<number>('density_samples').as('density_samples'),
      eb.fn.sum<number>('density_sum').as('density_sum'),
      eb.fn.max('density_peak').as('density_peak'),
    ])
    .groupBy(['zone_id', key])
    .orderBy(key)
    .orderBy('zone_id')
    .limit(HISTORY_POINTS_MAX + 1)
    .execute();
  return found.map((row) => {
    const densities = Number(row.density_samples);
    const intervals = Number(row.interval_samples);
    return {
      cameraId: query.cameraId,
      ...(row.zone_id === '' ? {} : { zoneId: row.zone_id }),
      ...spanOf(Number(row.at)),
      countedMs: Number(row.counted) * baseMs,
      samples: Number(row.samples),
      countMean: Number(row.count_sum) / Number(row.samples),
      countMin: Number(row.count_min),
      countMax: Number(row.count_max),
      ...(intervals > 0
        ? { countLow: Number(row.count_low_sum) / intervals, countHigh: Number(row.count_high_sum) / intervals }
        : {}),
      ...(densities > 0
        ? { densityMean: Number(row.density_sum) / densities, densityPeak: Number(row.density_peak) }
        : {}),
    };
  });
}

/** None is left out silently. */
export const tooManyPoints = (first = ''): HeadroomError =>
  new HeadroomError(
    'HISTORY_TOO_LONG',
    `These are more than ${HISTORY_POINTS_MAX} points: ${first}bring from and to closer together, or make stepMs longer.`,
  );

/** Forgets spans older than they are kept, a piece at a time. @returns whether more of them are left */
export async function pruneHistory(
  db: Kysely<AlertTables>,
  now: number,
  keep: { keepFineMs: number; keepMinutesMs: number },
): Promise<boolean> {
  let more = false;
  for (const [stepMs, keptMs] of [
    [FINE_STEP_MS, keep.keepFineMs],
    [COARSE_STEP_MS, keep.keepMinutesMs],
  ] as const) {
    const and = sql`step_ms = ${sql.lit(stepMs)}`;
    more = (await deleteOldest(db, { table: 'history', column: 'at', before: now - keptMs, and })) || more;
  }
  return more;
}

/** SQLite and PostgreSQL have no common function for the lesser of two. */
const lesser = (column: 'count_min') =>
  sql<number>`case when excluded.${sql.raw(column)} < history.${sql.raw(column)} then excluded.${sql.raw(column)} else history.${sql.raw(column)} end`;
const greater = (column: 'count_max' | 'density_peak') =>
  sql<number>`case when excluded.${sql.raw(column)} > history.${sql.raw(column)} then excluded.${sql.raw(column)} else history.${sql.raw(column)} end`;
