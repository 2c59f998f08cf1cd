/**
 * Which endpoints were told of which running alert. Its end goes to all of them, whatever they are to hear of by then: a
 * pager that is given a higher `minLevel`, or fewer cameras, in the middle of an incident would keep it open for ever.
 */
import type { AlertEvent } from '../../../shared/contracts/alert.ts';

export class Told {
  readonly #endpoints = new Map<string, Set<string>>();

  /** @param told what the log of deliveries says of alerts that are listed */
  begin(told: Iterable<{ alertId: string; endpoint: string }>): void {
    this.#endpoints.clear();
    for (const { alertId, endpoint } of told) this.#of(alertId).add(endpoint);
  }

  /** Whether an endpoint was told of an alert. */
  has(alertId: string, endpoint: string): boolean {
    return this.#endpoints.get(alertId)?.has(endpoint) === true;
  }

  /** Whether an endpoint hears of this event because it heard of what now ends. */
  isOwed(event: AlertEvent, endpoint: string): boolean {
    return isEnd(event) && this.has(event.alertId, endpoint);
  }

  note(event: AlertEvent, endpoints: Iterable<string>): void {
    if (isEnd(event)) this.#endpoints.delete(event.alertId);
    else for (const endpoint of endpoints) this.#of(event.alertId).add(endpoint);
  }

  #of(alertId: string): Set<string> {
    const known = this.#endpoints.get(alertId) ?? new Set();
    this.#endpoints.set(alertId, known);
    return known;
  }
}

const isEnd = ({ type }: AlertEvent): boolean => type === 'alert.resolved' || type === 'camera.recovered';
