/** What an acknowledgement covers: the level it was given at. An alert is done with when its highest level was heard. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ActiveAlert } from '../../shared/contracts/alert.ts';
import { calibrated, run, type Step } from '../helpers/timeline.ts';

const severeOnly = { zone: { limits: { peoplePerSqm: { alert: 4, severe: 5 } } } };
const acknowledge = (at: number): Step => ({ kind: 'command', at, command: { type: 'acknowledge' } });
/** From 4.4 to 6 people per m² at 30 s, none from 50 s on: alert at 10 s, severe at 34 s, over by 190 s. */
const surge: Step = { kind: 'density', from: 0, to: 300, value: (s) => (s < 30 ? 4.4 : s < 50 ? 6 : 0) };

/** The list after a story. */
const listed = (untilS: number, ...steps: Step[]): ActiveAlert[] => {
  const { engine } = run({ config: calibrated(severeOnly), untilS, steps: [surge, ...steps] });
  return [...engine.snapshot().alerts.values()];
};

describe('acknowledgement of an alert that is over', () => {
  it('never acknowledged it stays listed', () => assert.equal(listed(250).length, 1));

  it('acknowledged at its highest level it leaves the list with its end', () => {
    assert.deepEqual(listed(250, acknowledge(40)), []);
  });

  it('acknowledged at a lower level only it stays listed, and says which level nobody has heard', () => {
    const [alert, ...others] = listed(250, acknowledge(20));
    assert.deepEqual(others, []);
    assert.equal(alert?.resolvedAt !== undefined, true);
    assert.equal(alert?.operator.acknowledged?.level, 'alert');
    assert.equal(alert?.operator.unheardLevel, 'severe');
  });

  it('and leaves it once that was acknowledged, before the end or after', () => {
    assert.deepEqual(listed(250, acknowledge(20), acknowledge(40)), []);
    assert.deepEqual(listed(250, acknowledge(20), acknowledge(220)), []);
  });

  it('acknowledged on its way down, all that went before was seen', () => {
    assert.deepEqual(listed(250, acknowledge(130)), []);
  });

  it('what rises anew above a level acknowledged on the way down is unheard, though it was as high before', () => {
    const again: Step = { kind: 'density', from: 140, to: 160, value: 6 };
    const [alert] = listed(400, acknowledge(130), again);
    assert.equal(alert?.operator.unheardLevel, 'severe');
  });
});

describe('an alert that nobody acknowledges', () => {
  const DAY_MS = 24 * 3_600_000;

  it('leaves the list a day after its end, and says so', () => {
    const { engine } = run({ config: calibrated(severeOnly), untilS: 250, steps: [surge] });
    const [alert] = engine.snapshot().alerts.values();
    assert.ok(alert?.resolvedAt);
    assert.equal(engine.tick(alert.resolvedAt + DAY_MS).alerts.size, 0);
    assert.equal(engine.snapshot().alerts.size, 1);
    assert.deepEqual([...engine.tick(alert.resolvedAt + DAY_MS + 1).alerts], [[alert.alertId, undefined]]);
    assert.equal(engine.snapshot().alerts.size, 0);
  });

  it('stays for as long as it runs', () => {
    const steps: Step[] = [{ kind: 'density', from: 0, to: 300, value: 6 }];
    const { engine } = run({ config: calibrated(severeOnly), untilS: 20, steps });
    const [alert] = engine.snapshot().alerts.values();
    assert.ok(alert);
    engine.tick(alert.startedAt + 3 * DAY_MS);
    assert.deepEqual([...engine.snapshot().alerts.keys()], [alert.alertId]);
  });
});
