/** One Headroom per data folder, also when several start at once or the last one left its lock behind. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { lockDataDir } from '../../services/cli/data-lock.ts';

let dir: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-lock-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

const lockFile = (): string => join(dir, 'headroom.pid');

/** A process that takes the lock when told, and says whether it got it. */
async function contender(): Promise<{ take(): Promise<string> }> {
  const module = resolve('services/cli/data-lock.ts');
  const script = `import { lockDataDir } from ${JSON.stringify(module)};
process.on('message', () => lockDataDir(${JSON.stringify(dir)}).then(() => process.send('taken'), (e) => process.send(e.code)));
process.send('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  children.push(child);
  const said = (): Promise<string> => new Promise((done) => child.once('message', (word) => done(String(word))));
  assert.equal(await said(), 'ready');
  return {
    take() {
      const answer = said();
      child.send('take');
      return answer;
    },
  };
}

test('a running Headroom keeps its folder; one that is gone does not', async () => {
  const [first, second] = [await contender(), await contender()];
  assert.equal(await first.take(), 'taken');
  assert.equal(await second.take(), 'ALREADY_RUNNING');
  const gone = new Promise((done) => children[0]?.once('exit', done));
  children[0]?.kill('SIGKILL');
  await gone;
  assert.equal(await second.take(), 'taken', 'though the lock was left behind');
  assert.deepEqual(await readdir(dir), ['headroom.pid']);
});

test('a lock from before a power cut does not count for the process that has its number now', async () => {
  const other = spawn('sleep', ['60'], { stdio: 'ignore' });
  children.push(other);
  await writeFile(lockFile(), `${other.pid} 1`);
  const unlock = await lockDataDir(dir);
  assert.match(await readFile(lockFile(), 'utf8'), new RegExp(`^${process.pid}\\b`));
  await unlock();
  assert.deepEqual(await readdir(dir), []);
});

test('the lock of an older version, a number alone, is kept while that process lives', async () => {
  const other = spawn('sleep', ['60'], { stdio: 'ignore' });
  children.push(other);
  await writeFile(lockFile(), String(other.pid));
  await assert.rejects(lockDataDir(dir), { code: 'ALREADY_RUNNING' });
  await writeFile(lockFile(), '');
  await lockDataDir(dir);
});

test('of several that start at once one gets the folder, with and without a lock left behind', async () => {
  const all = await Promise.all(Array.from({ length: 6 }, contender));
  for (const left of [undefined, '', '999999999 1']) {
    await rm(lockFile(), { force: true });
    if (left !== undefined) await writeFile(lockFile(), left);
    const answers = await Promise.all(all.map((one) => one.take()));
    assert.deepEqual(answers.filter((answer) => answer === 'taken').length, 1, `left: ${left} ${answers}`);
  }
});
