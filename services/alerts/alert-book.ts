/** The alerts and silences of an installation and their log. No I/O; every change is noted in a {@link Change}. */
import type {
  ActiveAlert,
  AlertEvent,
  AlertEventType,
  Silence,
  TransitionReason,
} from '../../shared/contracts/alert.ts';
import { type EventDetail, eventOf } from './alert-record.ts';
import type { Change } from './change.ts';
import { isSilenced } from './operator/silences.ts';

export class AlertBook {
  readonly epoch: string;
  readonly alerts: Map<string, ActiveAlert>;
  readonly silences: Map<string, Silence>;
  /** Thresholds and rules in force: stands in every event. */
  configVersion: string;
  #offset: number;

  constructor(
    stored: { epoch: string; offset: number; alerts: Map<string, ActiveAlert>; silences: Map<string, Silence> },
    configVersion: string,
  ) {
    this.epoch = stored.epoch;
    this.alerts = stored.alerts;
    this.silences = stored.silences;
    this.configVersion = configVersion;
    this.#offset = stored.offset;
  }

  /** Offset of the newest event. */
  get offset(): number {
    return this.#offset;
  }

  running(): ActiveAlert[] {
    return [...this.alerts.values()].filter((alert) => alert.resolvedAt === undefined);
  }

  /** Whether a silence covers the alert at the level it has. */
  isMuted(alert: ActiveAlert): boolean {
    return isSilenced(this.silences.values(), alert, alert.level);
  }

  put(alertId: string, alert: ActiveAlert | undefined, change: Change): void {
    if (alert) this.alerts.set(alertId, alert);
    else this.alerts.delete(alertId);
    change.alerts.set(alertId, alert);
  }

  /** Appends to the log: the one place where offsets and sequences rise. */
  log(
    type: AlertEventType,
    alert: ActiveAlert,
    reason: TransitionReason,
    now: number,
    change: Change,
    detail: EventDetail = {},
  ): AlertEvent {
    const event = eventOf(type, alert, detail, {
      epoch: this.epoch,
      offset: this.#offset + 1,
      reason,
      at: now,
      configVersion: this.configVersion,
      silences: this.silences.values(),
    });
    this.#offset += 1;
    this.put(alert.alertId, { ...alert, sequence: event.sequence }, change);
    change.events.push(event);
    return event;
  }

  /** Ends a silence and says so for every alert that it alone kept quiet. */
  endSilence(silence: Silence, now: number, change: Change, actor?: string): void {
    this.silences.delete(silence.silenceId);
    change.silences.set(silence.silenceId, undefined);
    for (const alert of this.running()) {
      if (!isSilenced([silence], alert, alert.level) || this.isMuted(alert)) continue;
      this.log('alert.silence_ended', alert, 'silence-over', now, change, actor ? { actor } : {});
    }
  }
}
