/** The configuration over REST: a real gateway, a real file, and an ingest that looks at cameras. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type RtspServer, startRtspServer } from '../../infra/demo/small-rtsp-server.ts';
import { ConfigChangedError, ConfigFile, versionOf } from '../../services/gateway/config-file.ts';
import { isMountedItself } from '../../services/gateway/mounted-file.ts';
import { type Gateway, startGateway } from '../../services/gateway/service.ts';
import { startIngest } from '../../services/ingest/service.ts';
import { loadConfig, parseConfig } from '../../shared/config/load.ts';
import { ConfigView } from '../../shared/contracts/config-api.ts';
import { ProbeAnswer, probeKeys } from '../../shared/contracts/probe.ts';
import type { Service } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const CLIP = fileURLToPath(new URL('../../infra/demo/crowd.mp4', import.meta.url));
const START = `# The plaza's own file.
gateway: { port: 0 }
cameras:
  - id: gate # by the north road
    url: rtsp://viewer:CANARY_SECRET@192.0.2.1/a
    zones:
      - { id: ramp, polygon: [[0, 0], [1, 0], [1, 1]] } # never smaller
`;

let dir: string;
let file: string;
let redis: TestRedis;
let gateway: Gateway;
let ingest: Service;
let camera: RtspServer;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-config-'));
  file = join(dir, 'real.yaml');
  await writeFile(file, START, { mode: 0o640 });
  const configFile = join(dir, 'headroom.yaml');
  await symlink(file, configFile);
  redis = await startRedis();
  const redisUrls = { state: redis.url, frames: redis.framesUrl };
  const logger = createLogger('test', 'silent');
  gateway = await startGateway({ config: await loadConfig(configFile), configFile, redisUrls, logger });
  ingest = await startIngest({ config: parseConfig(''), redisUrls, logger });
  camera = await startRtspServer({ streams: [{ path: '/crowd', file: CLIP }] });
});
after(async () => {
  await camera?.close();
  await ingest?.close();
  await gateway?.close();
  await redis?.stop();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(() => writeFile(file, START));

type Reply = { status: number; body: Record<string, unknown>; text: string };
async function ask(path: string, init: RequestInit & { version?: string; json?: unknown } = {}): Promise<Reply> {
  const { version, json, ...rest } = init;
  const headers = new Headers(rest.headers);
  if (version !== undefined) headers.set('if-match', `"${version}"`);
  if (json !== undefined) headers.set('content-type', 'application/json');
  const body = json === undefined ? null : JSON.stringify(json);
  const response = await fetch(`${gateway.url}/api/${path}`, { ...rest, headers, body });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) as Record<string, unknown> };
}
const view = async () => ConfigView.parse((await ask('config')).body);
const put = (camera: { id: string; [setting: string]: unknown }, version: string, actor = 'Post 3') =>
  ask(`config/cameras/${camera.id}`, { method: 'PUT', version, json: { actor, camera } });

test('shows the configuration without its secrets, and names its version', async () => {
  const { text } = await ask('config');
  assert.doesNotMatch(text, /CANARY/);
  const { cameras, version, schemes, readOnlyBecause } = await view();
  assert.equal(cameras[0]?.url, 'rtsp://viewer:***@192.0.2.1/a');
  assert.deepEqual([schemes, readOnlyBecause], [['rtsp', 'rtsps'], undefined]);
  assert.equal((await view()).version, version);
});

test('a masked secret sent back keeps the stored one; comments, rights and link stay', async () => {
  const { cameras, version } = await view();
  const { mode } = await stat(file);
  const [gate] = cameras;
  assert.ok(gate);
  const saved = await put({ ...gate, name: 'North gate' }, version);
  assert.equal(saved.status, 200, saved.text);
  assert.doesNotMatch(saved.text, /CANARY/);
  assert.equal(await readFile(file, 'utf8'), `${START}    name: North gate\n`);
  assert.equal((await stat(file)).mode, mode);
  assert.deepEqual(
    // The copy for a start over a faulty file comes when the change is taken up.
    (await readdir(dir)).filter((name) => name !== 'headroom.yaml.good').sort(),
    ['headroom.yaml', 'real.history.jsonl', 'real.yaml', 'real.yaml.before'],
    'nothing is left over',
  );
  const before = join(dir, 'real.yaml.before');
  assert.deepEqual([await readFile(before, 'utf8'), (await stat(before)).mode], [START, mode], 'to go back to');
  assert.notEqual(saved.body.version, version);
  await until('the gateway takes it up', async () => (await ask('cameras')).text.includes('North gate'));
});

test('refuses a change made from an older version, and says which is in force', async () => {
  const { version } = await view();
  await writeFile(file, `${START}# edited by hand\n`);
  const late = await put({ id: 'gate', url: 'rtsp://192.0.2.1/b' }, version);
  assert.equal(late.status, 412);
  assert.equal(late.body.version, (await view()).version);
  assert.equal(await readFile(file, 'utf8'), `${START}# edited by hand\n`);
  assert.equal((await ask('config/cameras/gate', { method: 'DELETE' })).status, 400, 'who?');
  assert.equal((await ask('config/cameras/gate?actor=x', { method: 'DELETE' })).status, 428);
});

test('an editor that saves while a change is made ready is not overwritten', async () => {
  const byHand = `${START}# by hand\n`;
  const config = new ConfigFile(file, () => undefined, createLogger('test', 'silent'));
  const saved = config.change({
    ...{ version: versionOf(START), actor: 'Post 3', what: 'name' },
    // After the file was read, and before it is replaced.
    edit(document) {
      writeFileSync(file, byHand);
      document.setIn(['cameras', 0, 'name'], 'North gate');
    },
  });
  await assert.rejects(saved, ConfigChangedError);
  assert.equal(await readFile(file, 'utf8'), byHand);
});

test('of many changes at once from one version, one is made and none is lost unseen', async () => {
  const { version } = await view();
  const ids = Array.from({ length: 8 }, (_, index) => `cam-${index}`);
  const replies = await Promise.all(ids.map((id) => put({ id, url: `rtsp://192.0.2.1/${id}` }, version)));
  assert.deepEqual(replies.map(({ status }) => status).sort(), [201, ...Array(7).fill(412)]);
  assert.equal((await view()).cameras.length, 2);
});

test('names the field of a fault, and changes nothing', async () => {
  const { version } = await view();
  const table: [object, string, RegExp][] = [
    [{ sampleFps: 99 }, 'sampleFps', /at most 30/],
    [
      {
        zones: [
          {
            id: 'a',
            polygon: [
              [0, 0],
              [1, 1],
            ],
          },
        ],
      },
      'zones[0].polygon',
      /three corners/,
    ],
    [
      {
        zones: [
          {
            id: 'a',
            polygon: [
              [0, 0],
              [1, 0],
              [1, 2],
            ],
          },
        ],
      },
      'zones[0].polygon[2][1]',
      /at most 1/,
    ],
    [{ url: 'file:///etc/passwd' }, 'url', /scheme must be one of/],
    [{ url: 'rtsp://viewer:***@evil.example/a' }, 'url', /another host/],
    [{ url: 'rtsp://viewer:${REDIS_PASSWORD}@evil.example/a' }, 'url', /variable/],
    [{ colour: 'blue' }, 'colour', /not a known setting/],
  ];
  for (const [change, field, rule] of table) {
    const refused = await put({ id: 'gate', url: 'rtsp://192.0.2.1/a', ...change }, version);
    assert.equal(refused.status, 422, refused.text);
    const issues = refused.body.issues as { field: string; rule: string }[];
    assert.equal(issues[0]?.field, field);
    assert.match(issues[0]?.rule ?? '', rule);
    assert.doesNotMatch(refused.text, /CANARY/);
  }
  assert.equal(await readFile(file, 'utf8'), START);
});

test('changes single settings, thresholds of all zones, and removes a camera; the history tells who', async () => {
  const first = await view();
  const change = {
    zones: [
      {
        id: 'ramp',
        polygon: [
          [0, 0],
          [1, 0],
          [1, 1],
        ],
        capacity: 40,
      },
    ],
    name: null,
  };
  const patched = await ask('config/cameras/gate', {
    method: 'PATCH',
    version: first.version,
    json: { actor: 'Kim', change },
  });
  assert.equal(patched.status, 200, patched.text);
  assert.equal(parseConfig(await readFile(file, 'utf8')).cameras[0]?.zones[0]?.capacity, 40);
  const alerts = await ask('config/alerts', {
    method: 'PATCH',
    version: String(patched.body.version),
    json: { actor: 'Kim', change: { smoothMs: 3000, profiles: { standing: { alert: 3.5 } } } },
  });
  assert.equal(alerts.status, 200, alerts.text);
  assert.deepEqual((await view()).alerts.smoothMs, 3000);
  const bad = await ask('config/alerts', {
    method: 'PATCH',
    version: String(alerts.body.version),
    json: { actor: 'Kim', change: { smoothMs: -1 } },
  });
  assert.deepEqual([bad.status, (bad.body.issues as { field: string }[])[0]?.field], [422, 'alerts.smoothMs']);
  const query = new URLSearchParams({ actor: 'Kim' });
  const gone = { method: 'DELETE', version: String(alerts.body.version) };
  assert.equal((await ask(`config/cameras/nobody?${query}`, gone)).status, 404);
  assert.equal((await ask(`config/cameras/gate?${query}`, gone)).status, 200);
  assert.deepEqual((await view()).cameras, []);
  assert.match(await readFile(file, 'utf8'), /^# The plaza's own file\./);
  const history = (await ask('config/history')).body as unknown as { actor: string; what: string }[];
  assert.deepEqual(
    history.slice(0, 3).map(({ actor, what }) => `${actor}: ${what}`),
    ['Kim: camera gate removed', 'Kim: alerts changed: smoothMs, profiles', 'Kim: camera gate changed'],
  );
});

test('a setting that a camera cannot do without is told by its field, not as trouble of the server', async () => {
  const { version } = await view();
  for (const change of [{ url: null }, { url: 5 }]) {
    const refused = await ask('config/cameras/gate', { method: 'PATCH', version, json: { actor: 'Kim', change } });
    assert.equal(refused.status, 422, refused.text);
    assert.deepEqual(refused.body.issues as { field: string; rule: string }[], [
      { field: 'url', rule: 'must be text' },
    ]);
  }
  assert.equal(await readFile(file, 'utf8'), START);
});

test('a file with faults is shown with them and not written', async () => {
  await writeFile(file, START.replace('zones:', 'zoens:'));
  const { faults, version } = await view();
  assert.deepEqual(faults, [{ field: 'cameras[0].zoens', rule: 'is not a known setting' }]);
  assert.equal((await put({ id: 'new', url: 'rtsp://192.0.2.1/n' }, version)).status, 422);
  assert.equal((await ask('system')).body.faultyConfig, 'headroom.yaml');
  await writeFile(file, START);
  assert.equal((await ask('system')).body.faultyConfig, undefined);
});

test('an empty file, as a full disk leaves it, is no site without cameras to go on from', async () => {
  await writeFile(file, '');
  const { faults, version } = await view();
  assert.match(faults?.[0]?.rule ?? '', /the file is empty/);
  assert.equal((await put({ id: 'new', url: 'rtsp://192.0.2.1/n' }, version)).status, 422);
  assert.equal(await readFile(file, 'utf8'), '');
});

test('a file that is gone, or of another encoding, is told in plain words and not written', async () => {
  const latin = Buffer.from(START.replace('north', 'nörd'), 'latin1');
  await writeFile(file, latin);
  const { readOnlyBecause, readOnlyReason, version } = await view();
  assert.match(readOnlyBecause ?? '', /is not UTF-8 text/);
  assert.equal(readOnlyReason, 'not-utf8');
  assert.equal((await put({ id: 'new', url: 'rtsp://192.0.2.1/n' }, version)).status, 403);
  assert.deepEqual(await readFile(file), latin);
  await rm(file);
  const gone = await ask('config');
  const { detail, readOnlyReason: reason } = gone.body;
  assert.deepEqual([gone.status, detail, reason], [403, 'headroom.yaml cannot be read (ENOENT).', 'unreadable']);
});

test('a file that is mounted by itself is known by the mounts', () => {
  const mounts =
    '36 35 98:0 / / rw - ext4 /dev/sda1 rw\n50 36 98:0 /a/x.yaml /etc/my\\040site/headroom.yaml rw - ext4 /dev/sda1 rw\n';
  assert.ok(isMountedItself('/etc/my site/headroom.yaml', mounts));
  assert.ok(!isMountedItself('/etc/my site', mounts));
  assert.ok(!isMountedItself('/etc/headroom.yaml', ''));
});

test('a foreign page and a configuration that forbids it change nothing', async () => {
  const { version } = await view();
  const foreign = await ask('config/cameras/new', {
    method: 'PUT',
    version,
    headers: { origin: 'https://evil.example' },
    json: { actor: 'x', camera: { id: 'new', url: 'rtsp://192.0.2.1/n' } },
  });
  assert.equal(foreign.status, 403);
  await writeFile(file, START.replace('port: 0', 'port: 0, configChanges: never'));
  await until('changes are refused', async () => (await view()).readOnlyBecause !== undefined);
  const refused = await put({ id: 'new', url: 'rtsp://192.0.2.1/n' }, (await view()).version);
  assert.equal(refused.status, 403);
  assert.match(String(refused.body.detail), /configChanges is never/);
  assert.equal(refused.body.readOnlyReason, 'never');
  assert.equal((await ask('probe', { method: 'POST', json: { url: 'rtsp://192.0.2.1/n' } })).status, 403);
  await writeFile(file, START);
  await until('changes are taken again', async () => (await view()).readOnlyBecause === undefined);
});

test('looks at cameras through ingest: facts and first picture, or the reason in plain words', async () => {
  const probe = async (url: string) => {
    const { body } = await ask('probe', { method: 'POST', json: { url } });
    return ProbeAnswer.parse(body);
  };
  const [seen, nobody, bad] = await Promise.all([
    probe(camera.urls[0] as string),
    probe('rtsp://viewer:CANARY_PROBE@127.0.0.1:9/nothing'),
    probe('http://127.0.0.1/a.mjpeg'),
  ]);
  assert.ok(seen.result.ok && seen.result.codec === 'h264' && seen.result.widthPx === 768);
  // Ten a second, though three seconds of them come at once when ffmpeg has looked at the stream.
  assert.ok(Math.abs(seen.result.measuredFps - 10) < 0.5, `${seen.result.measuredFps} pictures a second`);
  assert.deepEqual([...Buffer.from(seen.pictureBase64 ?? '', 'base64').subarray(0, 2)], [0xff, 0xd8]);
  assert.equal(!nobody.result.ok && nobody.result.code, 'refused');
  assert.doesNotMatch(JSON.stringify(nobody), /CANARY/);
  assert.equal(!bad.result.ok && bad.result.code, 'bad-address');
  const frames = redis.client();
  await frames.select(1);
  assert.deepEqual([await frames.exists(probeKeys.requests), await frames.keys('*probe-reply*')], [0, []]);
  const late = await ask('probe', {
    method: 'POST',
    json: { url: 'rtsp://viewer:***@evil.example/a', cameraId: 'gate' },
  });
  assert.equal(late.status, 422, 'a stored password goes to no other host');
});
