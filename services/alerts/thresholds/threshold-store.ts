/** Since when thresholds are in force, and who confirmed which. Both tables are only ever added to. */
import type { Kysely, Transaction } from 'kysely';
import type { ThresholdSignature } from '../../../shared/contracts/thresholds.ts';
import type { AlertTables } from '../store/tables.ts';

type Db = Kysely<AlertTables> | Transaction<AlertTables>;

const SIGNATURES_TOLD = 100;

/** Notes that a version is in force from now on, unless it was already. */
export async function noteInForce(db: Db, version: string, at: number): Promise<void> {
  const last = await inForce(db);
  if (last?.version === version) return;
  await db
    .insertInto('config_in_force')
    .values({ at, version })
    .onConflict((oc) => oc.column('at').doUpdateSet({ version }))
    .execute();
}

/** The version noted last. */
export function inForce(db: Db): Promise<{ version: string; at: number } | undefined> {
  return db.selectFrom('config_in_force').selectAll().orderBy('at', 'desc').limit(1).executeTakeFirst();
}

/** @param commandId the same twice is one confirmation */
export async function addSignature(db: Db, commandId: string, signature: ThresholdSignature): Promise<void> {
  const { at, configVersion: version, actor, role = null, note = null } = signature;
  await db
    .insertInto('threshold_signatures')
    .values({ command_id: commandId, at, version, actor, role, note })
    .onConflict((oc) => oc.column('command_id').doNothing())
    .execute();
}

/** The newest first. */
export async function signatures(db: Db): Promise<ThresholdSignature[]> {
  const rows = await db
    .selectFrom('threshold_signatures')
    .selectAll()
    .orderBy('at', 'desc')
    .limit(SIGNATURES_TOLD)
    .execute();
  return rows.map(({ at, version, actor, role, note }) => ({
    ...{ at: Number(at), configVersion: version, actor },
    ...(role ? { role } : {}),
    ...(note ? { note } : {}),
  }));
}
