/**
 * Where alerts live. One transaction holds what a decision changed, the events it caused, the deliveries they need and
 * how far the inputs were read: after a crash at any point the successor goes on from exactly there.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Kysely, type Transaction } from 'kysely';
import {
  type ActiveAlert,
  type AlertCommand,
  AlertEvent,
  AlertReply,
  type Silence,
} from '../../../shared/contracts/alert.ts';
import { HeadroomError } from '../../../shared/runtime/errors.ts';
import { insertDelivery, type NewDelivery } from '../deliveries/delivery-store.ts';
import type { Change, EngineSnapshot, MachineRecord } from '../engine.ts';
import { addHistory } from '../history/history-store.ts';
import type { Tally } from '../history/history-tally.ts';
import { migrate } from './migrate.ts';
import { sqliteDialect } from './sqlite.ts';
import type { AlertTables } from './tables.ts';

/** Ids of the last entries read from the Redis streams; undefined before the first. */
export type Positions = { events?: string; commands?: string };

export type Commit = {
  fence: number;
  at: number;
  change: Change;
  machineOf: (key: string) => MachineRecord | undefined;
  positions: Positions;
  deliveries: NewDelivery[];
  history: Tally[];
  command?: { command: AlertCommand; reply: AlertReply } | undefined;
};

const OPEN_ATTEMPTS = 5;
const OPEN_PAUSE_MS = 300;

/** Another process leads now: nothing was written. */
export class DeposedError extends HeadroomError {
  constructor() {
    super('ALERTS_DEPOSED', 'Another alerts process has taken over.');
  }
}

type Db = Kysely<AlertTables> | Transaction<AlertTables>;

export class AlertStore {
  readonly db: Kysely<AlertTables>;

  private constructor(db: Kysely<AlertTables>) {
    this.db = db;
  }

  /** @throws HeadroomError DATABASE_UNUSABLE or DATABASE_MIGRATION */
  static async open(file: string): Promise<AlertStore> {
    // Two processes that start on a new database make its tables at the same time: who comes second looks again.
    for (let attempt = 1; ; attempt++) {
      let db: Kysely<AlertTables> | undefined;
      try {
        db = new Kysely<AlertTables>({ dialect: sqliteDialect(file) });
        await migrate(db);
        return new AlertStore(db);
      } catch (error) {
        await db?.destroy();
        if (attempt === OPEN_ATTEMPTS) throw error;
        await delay(OPEN_PAUSE_MS * (0.5 + Math.random()));
      }
    }
  }

  close(): Promise<void> {
    return this.db.destroy();
  }

  /** Takes the lead: from here on every older leader's writes are refused. */
  async claim(): Promise<{ fence: number; snapshot: EngineSnapshot; positions: Positions }> {
    return this.db.transaction().execute(async (tx) => {
      const meta = new Map((await tx.selectFrom('meta').selectAll().execute()).map((row) => [row.key, row.value]));
      const fence = Number(meta.get('fence') ?? 0) + 1;
      const epoch = meta.get('epoch') ?? randomBytes(4).toString('hex');
      await putMeta(tx, 'fence', String(fence));
      await putMeta(tx, 'epoch', epoch);
      const last = await tx
        .selectFrom('alert_events')
        .select((eb) => eb.fn.max('offset').as('offset'))
        .executeTakeFirst();
      const events = meta.get('events-position');
      const commands = meta.get('commands-position');
      return {
        fence,
        positions: { ...(events ? { events } : {}), ...(commands ? { commands } : {}) },
        snapshot: {
          epoch,
          offset: Number(last?.offset ?? 0),
          machines: parsed<MachineRecord>(await tx.selectFrom('machines').selectAll().execute()),
          alerts: parsed<ActiveAlert>(await tx.selectFrom('alerts').selectAll().execute()),
          silences: parsed<Silence>(await tx.selectFrom('silences').selectAll().execute()),
        },
      };
    });
  }

  /** @throws DeposedError */
  async commit({ fence, at, change, machineOf, positions, deliveries, history, command }: Commit): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      // First a write, so that no other process comes between the check and what follows.
      const held = await tx
        .updateTable('meta')
        .set({ value: String(fence) })
        .where('key', '=', 'fence')
        .where('value', '=', String(fence))
        .executeTakeFirst();
      if (held.numUpdatedRows !== 1n) throw new DeposedError();
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
      await addHistory(tx, history);
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

  async rememberConfig(version: string, at: number, body: unknown): Promise<void> {
    await this.db
      .insertInto('config_versions')
      .values({ version, at, body: JSON.stringify(body) })
      .onConflict((oc) => oc.column('version').doNothing())
      .execute();
  }

  async events(query: Extract<AlertCommand, { type: 'list-events' }>): Promise<AlertEvent[]> {
    let rows = this.db.selectFrom('alert_events').select('body').where('offset', '>', query.afterOffset);
    if (query.cameraId) rows = rows.where('camera_id', '=', query.cameraId);
    if (query.alertId) rows = rows.where('alert_id', '=', query.alertId);
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

async function putMeta(db: Db, key: string, value: string): Promise<void> {
  await db
    .insertInto('meta')
    .values({ key, value })
    .onConflict((oc) => oc.column('key').doUpdateSet({ value }))
    .execute();
}

async function put(db: Db, table: 'machines' | 'alerts' | 'silences', id: string, thing: unknown): Promise<void> {
  if (thing === undefined) {
    await db.deleteFrom(table).where('id', '=', id).execute();
    return;
  }
  const body = JSON.stringify(thing);
  await db
    .insertInto(table)
    .values({ id, body })
    .onConflict((oc) => oc.column('id').doUpdateSet({ body }))
    .execute();
}

function parsed<T>(rows: { id: string; body: string }[]): Map<string, T> {
  return new Map(rows.map((row) => [row.id, JSON.parse(row.body) as T]));
}
