/** Ingest as a service: what a change of the configuration does to cameras that are being watched. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { CameraSupervisor } from '../../services/ingest/camera-supervisor.ts';
import { GateKeeper } from '../../services/ingest/gate/gate-keeper.ts';
import { ViewReference } from '../../services/ingest/gate/view-reference.ts';
import { drawnOn, keepView } from '../../services/ingest/gate/view-store.ts';
import { createIngestMetrics } from '../../services/ingest/ingest-metrics.ts';
import { lookAtCamera } from '../../services/ingest/look-at-camera.ts';
import { startIngest } from '../../services/ingest/service.ts';
import { Slots } from '../../services/ingest/slots.ts';
import { cameraSource, parseConfig } from '../../shared/config/load.ts';
import type { Camera } from '../../shared/config/schema.ts';
import { CameraState } from '../../shared/contracts/camera.ts';
import { frameKeys, stateKeys } from '../../shared/contracts/keys.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { readMetrics } from '../../shared/runtime/presence.ts';
import { SecretUrl } from '../../shared/runtime/secrets.ts';
import { createFakeCamera } from '../helpers/fake-camera.ts';
import { startQueueingRelay } from '../helpers/queueing-relay.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const run = promisify(execFile);
const logger = createLogger('test', 'silent');
/** What a loaded test machine may add to the age of a picture, ms. */
const MACHINE_SLACK_MS = 800;
/** What every unit of an H.264 or H.265 stream begins with. */
const START = Buffer.from([0, 0, 1]);
let redis: TestRedis;
let dir: string;
let clip: string;

before(async () => {
  redis = await startRedis();
  dir = await mkdtemp(join(tmpdir(), 'hr-ingest-'));
  clip = join(dir, 'clip.mp4');
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=5:duration=20'];
  await run('ffmpeg', ['-v', 'error', ...source, '-pix_fmt', 'yuv420p', clip]);
});
after(async () => {
  await redis.stop();
  await rm(dir, { recursive: true, force: true });
});

/** Ingest on one camera, which shows the clip. */
async function watching(name: string, settings: object, env: { ffmpeg?: string } = {}) {
  const file = join(dir, `${name}.yaml`);
  // JSON is YAML.
  const text = (more: object) =>
    JSON.stringify({ ingest: { trialSchemes: ['file'] }, cameras: [{ id: name, url: `file:${clip}`, ...more }] });
  await writeFile(file, text(settings));
  const config = parseConfig(text(settings));
  const state = redis.client();
  const own = process.env.HEADROOM_FFMPEG;
  if (env.ffmpeg) process.env.HEADROOM_FFMPEG = env.ffmpeg;
  const redisUrls = { state: redis.url, frames: redis.framesUrl };
  const ingest = await startIngest({ config, configFile: file, redisUrls, logger });
  return {
    camera: config.cameras[0] as Camera,
    state,
    configure: (more: object) => writeFile(file, text(more)),
    told: async (): Promise<CameraState | undefined> => {
      const body = await state.hget(stateKeys.cameraStates, name);
      return body === null ? undefined : CameraState.parse(JSON.parse(body));
    },
    async close() {
      await ingest.close();
      if (own === undefined) delete process.env.HEADROOM_FFMPEG;
      else process.env.HEADROOM_FFMPEG = own;
    },
  };
}

test('a camera whose secret is missing is dark in the metrics, and not unknown', async () => {
  const { told, configure, close } = await watching('dark', {});
  try {
    await until('it is watched', async () => (await told())?.phase === 'live', 15_000);
    await configure({ url: 'rtsp://u:${HR_TEST_NO_SUCH}@127.0.0.1:9/s' });
    await until('it cannot be opened', async () => (await told())?.reason === 'auth-failed', 15_000);
    const live = async (): Promise<number | undefined> => {
      const all = (await readMetrics(redis.client(), 'nobody')).flat() as {
        name: string;
        values: { value: number }[];
      }[];
      return all.find(({ name }) => name === 'headroom_camera_live')?.values[0]?.value;
    };
    await until('the metrics say so', async () => (await live()) === 0, 15_000);
  } finally {
    await close();
  }
});

test('a start with one camera whose secret is missing counts the others', async () => {
  const cameras = [
    { id: 'unset', url: 'rtsp://u:${HR_TEST_NO_SUCH}@127.0.0.1:9/s' },
    { id: 'set', url: `file:${clip}` },
  ];
  const config = parseConfig(JSON.stringify({ ingest: { trialSchemes: ['file'] }, cameras }));
  const ingest = await startIngest({ config, redisUrls: { state: redis.url, frames: redis.framesUrl }, logger });
  const [state, frames] = [redis.client(), redis.client()];
  await frames.select(1);
  try {
    await until('the other to be counted', async () => (await frames.hget(frameKeys.frame('set'), 'gated')) === '0');
    const told = await until('it is told', () => state.hget(stateKeys.cameraStates, 'unset'));
    const { reason, detail } = CameraState.parse(JSON.parse(told));
    assert.equal(reason, 'auth-failed');
    assert.match(detail ?? '', /HR_TEST_NO_SUCH is not set/);
  } finally {
    await ingest.close();
  }
});

test('a camera that fails again and again connects after the others, until its server is back', async () => {
  const asked: boolean[] = [];
  class Watched extends Slots {
    override acquire(signal: AbortSignal, failing?: boolean) {
      asked.push(failing === true);
      return super.acquire(signal, failing);
    }
  }
  const gone = await createFakeCamera({ clip: 'infra/demo/crowd.mp4' });
  await gone.close();
  const [camera] = parseConfig(JSON.stringify({ cameras: [{ id: 'away', url: gone.url }] })).cameras as [Camera];
  const supervisor = new CameraSupervisor({
    ...{ camera, source: cameraSource(camera), node: 'here', slots: new Watched(2), logger },
    metrics: createIngestMetrics(createRegistry('ingest', 'here')),
    gate: new GateKeeper(camera, redis.client()),
    onPicture: () => undefined,
    onState: () => undefined,
  });
  supervisor.start();
  try {
    // Its next pause is four seconds long: it is looked for in there.
    await until('four tries', () => supervisor.state.attempt === 4 && supervisor.state.phase === 'no-signal');
    assert.deepEqual(asked.splice(0), [false, false, true, true]);
    const back = await createFakeCamera({ clip: 'infra/demo/crowd.mp4', port: gone.port });
    try {
      await until('it is live', () => supervisor.state.phase === 'live');
      assert.deepEqual(asked, [false]);
    } finally {
      await back.close();
    }
  } finally {
    await supervisor.close();
  }
});

test('zones drawn anew and other settings of the gate are taken up while the camera is watched', async () => {
  const zone = (corner: number) => ({
    zones: [
      {
        id: 'z',
        polygon: [
          [0, 0],
          [1, 0],
          [corner, 1],
        ],
      },
    ],
  });
  const state = redis.client();
  // Its zone was drawn on a square picture.
  const [drawn] = parseConfig(JSON.stringify({ cameras: [{ id: 'gated', url: 'rtsp://h/s', ...zone(1) }] })).cameras;
  const view = ViewReference.of(160, 160, []);
  await keepView(state, 'gated', { view, usual: 0.8 }, drawnOn(drawn as Camera));
  const { told, configure, close } = await watching('gated', zone(1));
  const is = (trouble: CameraState['trouble']) =>
    until(
      `trouble ${trouble}`,
      async () => {
        const now = await told();
        return now?.phase === 'live' && now.trouble === trouble;
      },
      15_000,
    );
  const frames = redis.client();
  await frames.select(1);
  try {
    await is('resolution-changed');
    const { since } = (await told()) as CameraState;
    await configure({ ...zone(1), pictureGate: { resolution: false } });
    await is(undefined);
    await configure(zone(1));
    await is('resolution-changed');
    await configure(zone(0.5));
    await is(undefined);
    await until('a picture to be counted', async () => (await frames.hget(frameKeys.frame('gated'), 'gated')) === '0');
    assert.equal((await told())?.since, since, 'without a new session');
  } finally {
    await close();
  }
});

test('H.265 that lost a picture is shown and not counted until its next key frame', async () => {
  // Key frames four seconds apart, and one picture missing soon after the first: what follows is grey with one error told.
  const [whole, holed, video] = ['whole.hevc', 'holed.hevc', 'holed.mp4'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=10:duration=12', '-pix_fmt', 'yuv420p'];
  const every = 'log-level=error:keyint=40:min-keyint=40:scenecut=0:bframes=0';
  await run('ffmpeg', ['-v', 'error', ...source, '-c:v', 'libx265', '-x265-params', every, whole]);
  await writeFile(holed, withoutPicture(await readFile(whole), 10));
  await run('ffmpeg', ['-v', 'error', '-framerate', '10', '-i', holed, '-c', 'copy', video]);

  const { told, close } = await watching('holed', { url: `file:${video}` });
  const frames = redis.client();
  await frames.select(1);
  const gated = () => frames.hget(frameKeys.frame('holed'), 'gated');
  try {
    await until('the damage is told', async () => (await told())?.trouble === 'decode-errors');
    const { since } = (await told()) as CameraState;
    await until('its pictures are not counted', async () => (await gated()) === '1');
    await until('the key frame ends it', async () => {
      const now = await told();
      return now?.phase === 'live' && now.trouble === undefined && (await gated()) === '0';
    });
    assert.equal((await told())?.since, since, 'without a new session');
  } finally {
    await close();
  }
});

test('a look at H.265 that begins between two key frames shows a whole picture', async () => {
  const [whole, late, video] = ['short.hevc', 'late.hevc', 'late.mp4'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=10:duration=6', '-pix_fmt', 'yuv420p'];
  const every = 'log-level=error:keyint=10:min-keyint=10:scenecut=0:bframes=0';
  await run('ffmpeg', ['-v', 'error', ...source, '-c:v', 'libx265', '-x265-params', every, whole]);
  await writeFile(late, withoutPicture(await readFile(whole), 0));
  await run('ffmpeg', ['-v', 'error', '-framerate', '10', '-i', late, '-c', 'copy', '-copyinkf', video]);
  const { result, picture } = await lookAtCamera(new SecretUrl(`file:${video}`));
  assert.ok(result.ok && picture);
  const { channels } = await sharp(picture).stats();
  // Grey stands for what is missing; the test picture is full of colours.
  for (const { stdev } of channels) assert.ok(stdev > 50, `${stdev}`);
});

test('a camera of which only key frames are decoded, and seldom come, says what to set', async () => {
  const video = join(dir, 'seldom.mp4');
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=10:duration=20', '-pix_fmt', 'yuv420p'];
  await run('ffmpeg', ['-v', 'error', ...source, '-c:v', 'libx264', '-g', '60', '-sc_threshold', '0', video]);
  const { told, close } = await watching('seldom', { url: `file:${video}`, keyframesOnly: true });
  try {
    const lost = await until('it is lost between two', async () => {
      const now = await told();
      return now?.phase === 'no-signal' ? now : undefined;
    });
    assert.equal(lost.reason, 'stalled');
    assert.match(lost.detail ?? '', /key frame.*staleAfterMs/);
  } finally {
    await close();
  }
});

test('a camera whose old session is slow to end is known of after the change', async () => {
  // ffmpeg that hangs as long as there is a file, and then takes a SIGKILL to go.
  const [hangs, hung, ffmpeg] = ['hangs', 'hung', 'ffmpeg'].map((name) => join(dir, name)) as [string, string, string];
  const hang = `trap '' TERM; touch "${hung}"; exec sleep 60`;
  await writeFile(ffmpeg, `#!/bin/sh\nif [ -e "${hangs}" ]; then ${hang}; fi\nexec ffmpeg "$@"\n`);
  await chmod(ffmpeg, 0o755);
  const { state, told, configure, close } = await watching('slow', {}, { ffmpeg });
  try {
    const isLive = async () => (await told())?.phase === 'live';
    await until('it is live', isLive);
    await writeFile(hangs, '');
    await configure({ sampleFps: 3 });
    await until('it hangs', () => existsSync(hung));
    await rm(hangs);
    await configure({ sampleFps: 4 });
    await until('it is live again', isLive);
    // As after a loss of Redis: what ingest knows is told again every two seconds.
    await state.del(stateKeys.cameraStates);
    await until('it is told again', told, 15_000);
  } finally {
    await rm(hangs, { force: true });
    await close();
  }
});

test('video that waits to be decoded is not counted as live, and is dropped for the present', async () => {
  // ffmpeg that takes its input at a third of the rate it comes at, as long as there is a file.
  const [busy, ffmpeg] = ['busy', 'busy-ffmpeg'].map((name) => join(dir, name)) as [string, string];
  await writeFile(ffmpeg, `#!/bin/sh\nif [ -e "${busy}" ]; then set -- -readrate 0.33 "$@"; fi\nexec ffmpeg "$@"\n`);
  await chmod(ffmpeg, 0o755);
  await writeFile(busy, '');
  const camera = await createFakeCamera({ clip: 'infra/demo/crowd.mp4' });
  const { told, close } = await watching('late', { url: camera.url, sampleFps: 5 }, { ffmpeg });
  const frames = redis.client();
  await frames.select(1);
  const counted = async () => (await frames.hget(frameKeys.frame('late'), 'gated')) === '0';
  try {
    await until('pictures to be counted while they are in time', counted);
    await until('the delay to be told', async () => (await told())?.trouble === 'decoding-behind');
    await until('pictures no longer to be counted', async () => !(await counted()));
    await rm(busy);
    await until('the old video to be dropped, and the present to be counted', async () => {
      const now = await told();
      return now?.phase === 'live' && now.trouble === undefined && (await counted());
    });
    assert.ok(camera.connectCount() >= 2, 'in a new session');
  } finally {
    await close();
    await camera.close();
  }
});

test('a relay that sends on ever later makes pictures older, and is asked anew when they are too old to count', async () => {
  const camera = await createFakeCamera({ clip: 'infra/demo/crowd.mp4' });
  const relay = await startQueueingRelay(camera.port);
  const url = camera.url.replace(`:${camera.port}/`, `:${relay.port}/`);
  const { told, close } = await watching('relayed', { url, sampleFps: 5 });
  const frames = redis.client();
  await frames.select(1);
  const capturedAt = async () => Number(await frames.hget(frameKeys.frame('relayed'), 'capturedAt'));
  /** Of a picture, when it comes, ms: the least of three, as one may find the machine busy. */
  const ageMs = async () => {
    const ages: number[] = [];
    for (let last = await capturedAt(); ages.length < 3; ) {
      const before = last;
      last = await until('another picture', async () => {
        const at = await capturedAt();
        return at > before ? at : undefined;
      });
      ages.push(Date.now() - last);
    }
    return Math.min(...ages);
  };
  try {
    await until('it is live', async () => (await told())?.phase === 'live');
    // What a camera in time looks like is learned over forty seconds.
    await setTimeout(42_000);
    const inTime = await ageMs();
    assert.ok(inTime < 1000 + MACHINE_SLACK_MS, `${inTime} ms`);
    relay.fill(2000);
    await until('pictures are as old as the queue is long', async () => (await ageMs()) > 1800, 20_000);
    await setTimeout(5000);
    const [age, state] = [await ageMs(), await told()];
    assert.ok(age > 1800 && age < 2700 + MACHINE_SLACK_MS, `${age} ms, and they stay so`);
    assert.deepEqual([state?.phase, state?.trouble], ['live', undefined]);
    relay.fill(6000);
    await until('it is given up as too late', async () => (await told())?.reason === 'late-picture', 25_000);
    assert.match((await told())?.detail ?? '', /\d\.\d s later/);
    relay.fill(0);
    await until('a new session in the present', async () => (await told())?.phase === 'live', 20_000);
    const anew = await ageMs();
    assert.ok(anew < 1000 + MACHINE_SLACK_MS, `${anew} ms`);
  } finally {
    await close();
    await relay.close();
    await camera.close();
  }
});

test('H.265 without any key frame is shown and not counted, and says what to set', async () => {
  const [whole, late, video] = ['refreshed.hevc', 'refreshed-late.hevc', 'refreshed.mp4'].map((name) =>
    join(dir, name),
  ) as [string, string, string];
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=10:duration=14', '-pix_fmt', 'yuv420p'];
  const refreshed = 'log-level=error:intra-refresh=1:keyint=30:bframes=0';
  await run('ffmpeg', ['-v', 'error', ...source, '-c:v', 'libx265', '-x265-params', refreshed, whole]);
  // Its one key frame was sent before we came.
  await writeFile(late, withoutPicture(await readFile(whole), 0));
  await run('ffmpeg', ['-v', 'error', '-framerate', '10', '-i', late, '-c', 'copy', '-copyinkf', video]);
  const { told, close } = await watching('refreshed', { url: `file:${video}` });
  const frames = redis.client();
  await frames.select(1);
  try {
    const blind = await until('the cause to be told', async () => {
      const now = await told();
      return now?.trouble === 'decode-errors' && now.detail ? now : undefined;
    });
    assert.match(blind.detail ?? '', /no key frames.*I-frame interval/);
    assert.equal(await frames.hget(frameKeys.frame('refreshed'), 'gated'), '1');
  } finally {
    await close();
  }
});

/** An H.265 stream (Annex B) that lacks one of its pictures. */
function withoutPicture(stream: Buffer, index: number): Buffer {
  const parts: Buffer[] = [];
  let pictures = 0;
  for (let at = stream.indexOf(START), next: number; at >= 0; at = next) {
    next = stream.indexOf(START, at + START.length);
    const unit = stream.subarray(at, next < 0 ? stream.length : next);
    // Below 32 are the types of coded pictures.
    const isPicture = (((unit[START.length] as number) >> 1) & 63) < 32;
    if (!isPicture || pictures++ !== index) parts.push(unit);
  }
  return Buffer.concat(parts);
}
