/** Stories of a crowd on a virtual clock. Times are seconds; every event must be wanted, in order. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { play } from '../helpers/timeline.ts';
import { levels } from '../helpers/timelines/levels.ts';
import { operators } from '../helpers/timelines/operators.ts';
import { trouble } from '../helpers/timelines/trouble.ts';

const scenarios = [levels, trouble, operators].flatMap((told) => Object.entries(told));

describe('alert timelines', () => {
  for (const [name, scenario] of scenarios) {
    it(name, () => {
      const { events } = play(scenario);
      for (const [index, event] of events.entries()) {
        assert.equal(event.offset, index + 1, 'offsets rise by one');
        assert.equal(event.eventId, `${event.alertId}~${event.sequence}`);
      }
      assert.equal(new Set(events.map((event) => event.eventId)).size, events.length, 'no id twice');
    });
  }

  it('there are at least forty of them', () => assert.ok(scenarios.length >= 40));
});
