/** docker-compose.yml and what it mounts, held against the rules; each rule is also seen to fail. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { loadConfig } from '../../shared/config/load.ts';
import { type Compose, composeFaults, type Surroundings } from '../helpers/compose-rules.ts';
import { readDockerfile } from '../helpers/dockerfile.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');

const document = parse(read('docker-compose.yml'), { merge: true }) as Compose;
let around: Surroundings;

before(async () => {
  const help = spawnSync(process.execPath, ['services/cli/main.ts', '--help'], { cwd: ROOT, encoding: 'utf8' });
  around = {
    root: ROOT,
    commands: [...help.stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name as string),
    stages: readDockerfile(read('infra/docker/Dockerfile')).stages.map((stage) => stage.name),
    version: JSON.parse(read('package.json')).version,
    config: { mountedAt: '/etc/headroom/headroom.yaml', value: await loadConfig(`${ROOT}/infra/docker/headroom.yaml`) },
  };
});

it('keeps every rule', () => {
  assert.deepEqual(composeFaults(document, around), []);
});

it('has all services', () => {
  const wanted = ['alerts', 'demo-camera', 'gateway', 'ingest', 'postgres', 'redis-frames', 'redis-state', 'worker'];
  assert.deepEqual(Object.keys(document.services).sort(), wanted);
});

it('keeps Redis away from the outside', () => {
  for (const name of ['redis-state', 'redis-frames']) assert.deepEqual(document.services[name]?.networks, ['backend']);
  assert.equal(document.networks.backend?.internal, true);
});

type Services = Record<string, Compose['services'][string]>;
const frames = (s: Services) => s['redis-frames'] as Services[string];
const mistakes: [what: string, make: (services: Services, around: Surroundings) => void, fault: RegExp][] = [
  ['an image without a version', (s) => Object.assign(frames(s), { image: 'redis' }), /exact version/],
  ['a moving tag', (s) => Object.assign(frames(s), { image: 'redis:latest' }), /exact version/],
  ['a short version', (s) => Object.assign(frames(s), { image: 'redis:7' }), /exact version/],
  ['another version of Headroom', (s) => Object.assign(s.worker as object, { image: 'headroom:9.9.9' }), /not version/],
  ['no health check', (s) => Object.assign(s.worker as object, { healthcheck: undefined }), /worker.healthcheck/],
  ['root', (s) => Object.assign(s.worker as object, { user: '0:0' }), /not root/],
  ['no user', (s) => Object.assign(s.worker as object, { user: undefined }), /worker.user/],
  ['a writable root', (s) => Object.assign(s.worker as object, { read_only: false }), /read_only/],
  ['privileges', (s) => Object.assign(s.worker as object, { privileged: true }), /Unrecognized key/],
  ['no limits', (s) => Object.assign(s.worker as object, { deploy: undefined }), /worker.deploy/],
  ['a port for everybody', (s) => Object.assign(s.gateway as object, { ports: ['8080:8080'] }), /127\.0\.0\.1/],
  [
    'a port nobody listens on',
    (s) => Object.assign(s.gateway as object, { ports: ['127.0.0.1:80:80'] }),
    /not published/,
  ],
  ['a password', (s) => Object.assign(s.ingest as object, { environment: { GATE_PASSWORD: 'x' } }), /secret/],
  ['a folder that is not there', (s) => s.worker?.volumes?.push('./infra/dokcer:/x:ro'), /no \.\/infra\/dokcer/],
  ['a volume nobody declared', (s) => s.worker?.volumes?.push('other:/x'), /no other/],
  ['a script that is not there', (s) => s.worker?.healthcheck.test.splice(2, 1, 'infra/docker/heath.mjs'), /no infra/],
  ['a stage that is not there', (s) => Object.assign(s.worker?.build as object, { target: 'wroker' }), /no stage/],
  ['a command that does not exist', (s) => s.worker?.command.splice(0, 1, 'wroker'), /no command/],
  ['another configuration', (s) => s.worker?.command.splice(2, 1, '/etc/other.yaml'), /does not read/],
  ['the wrong health port', (s) => s.worker?.healthcheck.test.splice(-1, 1, '9101'), /port 9102/],
  [
    'a start before Redis',
    (s) => Object.assign(s.worker?.depends_on as object, { redis: { condition: 'service_healthy' } }),
    /no service/,
  ],
  [
    'pictures on a disk',
    (s) => frames(s).command.splice(frames(s).command.indexOf('--appendonly') + 1, 1, 'yes'),
    /on a disk/,
  ],
  [
    'snapshots of pictures',
    (s) => frames(s).command.splice(frames(s).command.indexOf('--save') + 1, 1, '60 1'),
    /snapshots/,
  ],
  ['a Redis for itself', (s) => frames(s).command.splice(1, 2), /only its own container/],
  ['eviction', (s) => frames(s).command.splice(-1, 1, 'allkeys-lru'), /evicts/],
  [
    'more pictures than memory',
    (s) => Object.assign(frames(s).deploy.resources.limits, { memory: '256M' }),
    /before it is full/,
  ],
  ['a database in memory only', (s) => Object.assign(s.postgres as object, { volumes: [] }), /forgets its data/],
  ['a database for everybody', (s) => s.postgres?.networks.push('outside'), /reached from outside/],
  ['a database nobody asked for', (s) => Object.assign(s.postgres as object, { profiles: undefined }), /asked for/],
  [
    'the password of the database',
    (s) => Object.assign(s.alerts as object, { environment: { DATABASE_URL: 'postgres://a:b@c/d' } }),
    /secret/,
  ],
  ['state in memory only', (s) => Object.assign(s['redis-state'] as object, { volumes: [] }), /forgets/],
  [
    'a camera that is not there',
    (_, a) => Object.assign(a.config.value.cameras[0] as object, { url: 'rtsp://nowhere/' }),
    /no service nowhere/,
  ],
  [
    'one Redis for both',
    (_, a) => Object.assign(a.config.value.redis, { framesUrl: a.config.value.redis.url }),
    /share one/,
  ],
  [
    'a gateway on loopback',
    (_, a) => Object.assign(a.config.value.gateway, { host: '127.0.0.1' }),
    /cannot be reached/,
  ],
  ['too many processes', (_, a) => Object.assign(a.config.value.worker, { processes: 8 }), /fewer cores/],
];

describe('sees', () => {
  for (const [what, make, fault] of mistakes) {
    it(what, () => {
      const copy = structuredClone(document);
      const surroundings = structuredClone(around);
      make(copy.services, surroundings);
      assert.match(composeFaults(copy, surroundings).join('\n'), fault);
    });
  }
});
