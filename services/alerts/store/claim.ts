/** How a leader begins: with a number that deposes who led before, and with all that is stored. */
import { randomBytes } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { ActiveAlert, Silence } from '../../../shared/contracts/alert.ts';
import type { EngineSnapshot, MachineRecord } from '../engine.ts';
import type { AlertTables } from './tables.ts';

/** Ids of the last entries read from the Redis streams; undefined before the first. */
export type Positions = { events?: string; commands?: string };

/** The newest event that was announced, and the number of the leader who did. */
export type Told = { epoch: string; offset: number; fence: number };

export type Claim = { fence: number; snapshot: EngineSnapshot; positions: Positions };

type Tx = Transaction<AlertTables>;

const newEpoch = (): string => randomBytes(4).toString('hex');

/**
 * Takes the lead: from here on every older leader's writes are refused.
 * @param told read before: a database that does not know of it was put back from a copy, or is a standby that had not
 * heard of all. It begins a new life then, or what it tells next would bear ids and offsets that are spent, and be taken
 * for a repetition
 */
export async function claimLead(tx: Tx, told?: Told): Promise<Claim> {
  // First a write, so that of two who claim at once the second waits and counts on from the first.
  await tx
    .insertInto('meta')
    .values({ key: 'fence', value: '1' })
    .onConflict((oc) =>
      oc.column('key').doUpdateSet({ value: sql<string>`cast(cast(meta.value as integer) + 1 as text)` }),
    )
    .execute();
  await tx
    .insertInto('meta')
    .values({ key: 'epoch', value: newEpoch() })
    .onConflict((oc) => oc.column('key').doNothing())
    .execute();
  const meta = new Map((await tx.selectFrom('meta').selectAll().execute()).map((row) => [row.key, row.value]));
  const last = await tx
    .selectFrom('alert_events')
    .select((eb) => eb.fn.max('offset').as('offset'))
    .executeTakeFirst();
  const events = meta.get('events-position');
  const commands = meta.get('commands-position');
  const snapshot: EngineSnapshot = {
    epoch: meta.get('epoch') ?? '',
    offset: Number(last?.offset ?? 0),
    machines: parsed<MachineRecord>(await tx.selectFrom('machines').selectAll().orderBy('id').execute()),
    alerts: parsed<ActiveAlert>(await tx.selectFrom('alerts').selectAll().orderBy('id').execute()),
    silences: parsed<Silence>(await tx.selectFrom('silences').selectAll().orderBy('id').execute()),
  };
  const fence = Number(meta.get('fence'));
  const hasForgotten = told?.epoch === snapshot.epoch && (told.offset > snapshot.offset || told.fence >= fence);
  return {
    fence,
    // What was judged and told before is not told again under other names: a new life judges from now on.
    positions: { ...(events && !hasForgotten ? { events } : {}), ...(commands ? { commands } : {}) },
    snapshot: hasForgotten ? await beginAnew(tx, snapshot, told) : snapshot,
  };
}

/** Another life of the database. Its alerts keep their names and go on beyond every number they can have told. */
async function beginAnew(tx: Tx, snapshot: EngineSnapshot, told: Told): Promise<EngineSnapshot> {
  const epoch = newEpoch();
  await putMeta(tx, 'epoch', epoch);
  const alerts = new Map<string, ActiveAlert>();
  for (const [id, alert] of snapshot.alerts) {
    alerts.set(id, { ...alert, sequence: Math.max(alert.sequence, told.offset) });
    await put(tx, 'alerts', id, alerts.get(id));
  }
  return { ...snapshot, epoch, alerts };
}

export async function putMeta(tx: Tx, key: string, value: string): Promise<void> {
  await tx
    .insertInto('meta')
    .values({ key, value })
    .onConflict((oc) => oc.column('key').doUpdateSet({ value }))
    .execute();
}

/** @param thing removed where undefined */
export async function put(
  tx: Tx,
  table: 'machines' | 'alerts' | 'silences',
  id: string,
  thing: unknown,
): Promise<void> {
  if (thing === undefined) {
    await tx.deleteFrom(table).where('id', '=', id).execute();
    return;
  }
  const body = JSON.stringify(thing);
  await tx
    .insertInto(table)
    .values({ id, body })
    .onConflict((oc) => oc.column('id').doUpdateSet({ body }))
    .execute();
}

function parsed<T>(rows: { id: string; body: string }[]): Map<string, T> {
  return new Map(rows.map((row) => [row.id, JSON.parse(row.body) as T]));
}
