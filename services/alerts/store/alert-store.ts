/**
 * Where alerts live. One transaction holds what a decision changed, the events it caused, the deliveries they need and
 * how far the inputs were read: after a crash at any point the successor goes on from exactly there.
 */
import type { Kysely } from 'kysely';
import { AlertEvent } from '../../../shared/contracts/alert.ts';
import { type AlertCommand, AlertReply } from '../../../shared/contracts/alert-command.ts';
import type { Evidence } from '../../../shared/contracts/evidence.ts';
import { HeadroomError } from '../../../shared/runtime/errors.ts';
import type { Change } from '../change.ts';
import { insertDelivery, type NewDelivery } from '../deliveries/delivery-store.ts';
import type { MachineRecord } from '../engine.ts';
import { insertEvidence } from '../evidence/evidence-store.ts';
import { addHistory } from '../history/history-store.ts';
import type { Tally } from '../history/history-tally.ts';
import { addLineHistory } from '../history/line-history-store.ts';
import type { LineTotals } from '../history/line-tally.ts';
import { noteInForce } from '../thresholds/threshold-store.ts';
import { type Claim, claimLead, type Positions, put, putMeta, type Told } from './claim.ts';
import { type OpenOptions, openDatabase } from './database.ts';
import type { AlertTables } from './tables.ts';

export type Commit = {
  fence: number;
  /** Rises within a term. The same number twice is stored once: so a commit may be made again when in doubt. */
  number: number;
  at: number;
  change: Change;
  machineOf: (key: string) => MachineRecord | undefined;
  positions: Positions;
  deliveries: NewDelivery[];
  evidence?: Evidence[];
  history: Tally[];
  lineHistory?: LineTotals[];
  /** Configurations that came into force. */
  configs: { version: string; body: unknown }[];
  command?: { command: AlertCommand; reply: AlertReply } | undefined;
};

/** Another process leads now: nothing was written. */
export class DeposedError extends HeadroomError {
  constructor() {
    super('ALERTS_DEPOSED', 'Another alerts process has taken over.');
  }
}

export class AlertStore {
  readonly db: Kysely<AlertTables>;

  private constructor(db: Kysely<AlertTables>) {
    this.db = db;
  }

  /**
   * @param where a SQLite file, or `postgres://…`
   * @throws HeadroomError as {@link openDatabase}
   */
  static async open(where: string, o: OpenOptions = {}): Promise<AlertStore> {
    return new AlertStore(await openDatabase(where, o));
  }

  close(): Promise<void> {
    return this.db.destroy();
  }

  /** Takes the lead, as {@link claimLead}. */
  claim(told?: Told): Promise<Claim> {
    return this.db.transaction().execute((tx) => claimLead(tx, told));
  }

  /**
   * Stores all of a commit or nothing.
   * @throws DeposedError, or what the database said; whether it was stored is open then, and it may be made again
   */
  async commit({
    fence,
    number,
    at,
    change,
    machineOf,
    positions,
    deliveries,
    evidence = [],
    history,
    lineHistory = [],
    configs,
    command,
  }: Commit): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      // First a write, so that no other process comes between the check and what follows.
      const held = await tx
        .updateTable('meta')
        .set({ value: String(fence) })
        .where('key', '=', 'fence')
        .where('value', '=', String(fence))
        .executeTakeFirst();
      if (held.numUpdatedRows !== 1n) throw new DeposedError();
      const mark = `${fence}/${number}`;
      const last = await tx.selectFrom('meta').select('value').where('key', '=', 'commit').executeTakeFirst();
      if (last?.value === mark) return;
      await putMeta(tx, 'commit', mark);
      for (const config of configs) {
        await tx
          .insertInto('config_versions')
          .values({ version: config.version, at, body: JSON.stringify(config.body) })
          .onConflict((oc) => oc.column('version').doNothing())
          .execute();
        await noteInForce(tx, config.version, at);
      }
      if (positions.events) await putMeta(tx, 'events-position', positions.events);
      if (positions.commands) await putMeta(tx, 'commands-position', positions.commands);
      for (const key of change.machines) await put(tx, 'machines', key, machineOf(key));
      for (const [id, alert] of change.alerts) await put(tx, 'alerts', id, alert);
      for (const [id, silence] of change.silences) await put(tx, 'silences', id, silence);
      for (const event of change.events) {
        await tx
          .insertInto('alert_events')
          .values({
            offset: event.offset,
            event_id: event.eventId,
            alert_id: event.alertId,
            camera_id: event.cameraId ?? null,
            zone_id: event.zoneId ?? null,
            sequence: event.sequence,
            type: event.type,
            at: event.at,
            announced: 0,
            body: JSON.stringify(event),
          })
          .execute();
      }
      for (const delivery of deliveries) await insertDelivery(tx, delivery, at);
      await insertEvidence(tx, evidence);
      await addHistory(tx, history);
      await addLineHistory(tx, lineHistory);
      if (command) {
        await tx
          .insertInto('commands')
          .values({
            command_id: command.command.commandId,
            at,
            actor: command.command.actor,
            body: JSON.stringify(command.command),
            reply: JSON.stringify(command.reply),
            replied: 0,
          })
          .execute();
      }
    });
  }

  /** Writes what stands there already. @throws what the database says when it cannot be written */
  async tryWrite(): Promise<void> {
    await this.db
      .updateTable('meta')
      .set((eb) => ({ value: eb.ref('value') }))
      .where('key', '=', 'epoch')
      .execute();
  }

  /** Events not yet announced, oldest first. */
  async unannounced(limit = 500): Promise<AlertEvent[]> {
    const rows = await this.db
      .selectFrom('alert_events')
      .select('body')
      .where('announced', '=', 0)
      .orderBy('offset')
      .limit(limit)
      .execute();
    return rows.map((row) => AlertEvent.parse(JSON.parse(row.body)));
  }

  async markAnnounced(upToOffset: number): Promise<void> {
    await this.db
      .updateTable('alert_events')
      .set({ announced: 1 })
      .where('announced', '=', 0)
      .where('offset', '<=', upToOffset)
      .execute();
  }

  /** The stored answer to a command that was carried out before. */
  async replyTo(commandId: string): Promise<AlertReply | undefined> {
    const row = await this.db
      .selectFrom('commands')
      .select('reply')
      .where('command_id', '=', commandId)
      .executeTakeFirst();
    return row && AlertReply.parse(JSON.parse(row.reply));
  }

  async unreplied(): Promise<AlertReply[]> {
    const rows = await this.db.selectFrom('commands').select('reply').where('replied', '=', 0).execute();
    return rows.map((row) => AlertReply.parse(JSON.parse(row.reply)));
  }

  async markReplied(commandId: string): Promise<void> {
    await this.db.updateTable('commands').set({ replied: 1 }).where('command_id', '=', commandId).execute();
  }

  async events(query: Extract<AlertCommand, { type: 'list-events' }>): Promise<AlertEvent[]> {
    let rows = this.db.selectFrom('alert_events').select('body').where('offset', '>', query.afterOffset);
    if (query.cameraId) rows = rows.where('camera_id', '=', query.cameraId);
    if (query.zoneId) rows = rows.where('zone_id', '=', query.zoneId);
    if (query.alertId) rows = rows.where('alert_id', '=', query.alertId);
    if (query.from !== undefined) rows = rows.where('at', '>=', query.from);
    if (query.to !== undefined) rows = rows.where('at', '<=', query.to);
    const found = await rows.orderBy('offset').limit(query.limit).execute();
    return found.map((row) => AlertEvent.parse(JSON.parse(row.body)));
  }

  /** Highest sequence of an alert: an event below it has been superseded. */
  async newestSequence(alertId: string): Promise<number> {
    const row = await this.db
      .selectFrom('alert_events')
      .select((eb) => eb.fn.max('sequence').as('sequence'))
      .where('alert_id', '=', alertId)
      .executeTakeFirst();
    return Number(row?.sequence ?? 0);
  }
}
