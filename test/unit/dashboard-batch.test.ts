import assert from 'node:assert/strict';
import { beforeEach, describe, it, mock } from 'node:test';
import { Batch } from '../../services/dashboard/src/live/batch.ts';

describe('readings taken together', () => {
  let taken: number[][];
  let batch: Batch<number>;

  beforeEach(() => {
    mock.timers.reset();
    mock.timers.enable({ apis: ['setTimeout'] });
    taken = [];
    batch = new Batch<number>(100, (items) => taken.push(items));
  });

  it('waits from the first one on, and keeps all in their order', () => {
    batch.add(1);
    mock.timers.tick(60);
    batch.add(2);
    mock.timers.tick(39);
    assert.deepEqual(taken, []);
    mock.timers.tick(1);
    assert.deepEqual(taken, [[1, 2]], 'a stream of others does not put it off');
    batch.add(3);
    mock.timers.tick(100);
    assert.deepEqual(taken, [[1, 2], [3]]);
  });

  it('hands on at once when told to, and each only once', () => {
    batch.add(1);
    batch.flush();
    mock.timers.tick(1_000);
    batch.flush();
    assert.deepEqual(taken, [[1]]);
  });

  it('forgets, and goes on afterwards', () => {
    batch.add(1);
    batch.clear();
    mock.timers.tick(1_000);
    batch.add(2);
    mock.timers.tick(100);
    assert.deepEqual(taken, [[2]]);
  });
});
