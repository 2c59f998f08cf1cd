/** Commands of operators and the gateway: each carried out once and answered, however often it is sent. */
import { Camera, type Config } from '../../shared/config/schema.ts';
import { AlertCommand, type AlertReply } from '../../shared/contracts/alert-command.ts';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import type { Announcer } from './announcer.ts';
import { type Change, noChange } from './change.ts';
import type { DeliveryDesk } from './deliveries/delivery-desk.ts';
import type { DrillDesk } from './drill/drill-desk.ts';
import type { AlertEngine } from './engine.ts';
import type { EvidenceDesk } from './evidence/evidence-desk.ts';
import { readHistory } from './history/history-store.ts';
import { FINE_STEP_MS } from './history/history-tally.ts';
import { readLineHistory } from './history/line-history-store.ts';
import { inTime } from './in-time.ts';
import type { Entry } from './input-streams.ts';
import type { Journal } from './journal.ts';
import type { Outage } from './outage.ts';
import type { AlertStore } from './store/alert-store.ts';
import { readAudit } from './store/audit.ts';
import { configVersion } from './thresholds/config-version.ts';
import { thresholdsInForce } from './thresholds/in-force.ts';
import { addSignature, inForce, signatures } from './thresholds/threshold-store.ts';
import { tryThresholds } from './trial.ts';

type Question = Extract<AlertCommand, { type: `list-${string}` }>;
type Trial = Extract<AlertCommand, { type: 'try-thresholds' }>;
type Order = Exclude<AlertCommand, Question | Trial | { type: 'read-evidence' }>;

/** How far back thresholds are tried out. */
const TRIAL_MS = 3_600_000;

/** The loop waits for the database this long on behalf of an operator. */
const ANSWER_WITHIN_MS = 1500;
/** Who asked was told by then that nobody answers: a silence or a drill must not come out of the blue. */
const COMMAND_LIFE_MS = 10_000;

export type CommandDeskOptions = {
  /** The configuration in force. */
  config: () => Config;
  /** Models that gave the newest counts, `name@version`. */
  models: () => string[];
  engine: AlertEngine;
  store: AlertStore;
  desk: DeliveryDesk;
  evidence: EvidenceDesk;
  drills: DrillDesk;
  journal: Journal;
  announcer: Announcer;
  outage: Outage;
};

export class CommandDesk {
  readonly #o: CommandDeskOptions;

  constructor(o: CommandDeskOptions) {
    this.#o = o;
  }

  /** Takes one entry of the command stream. @throws DeposedError, or what Redis or the database said */
  async take(entry: Entry): Promise<void> {
    const { journal, announcer, store } = this.#o;
    // What was decided before the command is stored before it.
    const stored = await journal.save('now');
    journal.positions.commands = entry.id;
    const { command, refusal } = parseCommand(entry.body);
    if (refusal) await announcer.reply(refusal, false);
    if (!command) return;
    if (entry.lagMs > COMMAND_LIFE_MS) return announcer.reply(unavailable(command, TOO_LATE), false);
    if (command.type === 'try-thresholds') {
      // Takes tenths of a second: live readings must not wait for it.
      void this.#tryOut(command).catch(() => undefined);
      return;
    }
    if (isQuestion(command)) {
      // Months of history take their time, too.
      void this.#reply(command).catch(() => undefined);
      return;
    }
    if (command.type === 'read-evidence') {
      // Files are read beside the loop: it has readings to judge.
      void this.#o.evidence
        .read(command.commandId, command.eventId, command.part)
        .then((reply) => announcer.reply(reply, false))
        .catch(() => undefined);
      return;
    }
    if (!stored) return announcer.reply(unavailable(command), false);
    let decided: { reply: AlertReply; change?: Change };
    try {
      const before = await inTime(store.replyTo(command.commandId), ANSWER_WITHIN_MS);
      if (before) return announcer.reply(before, true);
      decided = await inTime(this.#carryOut(command, Date.now()), ANSWER_WITHIN_MS);
    } catch (error) {
      this.#o.outage.begin(error);
      return announcer.reply(unavailable(command), false);
    }
    const { change, reply } = decided;
    if (!change) return announcer.reply(reply, false);
    // Where it is not stored yet, it is answered when it is.
    if (!(await journal.commit(change, { command, reply }))) return;
    await journal.tell();
    await announcer.reply(reply, true);
  }

  async #reply(question: Question): Promise<void> {
    const { commandId } = question;
    let reply: AlertReply;
    try {
      reply = { commandId, ok: true, body: await this.#answer(question) };
    } catch (error) {
      const asked = error instanceof HeadroomError;
      reply = asked ? { commandId, ok: false, code: 'invalid', message: error.message } : unavailable(question);
    }
    await this.#o.announcer.reply(reply, false);
  }

  async #answer(question: Question): Promise<unknown> {
    const { engine, store, desk, evidence, config, models } = this.#o;
    switch (question.type) {
      case 'list-events':
        return store.events(question);
      case 'list-history':
        return readHistory(store.db, question);
      case 'list-line-history':
        return readLineHistory(store.db, question);
      case 'list-silences':
        return [...engine.snapshot().silences.values()];
      case 'list-deliveries':
        return desk.list(question);
      case 'list-evidence':
        return evidence.list(question.alertId);
      case 'list-audit':
        return readAudit(store.db, question);
      case 'list-drills':
        return this.#o.drills.list();
      case 'list-thresholds': {
        const since = await inForce(store.db);
        const known = { since: since && Number(since.at), models: models(), signatures: await signatures(store.db) };
        return thresholdsInForce(config(), known);
      }
    }
  }

  async #tryOut({ commandId, camera, zoneId }: Trial): Promise<void> {
    const { announcer, store, config } = this.#o;
    const parsed = Camera.safeParse(camera);
    if (!parsed.success) {
      const message = 'The camera is not valid.';
      return announcer.reply({ commandId, ok: false, code: 'invalid', message }, false);
    }
    const to = Date.now();
    const from = to - TRIAL_MS;
    const query = { type: 'list-history', commandId, actor: 'trial', cameraId: parsed.data.id, zoneId } as const;
    const history = await readHistory(store.db, { ...query, from, to, stepMs: FINE_STEP_MS });
    const { alerts } = config();
    const body = await tryThresholds({ camera: parsed.data, zoneId, alerts, history, from, to });
    await announcer.reply({ commandId, ok: true, body }, false);
  }

  /** @returns no change where the alert book refused: nothing is to be stored then */
  async #carryOut(order: Order, now: number): Promise<{ reply: AlertReply; change?: Change }> {
    const { commandId } = order;
    switch (order.type) {
      case 'replay-delivery':
      case 'enable-endpoint':
      case 'test-endpoint':
        return { reply: await this.#o.desk.carryOut(order, now), change: noChange() };
      case 'start-drill':
      case 'stop-drill': {
        const { alerts } = this.#o.engine.snapshot();
        const reply = await this.#o.drills.carryOut(order, this.#o.config(), alerts.values(), now);
        return reply.ok ? { reply, change: noChange() } : { reply };
      }
      case 'sign-thresholds':
        return this.#sign(order, now);
      default: {
        const outcome = this.#o.engine.operate(order, now);
        if ('refusal' in outcome) return { reply: { commandId, ok: false, ...outcome.refusal } };
        return { reply: { commandId, ok: true, body: outcome.result }, change: outcome.change };
      }
    }
  }

  /** Somebody confirms what they have read: another version by now is another matter. */
  async #sign(
    order: Extract<Order, { type: 'sign-thresholds' }>,
    now: number,
  ): Promise<{ reply: AlertReply; change?: Change }> {
    const { commandId, actor, role, note } = order;
    const inForceNow = configVersion(this.#o.config());
    if (order.configVersion !== inForceNow) {
      const message = `Another version is in force by now: ${inForceNow}. Read it before you confirm it.`;
      return { reply: { commandId, ok: false, code: 'other-version', message } };
    }
    const signature = {
      at: now,
      configVersion: inForceNow,
      actor,
      ...(role ? { role } : {}),
      ...(note ? { note } : {}),
    };
    await addSignature(this.#o.store.db, commandId, signature);
    return { reply: { commandId, ok: true, body: signature }, change: noChange() };
  }
}

const DATABASE_AWAY = 'The database of alerts is away: nothing was done. Try again when it is back.';
const TOO_LATE = 'Nobody was there to carry it out in time: nothing was done. Give the order again.';

const unavailable = ({ commandId }: AlertCommand, message = DATABASE_AWAY): AlertReply => ({
  commandId,
  ok: false,
  code: 'unavailable',
  message,
});

const isQuestion = (command: AlertCommand): command is Question => command.type.startsWith('list-');

/** What cannot be read as JSON has nobody to answer to. */
function parseCommand(body: string): { command?: AlertCommand; refusal?: AlertReply } {
  let json: unknown;
  // PostgreSQL stores no text with it: refused while there is somebody to be told.
  let hasNul = false;
  try {
    json = JSON.parse(body, (_key, value) => {
      hasNul ||= typeof value === 'string' && value.includes('\0');
      return value;
    });
  } catch {
    return {};
  }
  const parsed = AlertCommand.safeParse(json);
  if (parsed.success && !hasNul) return { command: parsed.data };
  const { commandId } = (json ?? {}) as { commandId?: unknown };
  if (typeof commandId !== 'string') return {};
  const fields = parsed.error?.issues.map((issue) => issue.path.join('.') || 'type').join(', ');
  const message = `The command is not valid: ${fields ?? 'a text holds the character U+0000'}.`;
  return { refusal: { commandId, ok: false, code: 'invalid', message } };
}
