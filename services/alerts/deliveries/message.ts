/**
 * What a receiver gets: one body that is a Standard Webhooks payload (`type`, `timestamp`, `data`) and a structured
 * CloudEvents 1.0 event at the same time (`timestamp` is a legal extension attribute). Pure.
 */
import { type AlertEvent, type AlertMode, levelRank } from '../../../shared/contracts/alert.ts';
import { isDrillCamera } from '../../../shared/contracts/drill.ts';
import type { NewDelivery } from './delivery-store.ts';
import type { AnyEndpoint } from './endpoint.ts';
import { Told } from './told.ts';

export const CONTENT_TYPE = 'application/cloudevents+json; charset=utf-8';

/** Names this installation, and where people open it. */
export type Sender = { source: string; publicUrl?: string | undefined };

/** The message of one event, as stored. Its links are whole where the public address is known, else paths. */
export function messageBody(event: AlertEvent, { source, publicUrl }: Sender): string {
  const { cameraId, zoneId, lineId } = event;
  const subject = [
    cameraId ? `camera/${cameraId}` : 'system',
    ...(zoneId ? [`zone/${zoneId}`] : []),
    ...(lineId ? [`line/${lineId}`] : []),
  ].join('/');
  const data =
    publicUrl && event.evidence ? { ...event, evidence: publicUrl.replace(/\/+$/, '') + event.evidence } : event;
  return JSON.stringify(envelope(event.eventId, event.type, source, subject, event.at, data));
}

/** A message that only shows that a receiver is reached. */
export function testBody(id: string, source: string, at: number): string {
  return JSON.stringify(envelope(id, 'system.test', source, 'system', at, { mode: 'test' }));
}

function envelope(id: string, type: string, source: string, subject: string, at: number, data: object): object {
  const time = new Date(at).toISOString();
  const attributes = { specversion: '1.0', id, source, type, subject, time, timestamp: time };
  return { ...attributes, datacontenttype: 'application/json', data };
}

/** What a heartbeat tells. */
export type Pulse = { mode: AlertMode; cameras: number; camerasCounted: number; alertsOn: number };

/** A sign of life: sent once, kept nowhere. Its absence is the message. */
export function heartbeatBody(id: string, source: string, at: number, pulse: Pulse): string {
  return JSON.stringify(envelope(id, 'system.heartbeat', source, 'system', at, pulse));
}

/** The message as it goes out now: says when it is late, and when a newer one of the same alert exists. */
export function bodyOfAttempt(stored: string, marks: { late: boolean; superseded: boolean }): string {
  if (!marks.late && !marks.superseded) return stored;
  const message = JSON.parse(stored) as { data: object };
  const data = {
    ...message.data,
    ...(marks.late ? { late: true } : {}),
    ...(marks.superseded ? { superseded: true } : {}),
  };
  return JSON.stringify({ ...message, data });
}

/** Which endpoints hear of which events. A muted event reaches none. @param told takes note of it */
export function planDeliveries(
  events: AlertEvent[],
  endpoints: Iterable<AnyEndpoint>,
  sender: Sender,
  told = new Told(),
): NewDelivery[] {
  const targets = [...endpoints];
  return events.flatMap((event) => {
    if (event.silenced) return [];
    const heard = targets.filter((endpoint) => hears(endpoint, event) || told.isOwed(event, endpoint.id));
    told.note(
      event,
      heard.map(({ id }) => id),
    );
    if (heard.length === 0) return [];
    const body = messageBody(event, sender);
    const burning = Math.max(levelRank(event.from.level), levelRank(event.to.level)) >= levelRank('alert');
    return heard.map(({ id }) => ({
      deliveryId: `${event.eventId}@${id}`,
      endpoint: id,
      messageId: event.eventId,
      offset: event.offset,
      // A drill goes behind whatever is real.
      fast: burning && !isDrillCamera(event.cameraId),
      body,
    }));
  });
}

function hears(endpoint: AnyEndpoint, event: AlertEvent): boolean {
  return (
    levelRank(event.peakLevel) >= levelRank(endpoint.minLevel) &&
    // What is over and only acknowledged or commented on is nothing an Alertmanager could show.
    (endpoint.kind !== 'alertmanager' || event.from.level !== 'normal' || event.to.level !== 'normal') &&
    event.escalation >= endpoint.escalationStep &&
    (endpoint.cameras === undefined || event.cameraId === undefined || endpoint.cameras.includes(event.cameraId))
  );
}
