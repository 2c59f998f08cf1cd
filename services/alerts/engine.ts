/**
 * All rules, alerts and silences of an installation. Takes readings, the passing of time and operators' commands, and
 * answers with what changed; does no I/O and asks no clock, so that the service, a restart and a test with a virtual
 * clock run the very same decisions.
 */
import type {
  ActiveAlert,
  AlertCommand,
  AlertEvent,
  AlertEventType,
  AlertMode,
  Silence,
  TransitionReason,
} from '../../shared/contracts/alert.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import { alertAfter, conditionOf, type EventDetail, eventOf, eventType, type Subject } from './alert-record.ts';
import { type Notice, next, type Step } from './machine/machine.ts';
import { initialState, type MachineState } from './machine/machine-state.ts';
import { type EscalationPolicy, waitUnheard } from './operator/escalation.ts';
import { isSilenced, matches } from './operator/silences.ts';
import { causeOf, observeCamera, observeShare, observeZone } from './rules/observe.ts';
import type { Observation, Rule } from './rules/rule.ts';
import type { Trend } from './rules/trend.ts';

/** One rule's memory. `episode` numbers its alerts and never starts again, so that no alert id is used twice. */
export type MachineRecord = { state: MachineState; trend?: Trend; episode: number; alertId?: string };

export type EngineSnapshot = {
  epoch: string;
  offset: number;
  machines: Map<string, MachineRecord>;
  alerts: Map<string, ActiveAlert>;
  silences: Map<string, Silence>;
};

export type EnginePolicy = { mode: AlertMode; configVersion: string; escalation: EscalationPolicy };

/** What a step changed: to be written in one transaction before anything is announced. */
export type Change = {
  events: AlertEvent[];
  machines: Set<string>;
  /** Alerts to be stored, or removed where undefined. */
  alerts: Map<string, ActiveAlert | undefined>;
  silences: Map<string, Silence | undefined>;
};

export const noChange = (): Change => ({ events: [], machines: new Set(), alerts: new Map(), silences: new Map() });

/** Adds a later change to an earlier one, to be stored together. */
export function mergeInto(change: Change, later: Change): void {
  change.events.push(...later.events);
  for (const key of later.machines) change.machines.add(key);
  for (const [id, alert] of later.alerts) change.alerts.set(id, alert);
  for (const [id, silence] of later.silences) change.silences.set(id, silence);
}

export type OperatorCommand = Extract<
  AlertCommand,
  { type: 'acknowledge' | 'comment' | 'assign' | 'silence' | 'end-silence' }
>;
export type Refusal = { code: 'unknown-alert' | 'unknown-silence'; message: string };

/** An ended alert that nobody acknowledged leaves the list after this long. */
const FORGET_UNHEARD_MS = 24 * 3_600_000;
export class AlertEngine {
  readonly epoch: string;
  readonly #machines: Map<string, MachineRecord>;
  readonly #alerts: Map<string, ActiveAlert>;
  readonly #silences: Map<string, Silence>;
  readonly #readings = new Map<string, PublicReading>();
  #rules: Rule[];
  #policy: EnginePolicy;
  #offset: number;
  #lastTickAt: number | undefined;

  constructor(snapshot: EngineSnapshot, rules: Rule[], policy: EnginePolicy) {
    this.epoch = snapshot.epoch;
    this.#offset = snapshot.offset;
    this.#machines = snapshot.machines;
    this.#alerts = snapshot.alerts;
    this.#silences = snapshot.silences;
    this.#rules = rules;
    this.#policy = policy;
  }

  /** Everything a successor needs, as live references: copy before keeping. */
  snapshot(): EngineSnapshot {
    const { epoch } = this;
    return { epoch, offset: this.#offset, machines: this.#machines, alerts: this.#alerts, silences: this.#silences };
  }

  get rules(): readonly Rule[] {
    return this.#rules;
  }

  machine(key: string): MachineRecord | undefined {
    return this.#machines.get(key);
  }

  /** A camera's reading, told at `now`: runs the rules of its zones. */
  observe(reading: PublicReading, now: number): Change {
    const change = noChange();
    this.#readings.set(reading.cameraId, reading);
    for (const rule of this.#rules) {
      if (rule.cameraId !== reading.cameraId || rule.zoneId === undefined) continue;
      const record = this.#record(rule.key);
      const seen = observeZone(rule, reading, record.trend);
      if (seen.trend && seen.trend !== record.trend) {
        record.trend = seen.trend;
        change.machines.add(rule.key);
      }
      this.#step(rule, seen.observation, reading, now, change);
    }
    return change;
  }

  /** Time has passed: rules on the clock, escalations, ended silences. Call every second or more often. */
  tick(now: number): Change {
    const change = noChange();
    const elapsedMs = this.#lastTickAt === undefined ? 0 : now - this.#lastTickAt;
    this.#lastTickAt = now;
    const cameraIds = new Set(this.#rules.map((rule) => rule.cameraId));
    const readings = [...this.#readings.values()].filter((reading) => cameraIds.has(reading.cameraId));
    for (const rule of this.#rules) {
      if (rule.kind === 'camera-picture') {
        const reading = this.#readings.get(rule.cameraId ?? '');
        if (reading) this.#step(rule, observeCamera(reading, now), reading, now, change);
      } else if (rule.kind === 'inference-behind' || rule.kind === 'ingest-down') {
        this.#step(rule, observeShare(readings, rule.kind, now), undefined, now, change);
      }
    }
    for (const silence of [...this.#silences.values()]) {
      if (silence.until <= now) this.#endSilence(silence, now, change);
    }
    for (const alert of [...this.#alerts.values()]) {
      if (alert.resolvedAt !== undefined) {
        if (now - alert.resolvedAt > FORGET_UNHEARD_MS) this.#put(alert.alertId, undefined, change);
        continue;
      }
      const silenced = isSilenced(this.#silences.values(), alert, alert.level);
      const { operator, escalated } = waitUnheard(alert, silenced, elapsedMs, this.#policy.escalation);
      if (operator === alert.operator) continue;
      const waited = { ...alert, operator };
      this.#put(alert.alertId, waited, change);
      if (escalated) this.#log('alert.escalated', waited, 'nobody-acknowledged', now, change);
    }
    return change;
  }

  /** Carries out what an operator asked. Nothing changes when it is refused. */
  operate(
    command: OperatorCommand,
    now: number,
  ): { change: Change; result: AlertEvent | Silence } | { refusal: Refusal } {
    const change = noChange();
    const { actor } = command;
    if (command.type === 'silence') {
      const { commandId, cameraId, zoneId, rule, upToLevel, reason, durationMs } = command;
      const silence: Silence = {
        silenceId: `silence~${commandId}`,
        ...(cameraId ? { cameraId } : {}),
        ...(zoneId ? { zoneId } : {}),
        ...(rule ? { rule } : {}),
        upToLevel,
        reason,
        by: actor,
        createdAt: now,
        until: now + durationMs,
      };
      this.#silences.set(silence.silenceId, silence);
      change.silences.set(silence.silenceId, silence);
      for (const alert of this.#running()) {
        if (matches(silence, alert))
          this.#log('alert.silenced', alert, 'operator', now, change, { actor, note: reason });
      }
      return { change, result: silence };
    }
    if (command.type === 'end-silence') {
      const silence = this.#silences.get(command.silenceId);
      if (!silence) return { refusal: { code: 'unknown-silence', message: 'There is no such silence any more.' } };
      this.#endSilence(silence, now, change, actor);
      return { change, result: silence };
    }
    const alert = this.#alerts.get(command.alertId);
    if (!alert) return { refusal: { code: 'unknown-alert', message: 'There is no such alert any more.' } };
    const note = command.type !== 'assign' && command.note ? { note: command.note } : {};
    if (command.type === 'comment') {
      return { change, result: this.#log('alert.commented', alert, 'operator', now, change, { actor, ...note }) };
    }
    if (command.type === 'assign') {
      const assigned = { ...alert, operator: { ...alert.operator, assignee: command.assignee } };
      this.#put(alert.alertId, assigned, change);
      const detail = { actor, note: command.assignee };
      return { change, result: this.#log('alert.assigned', assigned, 'operator', now, change, detail) };
    }
    const acknowledged = { by: actor, at: now, level: alert.level };
    const heard = { ...alert, operator: { ...alert.operator, acknowledged, unheardMs: 0 } };
    this.#put(alert.alertId, heard, change);
    const event = this.#log('alert.acknowledged', heard, 'operator', now, change, { actor, ...note });
    // Over and seen: it leaves the list.
    if (alert.resolvedAt !== undefined) this.#put(alert.alertId, undefined, change);
    return { change, result: event };
  }

  /** New rules. An alert whose rule is gone is closed with that reason, never silently. */
  setRules(rules: Rule[], policy: EnginePolicy, now: number): Change {
    const change = noChange();
    this.#policy = policy;
    this.#rules = rules;
    const kept = new Set(rules.map((rule) => rule.key));
    for (const [key, record] of this.#machines) {
      if (kept.has(key)) continue;
      const before = record.state;
      const alert = record.alertId ? this.#alerts.get(record.alertId) : undefined;
      // The number of its last episode stays: the rule may come back.
      record.state = initialState();
      delete record.trend;
      change.machines.add(key);
      if (!alert || alert.resolvedAt !== undefined) continue;
      const { rule: kind, cameraId, zoneId, unit } = alert;
      const subject = { key, kind, unit, ...(cameraId ? { cameraId } : {}), ...(zoneId ? { zoneId } : {}) };
      const step: Step = { state: record.state, reason: 'rule-removed', notice: 'resolved' };
      this.#announce(subject, record, before, step, undefined, now, change);
    }
    return change;
  }

  #step(rule: Rule, observation: Observation, reading: PublicReading | undefined, now: number, change: Change): void {
    const record = this.#record(rule.key);
    const before = record.state;
    const step = next(before, observation, rule, now);
    if (step.state === before) return;
    record.state = step.state;
    if (step.reason !== 'calm' && step.reason !== 'picture-missing') change.machines.add(rule.key);
    if (step.notice) this.#announce(rule, record, before, step, reading, now, change);
    else this.#refresh(rule, record, step, now, change);
  }

  /** Keeps a running alert's condition and figure current where no event says so. */
  #refresh(rule: Rule, record: MachineRecord, step: Step, now: number, change: Change): void {
    const alert = record.alertId ? this.#alerts.get(record.alertId) : undefined;
    if (!alert || alert.resolvedAt !== undefined) return;
    const changed = alert.condition !== step.state.condition;
    const refreshed = { ...alert, ...conditionOf(rule, step), ...(changed ? { changedAt: now } : {}) };
    if (changed) this.#put(alert.alertId, refreshed, change);
    else this.#alerts.set(alert.alertId, refreshed);
  }

  #announce(
    rule: Subject,
    record: MachineRecord,
    before: MachineState,
    step: Step,
    reading: PublicReading | undefined,
    now: number,
    change: Change,
  ): void {
    const notice = step.notice as Notice;
    const ended = notice === 'resolved';
    if (notice === 'raised') {
      record.episode += 1;
      record.alertId = `${this.epoch}~${rule.key}~${record.episode}`;
    }
    const alertId = record.alertId ?? `${this.epoch}~${rule.key}~${record.episode}`;
    const old = this.#alerts.get(alertId);
    const alert = alertAfter(rule, step, old, { alertId, mode: this.#policy.mode, now });
    this.#put(alertId, alert, change);
    this.#log(eventType(rule, notice, reading), alert, step.reason, now, change, {
      from: { level: before.level, condition: before.condition },
      ...(step.threshold === undefined ? {} : { threshold: step.threshold }),
      ...(reading && reading.status !== 'ok' ? { cause: causeOf(reading) } : {}),
      ...(reading?.status === 'ok' ? { model: `${reading.model.name}@${reading.model.version}` } : {}),
    });
    if (!ended) return;
    delete record.alertId;
    if (old?.operator.acknowledged) this.#put(alertId, undefined, change);
  }

  #endSilence(silence: Silence, now: number, change: Change, actor?: string): void {
    this.#silences.delete(silence.silenceId);
    change.silences.set(silence.silenceId, undefined);
    for (const alert of this.#running()) {
      const covered = isSilenced([silence], alert, alert.level);
      if (!covered || isSilenced(this.#silences.values(), alert, alert.level)) continue;
      this.#log('alert.silence_ended', alert, 'silence-over', now, change, actor ? { actor } : {});
    }
  }

  /** Appends to the log: the one place where offsets and sequences rise. */
  #log(
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
      configVersion: this.#policy.configVersion,
      silences: this.#silences.values(),
    });
    this.#offset += 1;
    this.#put(alert.alertId, { ...alert, sequence: event.sequence }, change);
    change.events.push(event);
    return event;
  }

  #running(): ActiveAlert[] {
    return [...this.#alerts.values()].filter((alert) => alert.resolvedAt === undefined);
  }

  #put(alertId: string, alert: ActiveAlert | undefined, change: Change): void {
    if (alert) this.#alerts.set(alertId, alert);
    else this.#alerts.delete(alertId);
    change.alerts.set(alertId, alert);
  }

  #record(key: string): MachineRecord {
    let record = this.#machines.get(key);
    if (!record) {
      record = { state: initialState(), episode: 0 };
      this.#machines.set(key, record);
    }
    return record;
  }
}
