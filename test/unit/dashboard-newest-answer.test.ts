/** Questions that overtake each other: the page goes by the newest answer, not by the one that came last. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { newestAnswer } from '../../services/dashboard/src/parts/newest-answer.ts';

it('an answer that was overtaken is not taken; those in order all are', async () => {
  const answers: ((answer: string) => void)[] = [];
  const taken: string[] = [];
  const ask = () => new Promise<string>((resolve) => answers.push(resolve));
  const look = newestAnswer(ask, (answer) => taken.push(answer));
  const [slow, quick, last] = [look(), look(), look()];
  answers[1]?.('quick');
  await quick;
  answers[0]?.('slow');
  await slow;
  answers[2]?.('last');
  await last;
  assert.deepEqual(taken, ['quick', 'last']);
});
