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

const pidFile = (): string => join(dir, 'headroom.pid');

/** A process that takes the lock when told and says whether it got it, and gives it back when told. */
async function contender(): Promise<{ take(): Promise<string>; give(): Promise<string> }> {
  const module = resolve('services/cli/data-lock.ts');
  const script = `import { lockDataDir } from ${JSON.stringify(module)};
let unlock;
const take = () => lockDataDir(${JSON.stringify(dir)}).then((given) => { unlock = given; process.send('taken'); }, (e) => process.send(e.code));
process.on('message', (word) => word === 'take' ? take() : unlock().then(() => process.send('given')));
process.send('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  children.push(child);
  const said = (): Promise<string> => new Promise((done) => child.once('message', (word) => done(String(word))));
  assert.equal(await said(), 'ready');
  const ask = (word: string): Promise<string> => {
    const answer = said();
    child.send(word);
    return answer;
  };
  return { take: () => ask('take'), give: () => ask('give') };
}

test('a running Headroom keeps its folder; one that is gone does not', async () => {
  const [first, second] = [await contender(), await contender()];
  assert.equal(await first.take(), 'taken');
  assert.equal(await second.take(), 'ALREADY_RUNNING');
  const gone = new Promise((done) => children[0]?.once('exit', done));
  children[0]?.kill('SIGKILL');
  await gone;
  assert.equal(await second.take(), 'taken', 'though the lock was left behind');
});

test('the number of another process, left behind by a power cut, keeps nobody from starting', async () => {
  const other = spawn('sleep', ['60'], { stdio: 'ignore' });
  children.push(other);
  await writeFile(pidFile(), String(other.pid));
  const unlock = await lockDataDir(dir);
  assert.equal(await readFile(pidFile(), 'utf8'), String(process.pid));
  await unlock();
  assert.deepEqual(await readdir(dir), ['headroom.lock']);
});

test('who has a folder may take it again, and it is free when it was given back as often', async () => {
  const other = await contender();
  const [first, second] = [await lockDataDir(dir), await lockDataDir(dir)];
  await first();
  assert.equal(await other.take(), 'ALREADY_RUNNING');
  await second();
  assert.equal(await other.take(), 'taken');
});

test('of several that start at once one gets the folder, time after time', async () => {
  const all = await Promise.all(Array.from({ length: 6 }, contender));
  for (let round = 0; round < 10; round += 1) {
    const answers = await Promise.all(all.map((one) => one.take()));
    assert.equal(answers.filter((answer) => answer === 'taken').length, 1, `${round}: ${answers}`);
    await all[answers.indexOf('taken')]?.give();
  }
});
