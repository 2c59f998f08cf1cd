/** Alerts of drills: they never touch the real thing. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AlertEngine } from '../../services/alerts/engine.ts';
import { enginePolicy } from '../../services/alerts/policy.ts';
import { rulesOf } from '../../services/alerts/rules/rules-of.ts';
import type { AlertLevel, RuleKind } from '../../shared/contracts/alert.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import { publicReading } from '../../shared/readings/status.ts';
import { config, made, scenario } from '../helpers/drills.ts';

describe('a drill beside the real thing', () => {
  const START = 1_790_000_000_000;
  const play = (policy = enginePolicy(config)) => {
    const { drill } = made(scenario([{ atSeconds: 0, level: 'severe' }]));
    const cameras = [...config.cameras, ...drill.map(({ camera }) => camera)];
    const stored = { epoch: 'e', offset: 0, machines: new Map(), alerts: new Map(), silences: new Map() };
    const engine = new AlertEngine(stored, rulesOf({ ...config, cameras }), policy);
    let seq = 0;
    const see = (cameraId: string, peakPeoplePerSqm: number, at: number) => {
      const zone = {
        zoneId: 'stairs',
        name: 'stairs',
        count: 1,
        interval: [1, 1] as [number, number],
        calibrated: true,
      };
      const told: PublicReading = {
        type: 'reading',
        cameraId,
        seq: ++seq,
        capturedAt: at,
        status: 'ok',
        count: 1,
        interval: [1, 1],
        heads: 1,
        zones: [{ ...zone, peakPeoplePerSqm }],
        model: { name: 'm', version: '1', steps: 1, warmStart: false },
        publishedAt: at,
      };
      return engine.observe(told, at).events;
    };
    return { engine, see, cameras };
  };
  const raised = (see: ReturnType<typeof play>['see'], cameraId: string) =>
    [0, 500, 1000].flatMap((ms) => see(cameraId, 3.2, START + ms)).find(({ type }) => type === 'alert.firing');

  it('is marked in every event and alert; the real one is not', () => {
    const { engine, see } = play();
    const drill = raised(see, 'drill--gate');
    const real = raised(see, 'gate');
    assert.deepEqual(
      [drill?.mode, drill?.exercise, real?.mode, real?.exercise],
      ['exercise', true, 'actual', undefined],
    );
    assert.deepEqual(
      [...engine.snapshot().alerts.values()].map(({ mode, exercise }) => [mode, exercise]),
      [
        ['exercise', true],
        ['actual', undefined],
      ],
    );
    assert.notEqual(drill?.alertId, real?.alertId);
  });

  it('is silenced by no silence of the real, and silences none', () => {
    const silence = (target: object) => {
      const { engine, see } = play();
      engine.operate(
        {
          type: 'silence',
          commandId: 'command-1',
          actor: 'kim',
          upToLevel: 'severe',
          reason: 'r',
          durationMs: 60_000,
          ...target,
        },
        START,
      );
      return { drill: raised(see, 'drill--gate')?.silenced, real: raised(see, 'gate')?.silenced };
    };
    assert.deepEqual(silence({}), { drill: false, real: true });
    assert.deepEqual(silence({ rule: 'zone-density' satisfies RuleKind }), { drill: false, real: true });
    assert.deepEqual(silence({ cameraId: 'drill--gate' }), { drill: true, real: false });
  });

  it('ends with nothing left to acknowledge, while the real alert stays', () => {
    const { engine, see } = play();
    raised(see, 'drill--gate');
    raised(see, 'gate');
    const change = engine.setRules(rulesOf(config), enginePolicy(config), START + 2000);
    assert.deepEqual(
      change.events.map(({ type, cameraId, exercise }) => [type, cameraId, exercise]),
      [['alert.resolved', 'drill--gate', true]],
    );
    assert.deepEqual(
      [...engine.snapshot().alerts.values()].map(({ cameraId, level }) => [cameraId, level]),
      [['gate', 'severe' satisfies AlertLevel]],
    );
  });

  it('ends with its silences: they would mute the next one', () => {
    const { engine } = play();
    for (const cameraId of ['drill--gate', 'gate']) {
      const made = {
        type: 'silence',
        commandId: `of-${cameraId}`,
        actor: 'kim',
        upToLevel: 'severe',
        reason: 'r',
      } as const;
      engine.operate({ ...made, cameraId, durationMs: 60_000 }, START);
    }
    const change = engine.setRules(rulesOf(config), enginePolicy(config), START + 2000);
    assert.deepEqual([...change.silences], [['silence~of-drill--gate', undefined]]);
    assert.deepEqual([...engine.snapshot().silences.keys()], ['silence~of-gate']);
  });

  it('as a whole installation’s exercise ends with it: what is on is raised anew, as the real thing', () => {
    const { engine, see } = play({ ...enginePolicy(config), mode: 'exercise' });
    assert.equal(raised(see, 'gate')?.mode, 'exercise');
    const change = engine.setRules(rulesOf(config), enginePolicy(config), START + 2000);
    assert.deepEqual(
      change.events.map(({ type, mode, reason }) => [type, mode, reason]),
      [['alert.resolved', 'exercise', 'mode-changed']],
    );
    assert.equal(engine.snapshot().alerts.size, 0, 'no mark of it stays in sight');
    const real = [3000, 3500, 4000].flatMap((ms) => see('gate', 3.2, START + ms));
    assert.deepEqual(
      real.map(({ type, mode, to }) => [type, mode, to.level]),
      [['alert.firing', 'actual', 'severe']],
    );
  });

  it('as a whole installation’s exercise leaves what is real by its name, to its end', () => {
    const { engine, see } = play();
    raised(see, 'gate');
    engine.setRules(rulesOf(config), { ...enginePolicy(config), mode: 'exercise' }, START + 2000);
    const [end] = Array.from({ length: 20 }, (_, n) => see('gate', 0, START + 2500 + n * 500))
      .flat()
      .filter(({ type }) => type === 'alert.resolved');
    assert.deepEqual([end?.mode, end?.exercise], ['actual', undefined]);
    assert.equal([20_000, 20_500, 21_000].flatMap((ms) => see('gate', 3.2, START + ms))[0]?.mode, 'exercise');
  });

  it('is seen whatever became of ingest and worker, and counts for no rule about them', () => {
    const known = {
      zones: [],
      lines: [],
      staleAfterMs: 3000,
      reading: undefined,
      watchedSince: 0,
      ingestUp: false,
      workerUp: false,
    };
    const state = (cameraId: string) => ({
      cameraId,
      phase: 'no-signal' as const,
      reason: 'timeout' as const,
      since: 5,
      attempt: 0,
      node: 'n',
    });
    const drill = publicReading({ ...known, cameraId: 'drill--gate', state: state('drill--gate') }, 10);
    assert.deepEqual([drill.status !== 'ok' && drill.reason, drill.exercise], ['timeout', true]);
    const real = publicReading({ ...known, cameraId: 'gate', state: state('gate') }, 10);
    assert.deepEqual([real.status !== 'ok' && real.reason, real.exercise], ['ingest-down', undefined]);
    const { engine } = play();
    const blind: PublicReading = {
      type: 'reading',
      cameraId: 'drill--gate',
      status: 'no-signal',
      reason: 'ingest-down',
      since: 0,
      zones: [],
    };
    const events = Array.from({ length: 40 }, (_, i) => {
      engine.observe(blind, START + i * 1000);
      return engine.tick(START + i * 1000).events;
    }).flat();
    assert.deepEqual(
      events.filter(({ rule }) => rule === 'ingest-down'),
      [],
    );
  });
});
