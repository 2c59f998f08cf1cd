/**
 * Whether the clock may be wrong by years, seen from what is kept. After a dead battery or a false time server, all that
 * was ever written looks old, and deleting it cannot be undone.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { AlertTables } from '../store/tables.ts';
import { COARSE_STEP_MS } from './history-store.ts';
import { FINE_STEP_MS } from './history-tally.ts';

/** What is left must reach back this far, ms, or a quarter of the time it is kept for where that is less. */
const REACH_MS = 86_400_000;

export type Keep = { keepFineMs: number; keepMinutesMs: number };

/**
 * A clock that is right leaves a long tail of history behind what is too old. One that has jumped leaves nothing, or
 * what was written since. So does a server that was off for long, which the same wait costs nothing but space.
 */
export async function clockInDoubt(db: Kysely<AlertTables>, now: number, keep: Keep): Promise<boolean> {
  for (const [stepMs, keptMs] of [
    [FINE_STEP_MS, keep.keepFineMs],
    [COARSE_STEP_MS, keep.keepMinutesMs],
  ] as const) {
    const oldest = now - keptMs;
    const is = (when: RawBuilder<unknown>) => hasRow(db, sql`step_ms = ${sql.lit(stepMs)} and ${when}`);
    const reach = now - Math.min(REACH_MS, keptMs / 4);
    if (!(await is(sql`at < ${oldest}`))) continue;
    if (!(await is(sql`at >= ${oldest} and at <= ${reach}`))) return true;
  }
  return false;
}

async function hasRow(db: Kysely<AlertTables>, where: RawBuilder<unknown>): Promise<boolean> {
  const { rows } = await sql`select 1 from history where ${where} limit 1`.execute(db);
  return rows.length > 0;
}
