/** infra/docker/Dockerfile: pinned, without root, and with all that the services need. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { copiedSources, readDockerfile } from '../helpers/dockerfile.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const { args, stages } = readDockerfile(read('infra/docker/Dockerfile'));
const packageJson = JSON.parse(read('package.json'));
const isIn = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Not in the image, and only ever loaded on demand by commands that are of no use there. */
const LEFT_OUT = ['infra/demo', 'test/bench'];

it('is pinned to the Node that everything else runs on', () => {
  assert.equal(args.NODE_IMAGE, `node:${packageJson.dependencies.node}-bookworm-slim`);
  for (const { base } of stages) assert.match(base, /^(node|debian):\d+\.\d+[a-z0-9.-]*$/);
});

it('carries the version of package.json in its example', () => {
  assert.match(read('infra/docker/Dockerfile'), new RegExp(`headroom:${packageJson.version} `));
});

it('copies only what is there, and what .dockerignore lets in', () => {
  const allowed = [...read('infra/docker/Dockerfile.dockerignore').matchAll(/^!(.+)$/gm)].map(
    ([, path]) => path as string,
  );
  for (const source of stages.flatMap(copiedSources)) {
    assert.ok(existsSync(join(ROOT, source)), `there is no ${source}`);
    assert.ok(
      allowed.some((path) => isIn(source, path)),
      `.dockerignore keeps ${source} out`,
    );
  }
  for (const path of allowed) assert.ok(existsSync(join(ROOT, path)), `.dockerignore names ${path}`);
});

for (const name of ['headroom', 'demo-camera']) {
  it(`runs ${name} without root, under tini`, () => {
    const stage = stages.find((candidate) => candidate.name === name);
    const last = (instruction: string) => stage?.instructions.filter(([word]) => word === instruction).at(-1)?.[1];
    assert.match(last('USER') ?? '', /^[1-9]\d*:[1-9]\d*$/);
    const entry = JSON.parse(last('ENTRYPOINT') ?? '[]') as string[];
    assert.equal(entry[0], 'tini');
    const script = [...entry, ...(JSON.parse(last('CMD') ?? '[]') as string[])].find((word) => /\.(ts|py)$/.test(word));
    const copied = copiedSources(stage as (typeof stages)[number]);
    assert.ok(script && copied.some((source) => isIn(script, source)), `${script} is not copied`);
  });
}

it('copies all that the dashboard is built from', () => {
  const copied = copiedSources(stages.find(({ name }) => name === 'dashboard') as (typeof stages)[number]);
  const sources = globSync('services/dashboard/src/**/*.{ts,svelte}', { cwd: ROOT });
  for (const source of sources) {
    for (const [, path] of read(source).matchAll(/from '(\.\.?\/[^']+)'/g)) {
      const imported = relative(ROOT, join(ROOT, dirname(source), path as string));
      assert.ok(
        copied.some((folder) => isIn(imported, folder)),
        `${source} needs ${imported}`,
      );
    }
  }
  assert.ok(sources.length > 50);
});

it('installs exactly what the lock file says, and runs no install scripts', () => {
  const installs = stages.flatMap(({ instructions }) => instructions).filter(([, rest]) => rest.includes('npm '));
  assert.equal(installs.length, 2);
  for (const [, rest] of installs) assert.match(rest, /^npm ci .*--ignore-scripts/);
});

it('keeps the runtime of the model to this system, and from reporting', () => {
  const lines = (name: string) =>
    stages.find((stage) => stage.name === name)?.instructions.map(([, rest]) => rest) ?? [];
  const folders = readdirSync(join(ROOT, 'node_modules/onnxruntime-node/bin'));
  assert.deepEqual(folders, ['napi-v6']);
  for (const system of readdirSync(join(ROOT, 'node_modules/onnxruntime-node/bin/napi-v6'))) {
    const removed = lines('packages').some((line) => line.includes(`napi-v6/${system} `));
    assert.ok(system === 'linux' || removed, `the image carries the runtime for ${system}`);
  }
  assert.ok(lines('headroom').some((line) => line.includes('ORT_DISABLE_TELEMETRY=1')));
});

it('keeps the script that ties ffmpeg to its parent executable', () => {
  assert.ok(statSync(join(ROOT, 'infra/scripts/ffmpeg-tethered.sh')).mode & 0o111);
});

describe('the image', () => {
  const image = copiedSources(stages.find(({ name }) => name === 'headroom') as (typeof stages)[number]);
  const has = (path: string) => image.some((source) => isIn(path, source));
  const sources = globSync(['services/**/*.ts', 'shared/**/*.ts', 'models/evaluation/**/*.ts'], { cwd: ROOT }).filter(
    (path) => !path.startsWith('services/dashboard/'),
  );

  it('has every file that its own code imports', () => {
    assert.ok(sources.length > 50);
    for (const path of sources) {
      for (const [, target = ''] of read(path).matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)) {
        const imported = relative(ROOT, join(ROOT, dirname(path), target));
        if (!LEFT_OUT.some((folder) => isIn(imported, folder))) assert.ok(has(imported), `${path} imports ${imported}`);
      }
    }
  });

  it('has what comes with Headroom: every model with what proves it, and the clip of the drill', () => {
    const ignored = [...read('infra/docker/Dockerfile.dockerignore').matchAll(/^([^!#*].*)$/gm)].map(([path]) => path);
    const models = ['models/standard', 'models/small'];
    const parts = ['manifest.json', 'encoder.onnx', 'denoiser.onnx', 'MODEL_CARD.md', 'golden/golden.json'];
    for (const path of [
      ...models.flatMap((model) => parts.map((part) => `${model}/${part}`)),
      'infra/demo/crowd.mp4',
    ]) {
      assert.ok(existsSync(join(ROOT, path)), `there is no ${path}`);
      assert.ok(has(path), `the image lacks ${path}`);
      assert.ok(!ignored.some((out) => isIn(path, out)), `.dockerignore keeps ${path} out`);
    }
  });

  it('has only packages that are installed there', () => {
    const installed = new Set(Object.keys(packageJson.dependencies));
    for (const path of sources) {
      for (const [, name = ''] of read(path).matchAll(
        /(?:from|import)\s*\(?\s*'((?:@[^'/]+\/)?[a-z][^'/:]*)(?:\/[^']*)?'/g,
      )) {
        assert.ok(installed.has(name), `${path} imports ${name}`);
      }
    }
  });
});
