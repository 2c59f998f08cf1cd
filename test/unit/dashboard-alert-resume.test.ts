/** A page's place in the alert log: what is fresh, and what it asks for after a gap. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Following, follow, type LogStep } from '../../services/dashboard/src/alerts/resume.ts';

/** Runs inputs through and keeps what came out. */
function run(inputs: Parameters<typeof follow>[1][], from: Following = {}): LogStep[] {
  let state = from;
  return inputs.map((input) => {
    const step = follow(state, input);
    state = step.state;
    return step;
  });
}
const at = (offset: number, epoch = 'e') => ({ type: 'event', epoch, offset }) as const;

test('the first list sets the place; a reconnect asks from there, and late replays come once', () => {
  const steps = run([
    { type: 'connected' },
    { type: 'list', epoch: 'e', offset: 5 },
    at(6),
    at(6),
    { type: 'connected' },
    { type: 'list', epoch: 'e', offset: 9 },
    at(10), // new, before what was missed
    at(7),
    at(8),
    at(9),
    at(8),
    { type: 'resumed', recovered: true, epoch: 'e', offset: 9 },
    at(11),
    at(10),
  ]);
  assert.deepEqual(
    steps.map(({ fresh }) => fresh),
    [false, false, true, false, false, false, true, true, true, true, false, false, true, false],
  );
  assert.equal(steps[1]?.todo?.type, 'reload');
  assert.deepEqual(steps[4]?.todo, { type: 'resume', place: { epoch: 'e', offset: 6 } });
  assert.deepEqual(steps.at(-1)?.state, { place: { epoch: 'e', offset: 11 } });
});

test('broken off while resuming, it asks from the old place again', () => {
  const steps = run([{ type: 'connected' }, at(9), { type: 'connected' }], { place: { epoch: 'e', offset: 6 } });
  assert.deepEqual(steps[2]?.todo, { type: 'resume', place: { epoch: 'e', offset: 6 } });
});

test('not recovered, a gap, another life of the database: the log is read again', () => {
  const place = { epoch: 'e', offset: 6 };
  const lost = { type: 'resumed', recovered: false, epoch: 'e', offset: 90 } as const;
  assert.deepEqual(run([{ type: 'connected' }, at(91), lost], { place })[2]?.todo, {
    type: 'reload',
    upTo: { epoch: 'e', offset: 91 },
    after: 6,
  });
  const reborn = run([{ type: 'connected' }, { ...lost, epoch: 'f', offset: 2 }], { place })[1];
  assert.deepEqual(reborn?.todo, { type: 'reload', upTo: { epoch: 'f', offset: 2 } });
  assert.deepEqual(run([at(9)], { place })[0]?.todo, { type: 'reload', upTo: { epoch: 'e', offset: 9 }, after: 6 });
  assert.deepEqual(run([at(1, 'f')], { place })[0]?.state.place, { epoch: 'f', offset: 1 });
});

test('a log that was empty when it was first heard of: what it began with meanwhile is missed, too', () => {
  const empty = { type: 'list', offset: 0 } as const;
  const began = { type: 'list', epoch: 'e', offset: 2 } as const;
  const missed = { type: 'reload', upTo: { epoch: 'e', offset: 2 }, after: 0 };
  assert.deepEqual(run([{ type: 'connected' }, empty, { type: 'connected' }, began]).at(-1)?.todo, missed);
  assert.deepEqual(run([{ type: 'connected' }, empty, at(2)]).at(-1)?.todo, missed);
  assert.equal(run([{ type: 'connected' }, empty, at(1)]).at(-1)?.todo, undefined);
  // Never heard of before: that is history, not news.
  assert.deepEqual(run([{ type: 'connected' }, began]).at(-1)?.todo, { type: 'reload', upTo: missed.upTo });
  // A long log did not begin just now: the server itself had lost sight of it.
  const upTo = { epoch: 'e', offset: 5_000 };
  const old = run([{ type: 'connected' }, empty, { type: 'list', ...upTo }]).at(-1);
  assert.deepEqual(old?.todo, { type: 'reload', upTo });
});

test('a server that has lost sight of the log: the page still knows its place in it', () => {
  const place = { epoch: 'e', offset: 6 };
  const blank = { type: 'resumed', recovered: false, offset: 0 } as const;
  const steps = run([{ type: 'connected' }, blank, { type: 'connected' }], { place });
  assert.deepEqual(steps.at(-1)?.todo, { type: 'resume', place });
  assert.deepEqual(run([{ type: 'connected' }, blank, at(8)], { place }).at(-1)?.todo, {
    type: 'reload',
    upTo: { epoch: 'e', offset: 8 },
    after: 6,
  });
});

test('whatever the order and however often events come, each is fresh once', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 12 })), (offsets) => {
      const place = { epoch: 'e', offset: 3 };
      const heard = run([{ type: 'connected' }, ...offsets.map((offset) => at(offset))], { place })
        .slice(1)
        .flatMap(({ fresh }, index) => (fresh ? [offsets[index]] : []));
      assert.deepEqual([...new Set(heard)], heard);
      assert.deepEqual(new Set(heard), new Set(offsets.filter((offset) => offset > 3)));
    }),
  );
});
