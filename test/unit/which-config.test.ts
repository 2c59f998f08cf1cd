import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { whichConfig } from '../../services/cli/which-config.ts';
import { ownConfig } from '../../shared/config/own-config.ts';

const home = process.cwd();
const named = process.env.HEADROOM_CONFIG;
let dir: string;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-which-'));
  process.chdir(dir);
  delete process.env.HEADROOM_CONFIG;
});
after(async () => {
  process.chdir(home);
  if (named !== undefined) process.env.HEADROOM_CONFIG = named;
  await rm(dir, { recursive: true });
});

test('the demo without a configuration, then the file of the folder, then the environment, then what is asked for', async () => {
  assert.equal(ownConfig(), undefined);
  assert.equal(whichConfig(undefined), 'headroom.yaml', 'the one to be told of as missing');
  await mkdir('.headroom/demo', { recursive: true });
  await writeFile('.headroom/demo/headroom.yaml', '');
  assert.equal(whichConfig(undefined), '.headroom/demo/headroom.yaml');
  await writeFile('headroom.yaml', '');
  assert.equal(whichConfig(undefined), 'headroom.yaml');
  process.env.HEADROOM_CONFIG = '/etc/headroom/site.yaml';
  assert.equal(ownConfig(), '/etc/headroom/site.yaml');
  assert.equal(whichConfig(undefined), '/etc/headroom/site.yaml');
  assert.equal(whichConfig('other.yaml'), 'other.yaml');
});
