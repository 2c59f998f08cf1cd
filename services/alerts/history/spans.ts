/** How stored spans are gathered into longer ones: of equal length, or the days of a time zone; a piece at a time. */
import { setImmediate } from 'node:timers/promises';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { HISTORY_POINTS_MAX } from '../../../shared/contracts/history.ts';
import { cutBy, DAY_MS, dayOf, offsetsIn, type Spans, spanBegin } from '../../../shared/readings/local-day.ts';
import type { AlertTables } from '../store/tables.ts';

/** Read at once: SQLite halts the whole process meanwhile, and with it the judging of readings. */
const PIECE_MS = 7 * DAY_MS;

export type Gathering = {
  /** Begin of the first span. */
  from: number;
  /** SQL: what rows of one span have in common; rises with time. */
  key: RawBuilder<number>;
  /** The span of a key. */
  spanOf: (key: number) => { at: number; stepMs: number };
};

type Asked = Spans & { from: number; to: number };

/** Numbers are written out: parameters would not be the same in select and group by. All of them are made here. */
export function gatheringOf(asked: Asked): Gathering {
  const { stepMs } = asked;
  const from = spanBegin(asked.from, asked);
  const zone = cutBy(asked);
  const at = sql.ref<number>('at');
  const step = sql.lit(stepMs);
  if (zone === undefined) {
    return {
      from,
      key: sql`(${at} - ${at} % ${step})`,
      spanOf: (key) => ({ at: key, stepMs }),
    };
  }
  const [begin, ...changes] = offsetsIn(from, asked.to, zone);
  const cases = changes
    .toReversed()
    .map((change) => sql`when ${at} >= ${sql.lit(change.from)} then ${sql.lit(change.offsetMs)}`);
  const otherwise = sql.lit(begin?.offsetMs ?? 0);
  const offset = cases.length > 0 ? sql`case ${sql.join(cases, sql` `)} else ${otherwise} end` : otherwise;
  const local = sql`(${at} + ${offset})`;
  return {
    from,
    key: sql`(${local} - ${local} % ${step})`,
    spanOf: (key) => {
      const day = dayOf(key, zone);
      return { at: day.at, stepMs: day.lengthMs };
    },
  };
}

/**
 * What a query gives, read piece after piece, between which others have their turn.
 * @param kept table, and which of its rows count
 * @param read points of a piece, which begins and ends with a span
 * @returns more than HISTORY_POINTS_MAX where there are too many; not all of them then
 */
export async function readInPieces<Query extends Asked, Point>(
  db: Kysely<AlertTables>,
  query: Query,
  kept: { table: 'history' | 'line_history'; where: RawBuilder<unknown> },
  read: (piece: Query) => Promise<Point[]>,
): Promise<Point[]> {
  const rows = sql`from ${sql.table(kept.table)} where ${kept.where}`;
  const { rows: ends } = await sql<{ first: number | null; last: number | null }>`
    select (select min(at) ${rows}) as first, (select max(at) ${rows}) as last`.execute(db);
  const { first, last } = ends[0] ?? {};
  const points: Point[] = [];
  if (first == null || last == null) return points;
  const end = Math.min(query.to, Number(last) + 1);
  for (let from = Math.max(query.from, Number(first)); from < end && points.length <= HISTORY_POINTS_MAX; ) {
    const to = Math.min(end, spanBegin(from + PIECE_MS, query));
    points.push(...(await read({ ...query, from, to })));
    from = to;
    await setImmediate();
  }
  return points;
}
