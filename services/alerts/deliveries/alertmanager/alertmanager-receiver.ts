/**
 * An Alertmanager. It keeps alerts only for as long as they are posted again, so running ones are; and it is told the
 * end of an alert only by a real end, never by a silence of ours.
 */
import type { AlertEvent } from '../../../../shared/contracts/alert.ts';
import { type AddressGuard, addressGuard } from '../address-guard.ts';
import type { AlertmanagerTarget } from '../endpoint.ts';
import { httpPost } from '../http-post.ts';
import { delivered, type Outcome } from '../outcome.ts';
import type { LiveView, Outgoing, Receiver, ReceiverContext } from '../receiver.ts';
import {
  heartbeatAlert,
  heldUntil,
  type PostableAlert,
  postingsOf,
  type Site,
  type Told,
  testAlert,
} from './postable-alert.ts';

type Message = { type: string; data: AlertEvent };

const REPOST_TIMEOUT_MS = 5000;

export class AlertmanagerReceiver implements Receiver {
  readonly ordered = true;
  readonly #target: AlertmanagerTarget;
  readonly #context: ReceiverContext;
  readonly #guard: AddressGuard;
  readonly #url: URL;
  readonly #site: Site;
  /** By alert id; filled from the delivery log when first asked for. */
  readonly #told = new Map<string, Told | undefined>();
  #repostedAt = Number.NEGATIVE_INFINITY;
  #reposting: Promise<void> | undefined;
  /** The posts under way, one after the other: an old word must not come after the new one. */
  #last: Promise<unknown> = Promise.resolve();
  #wasReached = true;

  constructor(target: AlertmanagerTarget, context: ReceiverContext) {
    this.#target = target;
    this.#context = context;
    this.#guard = addressGuard(target.allow);
    const url = new URL(target.url.reveal());
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v2/alerts`;
    this.#url = url;
    const { source, language, publicUrl } = context;
    this.#site = { source, language, dashboardUrl: target.dashboardUrl ?? publicUrl };
  }

  async deliver({ body }: Outgoing, timeoutMs: number, giveWay?: AbortSignal): Promise<Outcome> {
    const { type, data } = JSON.parse(body) as Message;
    const now = Date.now();
    if (type === 'system.test') return this.#post([testAlert(now, this.#site)], timeoutMs, giveWay);
    if (type === 'system.heartbeat') {
      const everyMs = this.#target.heartbeatMs ?? 0;
      return this.#post([heartbeatAlert(now, everyMs, data.mode, this.#site)], timeoutMs);
    }
    return this.#inTurn(() => this.#tell(data, timeoutMs, giveWay));
  }

  async #tell(event: AlertEvent, timeoutMs: number, giveWay?: AbortSignal): Promise<Outcome> {
    const startedAt = performance.now();
    const before = await this.#toldOf(event.alertId);
    // Sent again by hand, or after a crash: it would take the alert back to what it was.
    if (before && before.sequence >= event.sequence) return { ...delivered(startedAt), outcome: 'overtaken' };
    const { alerts, told } = postingsOf(event, before, this.#site);
    const outcome = await this.#post(this.#held(alerts, told), timeoutMs, giveWay);
    if (outcome.delivered) this.#told.set(event.alertId, told);
    return outcome;
  }

  show({ alerts }: LiveView): void {
    const dueMs = this.#repostedAt + this.#target.repostMs - performance.now();
    if (dueMs > 0 || this.#reposting !== undefined) return;
    this.#repostedAt = performance.now();
    const running = alerts.filter((alert) => alert.resolvedAt === undefined).map((alert) => alert.alertId);
    this.#forget(new Set(alerts.map((alert) => alert.alertId)));
    this.#reposting = this.#inTurn(() => this.#repost(running))
      .catch(() => undefined)
      .finally(() => {
        this.#reposting = undefined;
      });
  }

  async close(): Promise<void> {
    await this.#reposting;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work);
    this.#last = mine;
    return mine;
  }

  /** Posts running alerts again as they were told last; an empty list asks whether a lost Alertmanager is back. */
  async #repost(running: string[]): Promise<void> {
    const told = await Promise.all(running.map((alertId) => this.#toldOf(alertId)));
    const alerts = told.flatMap((one) => (one?.posted ? this.#held([one.posted], one) : []));
    if (alerts.length === 0 && this.#wasReached) return;
    const outcome = await this.#post(alerts, REPOST_TIMEOUT_MS);
    this.#context.note(outcome);
  }

  /** Gives the running alert its time to live there. */
  #held(alerts: PostableAlert[], { posted }: Told): PostableAlert[] {
    const { holdMs } = this.#target;
    return alerts.map((alert) => (alert === posted && holdMs > 0 ? heldUntil(alert, Date.now() + holdMs) : alert));
  }

  async #toldOf(alertId: string): Promise<Told | undefined> {
    if (!this.#told.has(alertId)) {
      const body = await this.#context.lastTaken(alertId);
      const event = body === undefined ? undefined : (JSON.parse(body) as Message).data;
      // Another message may have been taken while the log was read.
      if (!this.#told.has(alertId)) {
        this.#told.set(alertId, event && postingsOf(event, undefined, this.#site).told);
      }
    }
    return this.#told.get(alertId);
  }

  /** What has left the list of alerts is kept until its end has been told. */
  #forget(listed: ReadonlySet<string>): void {
    for (const [alertId, told] of this.#told) {
      if (!listed.has(alertId) && !told?.posted) this.#told.delete(alertId);
    }
  }

  async #post(alerts: PostableAlert[], timeoutMs: number, giveWay?: AbortSignal): Promise<Outcome> {
    const { allowHttp, authorization } = this.#target;
    const outcome = await httpPost({
      url: this.#url,
      allowHttp,
      body: JSON.stringify(alerts),
      timeoutMs,
      giveWay,
      guard: this.#guard,
      headers: { 'content-type': 'application/json', ...(authorization ? { authorization: authorization() } : {}) },
    });
    this.#wasReached = outcome.delivered;
    return outcome;
  }
}
