/** What the delivery desk asks of a receiver, of whatever kind. */
import type { ActiveAlert } from '../../../shared/contracts/alert.ts';
import type { PublicReading } from '../../../shared/contracts/reading.ts';
import { AlertmanagerReceiver } from './alertmanager/alertmanager-receiver.ts';
import type { AnyEndpoint } from './endpoint.ts';
import { MqttReceiver } from './mqtt/mqtt-receiver.ts';
import { failed, type Outcome } from './outcome.ts';
import { WebhookReceiver } from './webhook/webhook-receiver.ts';

/** One message on its way out. */
export type Outgoing = {
  /** The same over all tries: the receiver's key against doubles. */
  id: string;
  /** A message of message.ts: CloudEvents JSON. */
  body: string;
};

/** All that is so now, for receivers that show a state besides being told events. */
export type LiveView = {
  cameras: ViewCamera[];
  readings: PublicReading[];
  alerts: ActiveAlert[];
};
export type ViewCamera = {
  id: string;
  name: string;
  staleAfterMs: number;
  zones: {
    id: string;
    name: string;
    calibrated: boolean;
    /** Whether any rule judges it: without one it has no level. */
    judged: boolean;
  }[];
};

export type Receiver = {
  /** Whether a message must wait for the earlier ones of its alert: the receiver holds a state, and the last word stays. */
  readonly ordered: boolean;
  /**
   * Makes one try. Every failure is an outcome.
   * @param giveWay where order counts: ends a try that something urgent waits for
   */
  deliver(message: Outgoing, timeoutMs: number, giveWay?: AbortSignal): Promise<Outcome>;
  /** Takes what is so now. Called several times a second by the loop that judges readings, and only by it. */
  show?(view: LiveView): void;
  /** Ends what is under way; says goodbye where that is usual. */
  close(): Promise<void>;
};

export type ReceiverContext = {
  /** Names this installation, such as `/site/plaza`. */
  source: string;
  language: 'en' | 'ko';
  /** Where people open the dashboard. */
  publicUrl: string | undefined;
  /** Body of the newest message of an alert that this receiver has taken. */
  lastTaken(alertId: string): Promise<string | undefined>;
  /** The receiver was reached, or was not, besides deliveries. */
  note(outcome: Pick<Outcome, 'outcome' | 'delivered'>): void;
};

export function createReceiver(endpoint: AnyEndpoint, context: ReceiverContext): Receiver {
  if ('unusable' in endpoint) return notSetUp(endpoint.kind !== 'webhook', context);
  switch (endpoint.kind) {
    case 'webhook':
      return new WebhookReceiver(endpoint);
    case 'alertmanager':
      return new AlertmanagerReceiver(endpoint, context);
    case 'mqtt':
      return new MqttReceiver(endpoint, context);
  }
}

/** Fails from the start and at every try, as a receiver that is down does: what it misses is tried again as long. */
function notSetUp(ordered: boolean, { note }: ReceiverContext): Receiver {
  const fail = (): Outcome => failed('not-set-up', performance.now());
  note(fail());
  return { ordered, deliver: async () => fail(), close: async () => {} };
}
