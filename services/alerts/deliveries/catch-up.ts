/**
 * What a receiver must hear of though it began before: one that is added, enabled again, or given more to hear of in the
 * middle of an incident would learn of an alert only when that changes.
 */
import type { Kysely } from 'kysely';
import { ActiveAlert, AlertEvent, type AlertEventType } from '../../../shared/contracts/alert.ts';
import type { AlertTables } from '../store/tables.ts';

/** Events that say how an alert stands. What operators did is no news without them. */
const TELLING: AlertEventType[] = [
  'alert.firing',
  'alert.level_changed',
  'alert.escalated',
  'camera.stale',
  'camera.offline',
  'camera.degraded',
];
const ENDING: AlertEventType[] = ['alert.resolved', 'camera.recovered'];

/** The newest event that says how an alert stands, of every alert that has not ended. @throws what the database said */
export async function standing(db: Kysely<AlertTables>): Promise<AlertEvent[]> {
  const rows = await db.selectFrom('alerts').select('body').execute();
  const on = rows.map(({ body }) => ActiveAlert.parse(JSON.parse(body))).filter((one) => one.resolvedAt === undefined);
  const ids = on.map(({ alertId }) => alertId);
  return newestOf(db, ids, TELLING);
}

/** How those of these alerts ended that have. @throws what the database said */
export const endsOf = (db: Kysely<AlertTables>, alertIds: string[]): Promise<AlertEvent[]> =>
  newestOf(db, alertIds, ENDING);

async function newestOf(db: Kysely<AlertTables>, alertIds: string[], types: AlertEventType[]): Promise<AlertEvent[]> {
  const events: AlertEvent[] = [];
  for (const alertId of alertIds) {
    const row = await db
      .selectFrom('alert_events')
      .select('body')
      .where('alert_id', '=', alertId)
      .where('type', 'in', types)
      .orderBy('sequence', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (row) events.push(AlertEvent.parse(JSON.parse(row.body)));
  }
  return events;
}
