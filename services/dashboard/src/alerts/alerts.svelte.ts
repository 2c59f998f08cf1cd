/** The page's alerts: list, log, silences and what operators do, kept right over reconnects. */
import type { ActiveAlert, AlertEvent, RaisedLevel, Silence } from '../../../../shared/contracts/alert.ts';
import type { ClientMessage, ServerMessage } from '../../../../shared/contracts/socket.ts';
import { type Answer, api } from './api.ts';
import { type Board, EMPTY_BOARD, SHOW_LEFT_MS, takeEvent, takeList } from './board.ts';
import { addEvents, type EventLog } from './event-log.ts';
import { Operator } from './operator.svelte.ts';
import { compareAlerts } from './rank.ts';
import { type Following, follow, type LogInput, type LogTodo } from './resume.ts';

/** Events read over REST at once, and how many pages of them at most. */
const PAGE = 500;
const MAX_PAGES = 10;
/** Newest events read when nothing is known yet. */
const FIRST_EVENTS = 300;
const RETRY_MS = 3_000;
/** Looks this often whether the alerts service answers, and which silences are in force. */
const LOOK_EVERY_MS = 20_000;
const FIRST_LOOK_MS = 10_000;

export type AlertMessage = Extract<ServerMessage, { type: 'alerts' | 'alert' | 'resumed' }>;
export type Trouble = 'nobody' | 'refused';

export type AlertsPort = {
  send(message: ClientMessage): void;
  /** Whether orders can reach the alerts service at all. */
  reachable(): boolean;
};

export class Alerts {
  readonly operator = new Operator();
  /** False until the server's first list: no list is not an empty list. */
  known = $state(false);
  board: Board = $state.raw(EMPTY_BOARD);
  log: EventLog = $state.raw(new Map());
  silences: readonly Silence[] = $state.raw([]);
  /** The alerts service does not answer: what is on the list may be all there is, or not. */
  deaf = $state(false);
  /** Events as they came, each once: what is told to screen readers. */
  newest: readonly AlertEvent[] = $state.raw([]);
  /** Orders on their way and orders that failed, by alert. */
  busy: ReadonlySet<string> = $state.raw(new Set());
  troubles: ReadonlyMap<string, Trouble> = $state.raw(new Map());

  readonly on: ActiveAlert[] = $derived([...this.board.on.values()].map(({ alert }) => alert).sort(compareAlerts));
  readonly left: ActiveAlert[] = $derived([...this.board.left.values()].map(({ alert }) => alert));

  readonly #port: AlertsPort;
  #following: Following = {};
  #look: ReturnType<typeof setTimeout> | undefined;
  #forget: ReturnType<typeof setTimeout> | undefined;
  #reload = 0;
  /** How far the log has been read that is being read now, and after which event all were missed. */
  #unread: { epoch: string; from: number; missedAfter: number } | undefined;
  #looks = 0;
  /** Events heard as the answer to an order, which are still to come over the socket. */
  readonly #answered = new Set<string>();

  constructor(port: AlertsPort) {
    this.#port = port;
  }

  /** A new connection has said its first word. */
  connected(): void {
    this.#follow({ type: 'connected' });
    this.#lookIn(FIRST_LOOK_MS);
  }

  close(): void {
    clearTimeout(this.#look);
    clearTimeout(this.#forget);
    this.#reload += 1;
  }

  take(message: AlertMessage): void {
    if (message.type === 'alert') {
      const { event } = message;
      if (!this.#follow({ type: 'event', epoch: event.epoch, offset: event.offset })) return;
      // The log may have been read with it before it came this way: it has still not been told.
      if (!this.#answered.delete(event.eventId)) this.#hear(event);
      return;
    }
    if (message.type === 'alerts') {
      const first = !this.known;
      this.board = takeList(this.board, message.active, performance.now());
      this.known = true;
      this.#forgetLater();
      if (first && message.active.length > 0) void this.lookNow();
    }
    this.#follow({ ...message, type: message.type === 'alerts' ? 'list' : 'resumed' } as LogInput);
  }

  events(alertId: string): readonly AlertEvent[] {
    return this.log.get(alertId) ?? [];
  }

  /** The whole log of one alert, from the database. */
  async loadHistory(alertId: string): Promise<boolean> {
    // A camera that comes and goes writes hundreds of events into an alert of some hours.
    for (let page = 0, afterOffset = 0; page < MAX_PAGES; page++) {
      const answer = await api.events({ alertId, afterOffset, limit: PAGE });
      if (!answer.ok) return false;
      this.#remember(answer.body);
      const last = answer.body.at(-1);
      if (!last || answer.body.length < PAGE) return true;
      afterOffset = last.offset;
    }
    return true;
  }

  acknowledge(alert: ActiveAlert): Promise<boolean> {
    return this.#order(alert.alertId, async (actor) => this.#done(await api.acknowledge(alert.alertId, actor)));
  }

  /** One step up the chain now, whoever has seen it. */
  escalate(alert: ActiveAlert): Promise<boolean> {
    return this.#order(alert.alertId, async (actor) => this.#done(await api.escalate(alert.alertId, actor)));
  }

  comment(alert: ActiveAlert, note: string): Promise<boolean> {
    return this.#order(alert.alertId, async (actor) => this.#done(await api.comment(alert.alertId, actor, note)));
  }

  /** @param assignee undefined for whoever acts at this screen */
  assign(alert: ActiveAlert, assignee?: string): Promise<boolean> {
    return this.#order(alert.alertId, async (actor) =>
      this.#done(await api.assign(alert.alertId, actor, assignee ?? actor)),
    );
  }

  silence(alert: ActiveAlert, upToLevel: RaisedLevel, reason: string, durationMs: number): Promise<boolean> {
    return this.#order(alert.alertId, async (actor) => {
      const { cameraId, zoneId, rule } = alert;
      const answer = await api.silence({ actor, cameraId, zoneId, rule, upToLevel, reason, durationMs });
      // Its event may have come first, and the list been read again with it.
      if (answer.ok) this.#setSilences([...this.#silencesWithout(answer.body), answer.body]);
      return answer;
    });
  }

  endSilence(silence: Silence): Promise<boolean> {
    return this.#order(silence.silenceId, async (actor) => {
      const answer = await api.endSilence(silence.silenceId, actor);
      if (answer.ok) this.#setSilences(this.#silencesWithout(silence));
      // It may have been ended elsewhere.
      else void this.lookNow();
      return answer;
    });
  }

  /** Which silences are in force, and by that whether anybody judges alerts at all. */
  async lookNow(): Promise<void> {
    this.#lookIn(LOOK_EVERY_MS);
    if (!this.#port.reachable()) return;
    this.#looks += 1;
    const mine = this.#looks;
    const answer = await api.silences();
    // Asked again since: what was asked for later is nearer to the truth, whichever answer comes first.
    if (mine !== this.#looks) return;
    if (answer.ok) this.silences = answer.body;
    this.deaf = !answer.ok && answer.code === 503;
  }

  /** As an order has made them; looks that were asked for before it are void. */
  #setSilences(silences: readonly Silence[]): void {
    this.silences = silences;
    void this.lookNow();
  }

  #silencesWithout({ silenceId }: Silence): Silence[] {
    return this.silences.filter((other) => other.silenceId !== silenceId);
  }

  async #order(id: string, carryOut: (actor: string) => Promise<Answer<unknown>>): Promise<boolean> {
    if (this.busy.has(id)) return false;
    const actor = await this.operator.identify();
    if (actor === undefined) return false;
    this.busy = new Set(this.busy).add(id);
    const answer = await carryOut(actor);
    this.busy = new Set([...this.busy].filter((other) => other !== id));
    const troubles = new Map(this.troubles);
    if (answer.ok) troubles.delete(id);
    else troubles.set(id, answer.code >= 400 && answer.code < 500 ? 'refused' : 'nobody');
    this.troubles = troubles;
    return answer.ok;
  }

  /** The answer to an order is the event itself: no need to wait for it to come over the socket too. */
  #done(answer: Answer<AlertEvent>): Answer<AlertEvent> {
    if (answer.ok && this.#remember([answer.body]).length > 0) {
      this.#answered.add(answer.body.eventId);
      this.#hear(answer.body);
    }
    return answer;
  }

  #hear(event: AlertEvent): void {
    this.#remember([event]);
    this.board = takeEvent(this.board, event, performance.now());
    this.#forgetLater();
    this.newest = [event];
    if (event.silenced || event.type === 'alert.silenced' || event.type === 'alert.silence_ended') void this.lookNow();
  }

  #remember(events: readonly AlertEvent[]): AlertEvent[] {
    const { log, fresh } = addEvents(this.log, events, (id) => this.board.on.has(id));
    this.log = log;
    return fresh;
  }

  #follow(input: LogInput): boolean {
    const { state, fresh, todo } = follow(this.#following, input);
    this.#following = state;
    if (todo?.type === 'resume') this.#port.send({ type: 'resume', ...todo.place });
    if (todo?.type === 'reload') void this.#reloadLog(todo);
    return fresh;
  }

  /** Reads what the socket cannot tell any more. Tries until it has it, or something newer is asked for. */
  async #reloadLog({ upTo, after }: Extract<LogTodo, { type: 'reload' }>): Promise<void> {
    this.#reload += 1;
    const mine = this.#reload;
    const unread = {
      epoch: upTo.epoch,
      from: after ?? Math.max(0, upTo.offset - FIRST_EVENTS),
      missedAfter: after ?? upTo.offset,
    };
    // A second gap while the first is still being read: both are read now.
    if (this.#unread?.epoch === upTo.epoch) {
      unread.from = Math.min(unread.from, this.#unread.from);
      unread.missedAfter = Math.min(unread.missedAfter, this.#unread.missedAfter);
    }
    this.#unread = unread;
    for (let page = 0; page < MAX_PAGES && unread.from < upTo.offset; ) {
      const answer = await api.events({ afterOffset: unread.from, limit: PAGE });
      if (mine !== this.#reload) return;
      if (!answer.ok) {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        if (mine !== this.#reload) return;
        continue;
      }
      const fresh = this.#remember(answer.body);
      // What was missed is told late rather than never; what is newer than the gap is still to come over the socket.
      const missed = fresh.filter(({ offset }) => offset > unread.missedAfter && offset <= upTo.offset);
      if (missed.length > 0) this.newest = missed;
      const last = answer.body.at(-1);
      if (!last) break;
      unread.from = last.offset;
      page += 1;
    }
    this.#unread = undefined;
    // Of older alerts the newest events do not tell the threshold.
    for (const { alertId } of this.on) {
      if (mine !== this.#reload) return;
      if (!this.log.has(alertId)) await this.loadHistory(alertId);
    }
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#look);
    this.#look = setTimeout(() => void this.lookNow(), ms);
  }

  /** Alerts that are over go from the screen some time after they left the list. */
  #forgetLater(): void {
    clearTimeout(this.#forget);
    if (this.board.left.size === 0) return;
    this.#forget = setTimeout(() => {
      const now = performance.now();
      const left = new Map([...this.board.left].filter(([, entry]) => now - entry.leftAt < SHOW_LEFT_MS));
      this.board = { on: this.board.on, left };
      this.#forgetLater();
    }, SHOW_LEFT_MS / 6);
  }
}
