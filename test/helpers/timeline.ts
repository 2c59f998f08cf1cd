/**
 * Alerts on a virtual clock, told as a timeline: "people push from 0 s, a severe alert is wanted between 4 and 4.5 s".
 * Runs the real engine, the real judgement of freshness and the real rules; only Redis, the database and the receivers
 * are left out. Every event must be wanted, in the order told.
 */
import assert from 'node:assert/strict';
import { CameraWatch } from '../../services/alerts/camera-watch.ts';
import type { Change } from '../../services/alerts/change.ts';
import { AlertEngine, type EngineSnapshot } from '../../services/alerts/engine.ts';
import { enginePolicy } from '../../services/alerts/policy.ts';
import { rulesOf } from '../../services/alerts/rules/rules-of.ts';
import { Config } from '../../shared/config/schema.ts';
import type { AlertEvent, AlertEventType, AlertLevel } from '../../shared/contracts/alert.ts';
import type { AlertCommand } from '../../shared/contracts/alert-command.ts';
import type { CameraState } from '../../shared/contracts/camera.ts';
import type { LineReading, WorkerReading } from '../../shared/contracts/reading.ts';

/** Virtual time of second 0. */
export const START_AT = 1_790_000_000_000;
const TICK_MS = 100;
const TICK_EVERY = 5;

/** Figure over time: constant, or a function of the seconds passed. */
type Figure = number | ((atS: number) => number);
type Span = { from: number; to: number; camera?: string; zone?: string };

export type Step =
  /** A zone's figure is counted in every sampled picture of the span: people per m² (calibrated), or people. */
  | (Span & { kind: 'density' | 'count'; value: Figure })
  /** People go over the camera's lines, per minute. */
  | (Span & { kind: 'flow'; in: Figure; out: Figure; doubt?: 'too-crowded' })
  /** The camera's connection is lost in the span; pictures stop. */
  | (Span & { kind: 'no-signal'; reason?: NonNullable<CameraState['reason']> })
  /** Pictures stop, though the connection stays. */
  | (Span & { kind: 'stall' })
  /** Pictures come that cannot be counted. */
  | (Span & { kind: 'degraded' })
  /** Workers leave the zones and lines out: they took another configuration. */
  | (Span & { kind: 'uncounted' })
  /** The zones' ground cannot be measured: counts, and no density. */
  | (Span & { kind: 'unmeasured' })
  /** A service is down. */
  | (Span & { kind: 'ingest-down' | 'worker-down' })
  /** All clocks are set, at once and for good. */
  | { kind: 'clock-step'; at: number; byS: number }
  /** The alerts process is killed and a successor takes over from what was stored, `downS` later. */
  | { kind: 'crash'; at: number; downS: number }
  /** Killed between deciding and storing: the next decision that yields an event is lost once. */
  | { kind: 'crash-before-commit'; at: number }
  | { kind: 'command'; at: number; command: CommandOf }
  | { kind: 'configure'; at: number; config: Record<string, unknown> };

type Plain = AlertCommand extends infer C ? (C extends AlertCommand ? Omit<C, 'commandId' | 'actor'> : never) : never;
/** A command; `alert` stands for the newest alert's id, `silence` for the newest silence's. */
export type CommandOf = Plain extends infer C
  ? C extends { alertId: string }
    ? Omit<C, 'alertId'>
    : C extends { silenceId: string }
      ? Omit<C, 'silenceId'>
      : C
  : never;

export type Want = {
  fromS: number;
  toS: number;
  type: AlertEventType;
  level?: AlertLevel;
  rule?: AlertEvent['rule'];
  zone?: string;
  camera?: string;
  silenced?: boolean;
  reason?: AlertEvent['reason'];
  escalation?: number;
};

/** An event of this type, after between `fromS` and `toS` seconds. */
export const want = (fromS: number, toS: number, type: AlertEventType, more: Partial<Want> = {}): Want => ({
  fromS,
  toS,
  type,
  ...more,
});

/** From the beginning on: longer than any scenario. */
export const always = { from: 0, to: 10_000 };

export type Scenario = { config?: Record<string, unknown>; untilS: number; steps: Step[]; want: Want[] };

export type Outcome = { events: AlertEvent[]; engine: AlertEngine; refusals: string[] };

export const square = [
  [0.1, 0.1],
  [0.9, 0.1],
  [0.9, 0.9],
  [0.1, 0.9],
];
const mount = { mount: { heightM: 6, tiltDeg: 40 }, verticalFovDeg: 50 };

/** Neither forecasts nor escalations: for stories that are not about them. */
export const quiet = { trendMinMs: 3_600_000, trendWindowMs: 3_600_000, escalationSteps: 0 };

type Overrides = { alerts?: object; zone?: object; camera?: object };

/** One camera `gate` at 2 fps with the standing zone `stage`, calibrated. */
export const calibrated = ({ alerts = {}, zone = {}, camera = {} }: Overrides = {}): Record<string, unknown> => ({
  alerts: { ...quiet, ...alerts },
  cameras: [
    {
      id: 'gate',
      url: 'rtsp://192.0.2.1/',
      sampleFps: 2,
      calibration: mount,
      zones: [{ id: 'stage', polygon: square, ...zone }],
      ...camera,
    },
  ],
});

/** The same without calibration: counts only; capacity 100. */
export const withCapacity = ({ alerts = {}, zone = {}, camera = {} }: Overrides = {}): Record<string, unknown> =>
  calibrated({ alerts, zone: { capacity: 100, ...zone }, camera: { calibration: undefined, ...camera } });

/** A line's figures in a span of flow: as many a minute as the span says. */
function flowOver(lineId: string, here: Step[], atMs: number): LineReading {
  const span = here.findLast((step) => step.kind === 'flow');
  const at = (figure: Figure): number => Math.round(typeof figure === 'number' ? figure : figure(atMs / 1000));
  const line = { lineId, name: lineId, in: 0, out: 0, since: START_AT, from: 'midnight' as const, blindMs: 0 };
  const flow = span ? { inPerMin: at(span.in), outPerMin: at(span.out) } : { inPerMin: 0, outPerMin: 0 };
  return { ...line, ...flow, ...(span?.doubt ? { doubt: span.doubt } : {}) };
}

/** Runs a scenario and checks that exactly the wanted events come, in order. */
export function play(scenario: Scenario): Outcome {
  const outcome = run(scenario);
  const told = outcome.events.map(
    (e) =>
      `${((e.at - START_AT) / 1000).toFixed(1)} s ${e.type} ${e.to.level} ${e.rule} ${e.zoneId ?? e.cameraId ?? ''}`,
  );
  const story = `events were:\n  ${told.join('\n  ') || '(none)'}`;
  for (const [index, wanted] of scenario.want.entries()) {
    const event = outcome.events[index];
    assert.ok(event, `${wanted.type} is missing; ${story}`);
    const atS = (event.at - START_AT) / 1000;
    const name = `event ${index + 1}`;
    assert.equal(event.type, wanted.type, `${name}; ${story}`);
    assert.ok(
      atS >= wanted.fromS && atS <= wanted.toS,
      `${name} at ${atS} s, not ${wanted.fromS}..${wanted.toS}; ${story}`,
    );
    if (wanted.level) assert.equal(event.to.level, wanted.level, `${name}; ${story}`);
    if (wanted.rule) assert.equal(event.rule, wanted.rule, `${name}; ${story}`);
    if (wanted.zone) assert.equal(event.zoneId, wanted.zone, `${name}; ${story}`);
    if (wanted.camera) assert.equal(event.cameraId, wanted.camera, `${name}; ${story}`);
    if (wanted.escalation !== undefined) assert.equal(event.escalation, wanted.escalation, `${name}; ${story}`);
    if (wanted.reason) assert.equal(event.reason, wanted.reason, `${name}; ${story}`);
    if (wanted.silenced !== undefined) assert.equal(event.silenced, wanted.silenced, `${name} silenced; ${story}`);
  }
  assert.equal(outcome.events.length, scenario.want.length, `more than wanted; ${story}`);
  return outcome;
}

/** Runs a scenario; `want` is not looked at. */
export function run(scenario: Omit<Scenario, 'want'>): Outcome {
  let config = Config.parse(scenario.config ?? calibrated());
  let stepMs = 0;
  const clock = (atMs: number): number => START_AT + atMs + stepMs;
  const watch = new CameraWatch(config.cameras, clock(0));
  const committed: AlertEvent[] = [];
  const refusals: string[] = [];
  let stored: EngineSnapshot = {
    epoch: 'e1',
    offset: 0,
    machines: new Map(),
    alerts: new Map(),
    silences: new Map(),
  };
  const fresh = () => new AlertEngine(structuredClone(stored), rulesOf(config), enginePolicy(config));
  let engine = fresh();
  let downUntilMs = Number.NEGATIVE_INFINITY;
  let loseNextCommit = false;
  // The cameras have been live for an hour when the story begins.
  const phases = new Map<string, { phase: CameraState['phase']; since: number }>();
  let seq = 0;

  /** Decides, stores, announces; a lost commit is decided again by the successor. */
  const commit = (decide: (engine: AlertEngine) => Change): void => {
    const change = decide(engine);
    if (loseNextCommit && change.events.length > 0) {
      loseNextCommit = false;
      engine = fresh();
      commit(decide);
      return;
    }
    committed.push(...change.events);
    stored = structuredClone(engine.snapshot());
  };

  const active = (step: Span, atMs: number, cameraId: string): boolean =>
    atMs >= step.from * 1000 && atMs < step.to * 1000 && (step.camera ?? 'gate') === cameraId;
  const spans = scenario.steps.filter((step): step is Extract<Step, Span> => 'from' in step);

  for (let tick = 0; tick * TICK_MS <= scenario.untilS * 1000; tick++) {
    const atMs = tick * TICK_MS;
    for (const step of scenario.steps) {
      if (!('at' in step) || step.at * 1000 !== atMs) continue;
      if (step.kind === 'clock-step') stepMs += step.byS * 1000;
      if (step.kind === 'crash') {
        downUntilMs = atMs + step.downS * 1000;
        engine = fresh();
      }
      if (step.kind === 'crash-before-commit') loseNextCommit = true;
      if (step.kind === 'configure') {
        config = Config.parse(step.config);
        watch.setCameras(config.cameras, clock(atMs));
        commit((e) => e.setRules(rulesOf(config), enginePolicy(config), clock(atMs)));
      }
      if (step.kind === 'command') {
        const alertId = [...engine.snapshot().alerts.keys()].at(-1) ?? 'none';
        const silenceId = [...engine.snapshot().silences.keys()].at(-1) ?? 'none';
        const command = { commandId: `command-${tick}`, actor: 'kim', alertId, silenceId, ...step.command };
        commit((e) => {
          const done = e.operate(command as Parameters<AlertEngine['operate']>[0], clock(atMs));
          if ('change' in done) return done.change;
          refusals.push(done.refusal.code);
          return { events: [], machines: new Set(), alerts: new Map(), silences: new Map() };
        });
      }
    }

    const up = atMs >= downUntilMs;
    const all = (kind: Step['kind']) =>
      spans.some((span) => span.kind === kind && atMs >= span.from * 1000 && atMs < span.to * 1000);
    watch.setServices({ ingestUp: !all('ingest-down'), workerUp: !all('worker-down') });

    for (const camera of config.cameras) {
      const here = spans.filter((span) => active(span, atMs, camera.id));
      const lost = here.find((span) => span.kind === 'no-signal');
      const phase = lost ? 'no-signal' : 'live';
      const before = phases.get(camera.id) ?? { phase: 'live', since: clock(-3_600_000) };
      const since = phase === before.phase ? before.since : clock(atMs);
      phases.set(camera.id, { phase, since });
      watch.takeState({
        cameraId: camera.id,
        phase,
        ...(lost ? { reason: lost.reason ?? 'timeout' } : {}),
        since,
        attempt: lost ? 1 : 0,
        node: 'n1',
      });
      const stopped = here.some((span) => span.kind === 'stall' || span.kind === 'no-signal');
      if (stopped || all('ingest-down') || all('worker-down')) continue;
      if (atMs % Math.round(1000 / camera.sampleFps) !== 0) continue;
      seq += 1;
      const head = { cameraId: camera.id, seq, capturedAt: clock(atMs), publishedAt: clock(atMs) };
      const isSo = (kind: 'uncounted' | 'unmeasured') => here.some((span) => span.kind === kind);
      const counted = isSo('uncounted') ? { zones: [], lines: [] } : camera;
      const reading: WorkerReading = here.some((span) => span.kind === 'degraded')
        ? { ...head, status: 'degraded', reason: 'undecodable' }
        : {
            ...head,
            status: 'ok',
            count: 0,
            interval: [0, 0],
            heads: 0,
            zones: counted.zones.map((zone) => {
              const figure = (kind: 'density' | 'count'): number => {
                const span = here.findLast((s) => s.kind === kind && (s.zone ?? 'stage') === zone.id);
                if (!span || !('value' in span)) return 0;
                return typeof span.value === 'number' ? span.value : span.value(atMs / 1000);
              };
              const count = figure('count');
              const calibrated = camera.calibration !== undefined && !isSo('unmeasured');
              const density = calibrated
                ? { peakPeoplePerSqm: figure('density'), peoplePerSqm: figure('density') }
                : {};
              return { zoneId: zone.id, name: zone.id, count, interval: [count, count], calibrated, ...density };
            }),
            ...(camera.lines.length > 0 ? { lines: counted.lines.map((line) => flowOver(line.id, here, atMs)) } : {}),
            model: { name: 'm', version: '1', steps: 1, warmStart: true },
          };
      watch.takeReading(reading);
      const told = watch.look(camera.id, clock(atMs));
      if (up && told) commit((e) => e.observe(told, clock(atMs)));
    }
    if (!up || tick % TICK_EVERY !== 0) continue;
    for (const id of watch.cameraIds) {
      const told = watch.look(id, clock(atMs));
      if (told) commit((e) => e.observe(told, clock(atMs)));
    }
    commit((e) => e.tick(clock(atMs)));
  }
  return { events: committed, engine, refusals };
}
