/**
 * All rules of an installation and what they make of its readings. Takes readings, the passing of time and operators'
 * commands, and answers with what changed; does no I/O and asks no clock, so that the service, a restart and a test
 * with a virtual clock run the very same decisions.
 */
import type { ActiveAlert, AlertMode, Silence } from '../../shared/contracts/alert.ts';
import type { OperatorCommand } from '../../shared/contracts/alert-command.ts';
import { isDrillCamera } from '../../shared/contracts/drill.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import { AlertBook } from './alert-book.ts';
import { alertAfter, conditionOf, eventType, type Subject } from './alert-record.ts';
import { type Change, noChange } from './change.ts';
import { type Notice, next, type Step } from './machine/machine.ts';
import { initialState, type MachineState } from './machine/machine-state.ts';
import { type EscalationPolicy, waitUnheard } from './operator/escalation.ts';
import { type Operated, operate } from './operator/operate.ts';
import { isOver, matches } from './operator/silences.ts';
import { observeLine } from './rules/line-rules.ts';
import {
  causeOf,
  observeCamera,
  observeShare,
  observeUnjudged,
  observeZone,
  type Seen,
  type Trends,
  unjudgedCause,
} from './rules/observe.ts';
import { judgesPictures, type Observation, type Rule } from './rules/rule.ts';

/** One rule's memory. `episode` numbers its alerts and never starts again, so that no alert id is used twice. */
export type MachineRecord = { state: MachineState; trends?: Trends; episode: number; alertId?: string };

export type EngineSnapshot = {
  epoch: string;
  offset: number;
  machines: Map<string, MachineRecord>;
  alerts: Map<string, ActiveAlert>;
  silences: Map<string, Silence>;
};

export type EnginePolicy = { mode: AlertMode; configVersion: string; escalation: EscalationPolicy };

const NOTHING_TO_SILENCE = 'No alert can come that this would silence: check cameraId, zoneId and rule.';
/** An ended alert that nobody acknowledged leaves the list after this long. */
const FORGET_UNHEARD_MS = 24 * 3_600_000;

export class AlertEngine {
  readonly #machines: Map<string, MachineRecord>;
  readonly #book: AlertBook;
  readonly #readings = new Map<string, PublicReading>();
  #rules: Rule[];
  #policy: EnginePolicy;
  #lastTickAt: number | undefined;

  constructor(snapshot: EngineSnapshot, rules: Rule[], policy: EnginePolicy) {
    this.#machines = snapshot.machines;
    this.#book = new AlertBook(snapshot, policy.configVersion);
    this.#rules = rules;
    this.#policy = policy;
  }

  /** Everything a successor needs, as live references: copy before keeping. */
  snapshot(): EngineSnapshot {
    const { epoch, offset, alerts, silences } = this.#book;
    return { epoch, offset, machines: this.#machines, alerts, silences };
  }

  get rules(): readonly Rule[] {
    return this.#rules;
  }

  machine(key: string): MachineRecord | undefined {
    return this.#machines.get(key);
  }

  /** A camera's reading, told at `now`: runs the rules of its zones and lines. */
  observe(reading: PublicReading, now: number): Change {
    const change = noChange();
    this.#readings.set(reading.cameraId, reading);
    for (const rule of this.#rules) {
      if (rule.cameraId !== reading.cameraId || !judgesPictures(rule)) continue;
      const record = this.#record(rule.key);
      const seen: Seen = rule.lineId
        ? { observation: observeLine(rule, reading) }
        : observeZone(rule, reading, record.trends);
      if (seen.trends && seen.trends !== record.trends) {
        record.trends = seen.trends;
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
    this.#runClockRules(now, change);
    for (const silence of [...this.#book.silences.values()]) {
      if (isOver(silence, now)) this.#book.endSilence(silence, now, change);
    }
    for (const alert of [...this.#book.alerts.values()]) {
      if (alert.resolvedAt === undefined) this.#letWait(alert, elapsedMs, now, change);
      else if (now - alert.resolvedAt > FORGET_UNHEARD_MS) this.#book.put(alert.alertId, undefined, change);
    }
    return change;
  }

  /** Carries out what an operator asked. Nothing changes when it is refused. */
  operate(command: OperatorCommand, now: number): Operated {
    // Whoever misspelt a place believes that it is silent.
    if (command.type === 'silence' && !this.#rules.some((rule) => matches(command, { ...rule, rule: rule.kind }))) {
      return { refusal: { code: 'invalid', message: NOTHING_TO_SILENCE } };
    }
    return operate(this.#book, command, now);
  }

  /**
   * New rules. An alert whose rule is gone is closed with that reason, never silently; so is one of an exercise of the
   * whole installation that is over: what is so still is raised anew, as the real thing.
   */
  setRules(rules: Rule[], policy: EnginePolicy, now: number): Change {
    const change = noChange();
    this.#policy = policy;
    this.#book.configVersion = policy.configVersion;
    this.#rules = rules;
    const kept = new Set(rules.map((rule) => rule.key));
    for (const [key, record] of this.#machines) {
      const alert = record.alertId ? this.#book.alerts.get(record.alertId) : undefined;
      if (kept.has(key) && !(alert && this.#isOfExerciseOver(alert))) continue;
      const reason = kept.has(key) ? 'mode-changed' : 'rule-removed';
      const before = record.state;
      // The number of its last episode stays: the rule may come back.
      record.state = initialState();
      if (reason === 'rule-removed') delete record.trends;
      change.machines.add(key);
      if (!alert || alert.resolvedAt !== undefined) continue;
      const { rule: kind, cameraId, zoneId, lineId, unit } = alert;
      const where = { ...(cameraId && { cameraId }), ...(zoneId && { zoneId }), ...(lineId && { lineId }) };
      const subject = { key, kind, unit, ...where };
      const step: Step = { state: record.state, reason, notice: 'resolved' };
      this.#announce(subject, record, before, step, undefined, now, change);
    }
    // A drill or exercise that is over leaves nothing to acknowledge, and a drill no silence that would mute the next one.
    const watched = new Set(rules.map((rule) => rule.cameraId));
    for (const alert of [...this.#book.alerts.values()]) {
      const ofDrillOver = isDrillCamera(alert.cameraId) && !watched.has(alert.cameraId);
      if (ofDrillOver || this.#isOfExerciseOver(alert)) this.#book.put(alert.alertId, undefined, change);
    }
    for (const silence of [...this.#book.silences.values()]) {
      if (isDrillCamera(silence.cameraId) && !watched.has(silence.cameraId))
        this.#book.endSilence(silence, now, change);
    }
    return change;
  }

  #isOfExerciseOver({ mode, cameraId }: ActiveAlert): boolean {
    return this.#policy.mode === 'actual' && mode !== 'actual' && !isDrillCamera(cameraId);
  }

  #runClockRules(now: number, change: Change): void {
    const cameraIds = new Set(this.#rules.map((rule) => rule.cameraId));
    const readings = [...this.#readings.values()].filter(
      ({ cameraId }) => cameraIds.has(cameraId) && !isDrillCamera(cameraId),
    );
    for (const rule of this.#rules) {
      if (rule.kind === 'camera-picture' || rule.kind === 'not-judged') {
        const reading = this.#readings.get(rule.cameraId ?? '');
        if (!reading) continue;
        const seen = rule.kind === 'not-judged' ? observeUnjudged(rule, reading, now) : observeCamera(reading, now);
        this.#step(rule, seen, reading, now, change);
      } else if (rule.kind === 'inference-behind' || rule.kind === 'ingest-down') {
        this.#step(rule, observeShare(readings, rule.kind, now), undefined, now, change);
      }
    }
  }

  #letWait(alert: ActiveAlert, elapsedMs: number, now: number, change: Change): void {
    const muted = this.#book.isMuted(alert);
    const { operator, escalated } = waitUnheard(alert, muted, elapsedMs, this.#policy.escalation);
    if (operator === alert.operator) return;
    const waited = { ...alert, operator };
    this.#book.put(alert.alertId, waited, change);
    if (escalated) this.#book.log('alert.escalated', waited, 'nobody-acknowledged', now, change);
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
    const alert = record.alertId ? this.#book.alerts.get(record.alertId) : undefined;
    if (!alert || alert.resolvedAt !== undefined) return;
    const changed = alert.condition !== step.state.condition;
    const refreshed = { ...alert, ...conditionOf(rule, step), ...(changed ? { changedAt: now } : {}) };
    if (changed) this.#book.put(alert.alertId, refreshed, change);
    else this.#book.alerts.set(alert.alertId, refreshed);
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
      record.alertId = `${this.#book.epoch}~${rule.key}~${record.episode}`;
    }
    const alertId = record.alertId ?? `${this.#book.epoch}~${rule.key}~${record.episode}`;
    const old = this.#book.alerts.get(alertId);
    // An alert keeps the mode it was raised in: whoever was told of a real one is told its end as real.
    const mode = old?.mode ?? (isDrillCamera(rule.cameraId) ? 'exercise' : this.#policy.mode);
    const alert = alertAfter(rule, step, old, { alertId, mode, now });
    this.#book.put(alertId, alert, change);
    const cause = reading && causeFor(rule, reading);
    this.#book.log(eventType(rule, notice, reading), alert, step.reason, now, change, {
      from: { level: before.level, condition: before.condition },
      ...(step.threshold === undefined ? {} : { threshold: step.threshold }),
      ...(cause ? { cause } : {}),
      ...(reading?.status === 'ok' ? { model: `${reading.model.name}@${reading.model.version}` } : {}),
    });
    if (!ended) return;
    delete record.alertId;
    const { acknowledged, unheardLevel } = alert.operator;
    // Over and seen at its highest: nothing is left to tell anybody.
    if (acknowledged && unheardLevel === undefined) this.#book.put(alertId, undefined, change);
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

/** Why nothing is judged, where that is so. */
function causeFor(rule: Subject, reading: PublicReading): string | undefined {
  if (reading.status !== 'ok') return causeOf(reading);
  return rule.kind === 'not-judged' ? unjudgedCause(rule, reading) : undefined;
}
