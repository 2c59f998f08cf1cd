/** How stored spans are gathered into longer ones: of equal length, or the days of a time zone. */
import { type RawBuilder, sql } from 'kysely';
import { DAY_MS, dayOf, midnightBefore, offsetsIn } from '../../../shared/readings/local-day.ts';

export type Gathering = {
  /** Begin of the first span. */
  from: number;
  /** SQL: what rows of one span have in common; rises with time. */
  key: RawBuilder<number>;
  /** The span of a key. */
  spanOf: (key: number) => { at: number; stepMs: number };
};

type Asked = { from: number; to: number; stepMs: number; timeZone?: string | undefined };

/** Numbers are written out: parameters would not be the same in select and group by. All of them are made here. */
export function gatheringOf({ from, to, stepMs, timeZone }: Asked): Gathering {
  const at = sql.ref<number>('at');
  const step = sql.lit(stepMs);
  if (timeZone === undefined || stepMs !== DAY_MS) {
    return {
      from: Math.floor(from / stepMs) * stepMs,
      key: sql`(${at} - ${at} % ${step})`,
      spanOf: (key) => ({ at: key, stepMs }),
    };
  }
  const first = midnightBefore(from, timeZone);
  const [begin, ...changes] = offsetsIn(first, to, timeZone);
  const cases = changes
    .toReversed()
    .map((change) => sql`when ${at} >= ${sql.lit(change.from)} then ${sql.lit(change.offsetMs)}`);
  const otherwise = sql.lit(begin?.offsetMs ?? 0);
  const offset = cases.length > 0 ? sql`case ${sql.join(cases, sql` `)} else ${otherwise} end` : otherwise;
  const local = sql`(${at} + ${offset})`;
  return {
    from: first,
    key: sql`(${local} - ${local} % ${step})`,
    spanOf: (key) => {
      const day = dayOf(key, timeZone);
      return { at: day.at, stepMs: day.lengthMs };
    },
  };
}
