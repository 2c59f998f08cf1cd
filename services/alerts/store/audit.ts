/** The audit log: every order that was carried out, as it was given. Only ever added to. */
import type { Kysely } from 'kysely';
import type { AlertCommand } from '../../../shared/contracts/alert-command.ts';
import type { AuditEntry } from '../../../shared/contracts/history.ts';
import type { AlertTables } from './tables.ts';

/** The newest first. */
export async function readAudit(
  db: Kysely<AlertTables>,
  { from, to, after, limit }: Extract<AlertCommand, { type: 'list-audit' }>,
): Promise<AuditEntry[]> {
  let rows = db.selectFrom('commands').select(['command_id', 'at', 'actor', 'body', 'reply']);
  if (from !== undefined) rows = rows.where('at', '>=', from);
  if (to !== undefined) rows = rows.where('at', '<=', to);
  if (after) {
    const { at, commandId } = after;
    rows = rows.where((eb) =>
      eb.or([eb('at', '<', at), eb.and([eb('at', '=', at), eb('command_id', '>', commandId)])]),
    );
  }
  const found = await rows.orderBy('at', 'desc').orderBy('command_id').limit(limit).execute();
  return found.map((row) => {
    const {
      type,
      commandId: _id,
      actor: _actor,
      ...order
    } = JSON.parse(row.body) as { type: string } & Record<string, unknown>;
    const { ok } = JSON.parse(row.reply) as { ok: boolean };
    return { commandId: row.command_id, at: Number(row.at), actor: row.actor, what: type, order, ok };
  });
}
