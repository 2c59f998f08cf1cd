/**
 * Deliveries of the leading process: what goes to whom, its queue, and its log. The database says what is still to be
 * sent; BullMQ only says when. Each endpoint has a queue and a worker of its own, so that a receiver that is slow or
 * down costs the others nothing.
 */
import type { Config } from '../../../shared/config/schema.ts';
import type { AlertEvent, AlertsHealth } from '../../../shared/contracts/alert.ts';
import type { AlertCommand, AlertReply } from '../../../shared/contracts/alert-command.ts';
import { messageOf } from '../../../shared/runtime/errors.ts';
import { endsOf, standing } from './catch-up.ts';
import { DeliveryLine, type LineOptions, type LineSettings } from './delivery-line.ts';
import { type Backlog, DeliveryStore, insertDelivery, type NewDelivery } from './delivery-store.ts';
import type { AnyEndpoint } from './endpoint.ts';
import { Intake, type Waiting } from './intake.ts';
import { type Pulse, planDeliveries, testBody } from './message.ts';
import { failed } from './outcome.ts';
import type { LiveView } from './receiver.ts';
import { Told } from './told.ts';

type DeliveryCommand = Extract<AlertCommand, { type: 'replay-delivery' | 'enable-endpoint' | 'test-endpoint' }>;

/** After this long unsent a delivery is queued again, if its queue should have lost it; those it has stay as they are. */
const QUEUE_AGAIN_MS = 30_000;
/** A clock set back by more than this puts off every next try by as much. */
const SET_BACK_MS = 1000;

export type DeskOptions = Pick<LineOptions, 'redisUrl' | 'store' | 'metrics' | 'logger'>;

type DeskConfig = Pick<Config, 'deliveries' | 'gateway'>;
const settingsOf = ({ deliveries, gateway }: DeskConfig): LineSettings => ({
  ...deliveries,
  publicUrl: gateway.publicUrl,
});

export class DeliveryDesk {
  readonly #o: DeskOptions;
  readonly #log: DeliveryStore;
  readonly #lines = new Map<string, DeliveryLine>();
  readonly #intake: Intake;
  readonly #told = new Told();
  #settings: LineSettings;
  /** Endpoints that said they are gone, and when: nothing is sent to them until an operator enables them. */
  #disabled = new Map<string, number>();
  #closed = false;
  /** Somebody may have to hear of what stands already. */
  #catchUpDue = false;
  /** What they are to hear, until it is stored. */
  readonly #unstored = new Map<string, NewDelivery>();
  #sweptAt = Number.NEGATIVE_INFINITY;
  /** The clock's instant of this process' start: falls when the clock is set back. */
  #clockMs = Date.now() - performance.now();

  constructor(o: DeskOptions, config: DeskConfig, endpoints: AnyEndpoint[]) {
    this.#o = o;
    this.#log = new DeliveryStore(o.store.db);
    this.#intake = new Intake({
      pending: () => this.#log.pending(),
      admit: (delivery) => this.#addOrBury(delivery),
      logger: o.logger,
    });
    this.#settings = settingsOf(config);
    for (const endpoint of endpoints) this.#lines.set(endpoint.id, this.#open(endpoint));
  }

  /** New endpoints. What is pending for one that is gone ends as dead, with that reason in its log. */
  async configure(config: DeskConfig, endpoints: AnyEndpoint[]): Promise<void> {
    const was = this.#settings;
    const settings = settingsOf(config);
    this.#settings = settings;
    // All of them stand in what receivers show.
    const isSameSite = (['source', 'language', 'publicUrl'] as const).every((name) => was[name] === settings[name]);
    // Whoever leads next opens its own: a line opened now would never be closed.
    if (this.#closed) return;
    const kept = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
    const before = [...this.#lines];
    // All at once, before anything is waited for: what is raised while an old receiver takes its time to close is planned
    // for the new ones.
    for (const endpoint of endpoints) {
      if (!this.#lines.has(endpoint.id)) this.#lines.set(endpoint.id, this.#open(endpoint));
    }
    const changing = before.map(([id, line]) => {
      const endpoint = kept.get(id);
      if (endpoint) return line.configure(endpoint, isSameSite && endpoint.fingerprint === line.endpoint.fingerprint);
      this.#lines.delete(id);
      return line.close();
    });
    this.#catchUpDue = true;
    await Promise.all(changing);
    this.#intake.sweep();
  }

  /** Which deliveries the events need; stored by the caller with the events. */
  plan(events: AlertEvent[]): NewDelivery[] {
    return planDeliveries(events, this.#openEndpoints(), this.#settings, this.#told);
  }

  /** Queues stored deliveries, ahead of what waits to be queued. What Redis does not take now is offered again. */
  enqueue(deliveries: NewDelivery[]): void {
    for (const { deliveryId, endpoint, fast } of deliveries) {
      const waiting = { deliveryId, endpoint, fast, attempts: 0 };
      // Planned while the database was away, it may be for an endpoint that is gone by now.
      void this.#addOrBury(waiting).catch((error) => {
        this.#o.logger.warn({ deliveryId, reason: messageOf(error) }, 'delivery not queued yet');
        this.#intake.take(waiting);
      });
    }
  }

  /** Forgets a piece of what has been kept long enough. @returns whether more of it is left */
  prune(now: number): Promise<boolean> {
    return this.#log.prune(now - this.#settings.keepMs);
  }

  /**
   * Queues everything that is still to be sent, a piece at a time and beside the loop; what is queued already stays as
   * it is.
   */
  async resume(): Promise<void> {
    this.#disabled = await this.#log.disabled();
    this.#told.begin(await this.#log.told());
    this.#catchUpDue = true;
    this.#intake.sweep();
  }

  /**
   * Sends the heartbeats that are due. To be called by the loop that judges readings, so that they stop when it does.
   * A lost one is not sent again: the next is a better sign of life.
   */
  beat(pulse: () => Pulse): void {
    for (const line of this.#lines.values()) line.beat(pulse);
  }

  /** Shows what is so now to receivers that show it on. For the same loop, after all it has decided is stored. */
  show(view: () => LiveView): void {
    let made: LiveView | undefined;
    const once = (): LiveView => {
      made ??= view();
      return made;
    };
    for (const line of this.#lines.values()) line.show(once);
  }

  /**
   * How deliveries are doing; told as metrics, too. Tells receivers what stands that they have not heard of, and queues
   * again what should have gone out by now: a Redis that took over from another one may not have heard of all.
   * @throws what the database said
   */
  async health(now: number): Promise<Omit<AlertsHealth, 'database'>> {
    this.#heedClock();
    if (this.#catchUpDue || this.#unstored.size > 0) await this.#catchUp();
    const backlog = await this.#log.backlog();
    const failing = [...this.#lines.values()].flatMap((line) => this.#failingOf(line));
    this.#measure(backlog, failing, now);
    const oldestAt = Math.min(...backlog.map((waiting) => waiting.oldestAt));
    // By two clocks: one that is set must neither keep this from happening nor make it happen at every look.
    if (Math.min(now - oldestAt, performance.now() - this.#sweptAt) > QUEUE_AGAIN_MS) {
      this.#sweptAt = performance.now();
      this.#intake.sweep();
    }
    return {
      backlog: backlog.reduce((sum, { count }) => sum + count, 0),
      ...(backlog.length === 0 ? {} : { oldestUnsentMs: Math.max(0, now - oldestAt) }),
      failing,
    };
  }

  list(filter: { endpoint?: string | undefined; eventId?: string | undefined }) {
    return this.#log.list(filter);
  }

  /** Carries out an operator's command on deliveries. */
  async carryOut(command: DeliveryCommand, now: number): Promise<AlertReply> {
    const { commandId } = command;
    if (command.type === 'replay-delivery') {
      const delivery = await this.#log.find(command.deliveryId);
      if (!delivery) return refusal(commandId, 'unknown-delivery', 'There is no such delivery.');
      if (delivery.status === 'pending') return refusal(commandId, 'not-replayable', 'It is still being delivered.');
      const line = this.#lines.get(delivery.endpoint);
      if (!line) return refusal(commandId, 'unknown-endpoint', 'Its endpoint is no longer configured.');
      await this.#log.setStatus(delivery.deliveryId, 'pending', now);
      await line.addAgain(delivery);
      return { commandId, ok: true, body: { deliveryId: delivery.deliveryId } };
    }
    if (!this.#lines.has(command.endpoint)) {
      return refusal(commandId, 'unknown-endpoint', 'There is no such endpoint.');
    }
    if (command.type === 'enable-endpoint') {
      await this.#log.enable(command.endpoint);
      this.#disabled.delete(command.endpoint);
      this.#catchUpDue = true;
      return { commandId, ok: true, body: { endpoint: command.endpoint } };
    }
    const messageId = `test~${commandId}`;
    const body = testBody(messageId, this.#settings.source, now);
    const deliveryId = `${messageId}@${command.endpoint}`;
    const delivery = { deliveryId, endpoint: command.endpoint, messageId, offset: 0, fast: true, body };
    await insertDelivery(this.#o.store.db, delivery, now);
    await this.#add(delivery);
    return { commandId, ok: true, body: { deliveryId } };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#intake.close();
    // Whoever leads next speaks for the receivers.
    this.#o.metrics.forgetReceivers();
    await Promise.all([...this.#lines.values()].map((line) => line.close()));
    this.#lines.clear();
  }

  #openEndpoints(): AnyEndpoint[] {
    return [...this.#lines.values()].map((line) => line.endpoint).filter(({ id }) => !this.#disabled.has(id));
  }

  /** Tells every receiver what stands that it has not heard of, by the same rules as when it rose. */
  async #catchUp(): Promise<void> {
    const { db } = this.#o.store;
    const events = this.#catchUpDue ? await standing(db) : [];
    this.#catchUpDue = false;
    for (const endpoint of this.#openEndpoints()) {
      const unheard = events.filter(({ alertId }) => !this.#told.has(alertId, endpoint.id));
      const deliveries = planDeliveries(unheard, [endpoint], this.#settings, this.#told);
      if (deliveries.length === 0) continue;
      // An alert that ended since it was read was planned for those alone that had heard of it by then.
      const ids = unheard.map(({ alertId }) => alertId);
      const ended = (await endsOf(db, ids)).filter(({ alertId }) => this.#told.has(alertId, endpoint.id));
      deliveries.push(...planDeliveries(ended, [endpoint], this.#settings, this.#told));
      for (const delivery of deliveries) this.#unstored.set(delivery.deliveryId, delivery);
    }
    for (const [id, delivery] of this.#unstored) {
      await insertDelivery(db, delivery, Date.now());
      this.#unstored.delete(id);
      this.enqueue([delivery]);
    }
  }

  /** Tries are due by the clock: set back by an hour, it would put off by an hour what was due in a second. */
  #heedClock(): void {
    const before = this.#clockMs;
    this.#clockMs = Date.now() - performance.now();
    if (this.#clockMs < before - SET_BACK_MS) for (const line of this.#lines.values()) line.hurry();
  }

  /** One that is taken out gets no alerts, however well it answered since. */
  #failingOf({ endpoint: { id }, failing }: DeliveryLine): AlertsHealth['failing'] {
    const since = this.#disabled.get(id);
    return since === undefined || failing.length > 0 ? failing : [{ endpoint: id, since, outcome: 'disabled' }];
  }

  /** Every receiver has its figures, a well one zeros; what is removed is forgotten. */
  #measure(backlog: Backlog[], failing: AlertsHealth['failing'], now: number): void {
    if (this.#closed) return;
    const { metrics } = this.#o;
    metrics.forgetReceivers();
    for (const endpoint of this.#lines.keys()) {
      const waiting = backlog.find((one) => one.endpoint === endpoint);
      const isDown = failing.some((one) => one.endpoint === endpoint);
      metrics.backlog.set({ endpoint }, waiting?.count ?? 0);
      metrics.oldestUnsentSeconds.set({ endpoint }, waiting ? Math.max(0, now - waiting.oldestAt) / 1000 : 0);
      metrics.receiverFailing.set({ endpoint }, isDown ? 1 : 0);
      // A counter that begins with its first event shows no rise: Prometheus would never tell of it.
      metrics.dead.inc({ endpoint }, 0);
    }
  }

  async #add(delivery: Pick<NewDelivery, 'deliveryId' | 'endpoint' | 'fast'>): Promise<void> {
    if (!this.#closed) await this.#lines.get(delivery.endpoint)?.add(delivery);
  }

  #open(endpoint: AnyEndpoint): DeliveryLine {
    const onGone = (id: string): void => void this.#disabled.set(id, Date.now());
    return new DeliveryLine({ ...this.#o, log: this.#log, settings: () => this.#settings, onGone }, endpoint);
  }

  /** What is pending for an endpoint that is gone ends as dead. */
  async #addOrBury(delivery: Waiting): Promise<void> {
    if (this.#closed || this.#lines.has(delivery.endpoint)) return this.#add(delivery);
    const outcome = failed('endpoint-removed', performance.now());
    await this.#log.noteTry(delivery, delivery.attempts, outcome, 'dead', Date.now());
  }
}

const refusal = (commandId: string, code: Extract<AlertReply, { ok: false }>['code'], message: string): AlertReply => ({
  commandId,
  ok: false,
  code,
  message,
});
