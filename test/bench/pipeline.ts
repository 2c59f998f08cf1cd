/**
 * `bench pipeline`: the whole path (RTSP, ffmpeg, queue, model, socket) against the same model run bare in a loop on
 * the same cores in the same run. Prints and never judges.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Queue } from 'bullmq';
import { pinnedNode } from '../../infra/scripts/setup.mjs';
import { modelFolder } from '../../services/worker/model/manifest.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import { queueConnection } from '../../shared/runtime/redis.ts';
import { startGstRtspServer } from '../helpers/gst-rtsp-server.ts';
import { connectLive } from '../helpers/live-client.ts';
import { startRedis } from '../helpers/redis.ts';
import { descendants, startSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';
import { quantile } from './statistics.ts';

const run = promisify(execFile);
const BARE_SECONDS = 6;
const WARM_UP_MS = 4000;
const SAMPLE_MS = 500;

export type PipelineBench = { cameras: number; fps: number; seconds: number; width: number; json?: boolean };

export async function benchPipeline({ cameras, fps, seconds, width, json }: PipelineBench): Promise<void> {
  // Also when it fails: what goes on running would spoil the next figures.
  await using folder = new AsyncDisposableStack();
  await using started = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'hr-bench-'));
  folder.defer(() => rm(dir, { recursive: true, force: true }));
  const clip = join(dir, 'crowd.mp4');
  const picture = join(dir, 'picture.jpg');
  const scale = `scale=${width}:-2`;
  const encode = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '24', '-bf', '0', '-g', '10', '-an'];
  await run('ffmpeg', ['-v', 'error', '-y', '-i', 'infra/demo/crowd.mp4', '-t', '20', '-vf', scale, ...encode, clip]);
  await run('ffmpeg', ['-v', 'error', '-y', '-i', clip, '-frames:v', '1', '-q:v', '2', picture]);

  const before = await bareFps(picture);
  const server = await startGstRtspServer({
    streams: Array.from({ length: cameras }, (_, i) => ({ path: `/c${i}`, file: clip })),
  });
  started.defer(() => server.stop());
  const redis = await startRedis();
  started.defer(() => redis.stop());
  const ids = Array.from({ length: cameras }, (_, i) => `c${i}`);
  const system = await startSystem({
    cameras: ids.map((id, i) => ({ id, url: server.urls[i] as string, sampleFps: fps })),
    env: { REDIS_URL: redis.url, FRAMES_REDIS_URL: redis.framesUrl, HEADROOM_LOG_LEVEL: 'warn' },
  });
  started.defer(async () => void (await system.stop()));
  const queue = new Queue(stateKeys.frameQueue, { connection: queueConnection(redis.url, 'producer') });
  started.defer(() => queue.close());
  const live = await connectLive(system.wsUrl);
  started.defer(() => live.close());
  const result = await measure();
  await started.disposeAsync();
  const after = await bareFps(picture);

  const bare = (before + after) / 2;
  const offered = cameras * fps;
  const report = {
    cameras,
    fps,
    seconds,
    width,
    cores: availableParallelism(),
    offeredFps: offered,
    pipelineFps: round(result.pipelineFps),
    bareFps: round(bare),
    bareFpsRuns: [round(before), round(after)],
    /** Pipeline over bare loop. */
    ratio: round(result.pipelineFps / bare),
    /** Pipeline over what could be had: the bare loop's speed, or what the cameras offer if that is less. */
    ratioOfPossible: round(result.pipelineFps / Math.min(bare, offered)),
    captureToPushMs: { p50: Math.round(result.p50), p99: Math.round(result.p99) },
    camerasFreshAtEnd: result.fresh,
    statusChangesToSilent: result.silent,
    longestQueue: result.longestQueue,
    memoryMiB: { start: result.memoryStart, end: result.memoryEnd },
    drops: result.drops,
  };
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${JSON.stringify(report, undefined, 2)}\n`);

  async function measure() {
    const counting = () => ids.filter((id) => live.readings(id).some(({ message }) => message.status === 'ok')).length;
    await until('every camera is counted once', () => counting() === cameras, 60_000);
    await new Promise((done) => setTimeout(done, WARM_UP_MS));
    const drops = await dropsSoFar();
    const memoryStart = await memoryMiB();
    const startedAt = Date.now();
    let longestQueue = 0;
    while (Date.now() - startedAt < seconds * 1000) {
      longestQueue = Math.max(longestQueue, await queue.getWaitingCount());
      await new Promise((done) => setTimeout(done, SAMPLE_MS));
    }
    const endedAt = Date.now();
    const heard = ids.flatMap((id) => live.readings(id)).filter(({ at }) => at >= startedAt && at <= endedAt);
    const ages = heard.flatMap(({ at, message }) => (message.status === 'ok' ? [at - message.capturedAt] : []));
    const ending = (await (await fetch(`${system.url}/api/readings`)).json()) as { status: string }[];
    const dropsEnd = await dropsSoFar();
    return {
      pipelineFps: (ages.length * 1000) / (endedAt - startedAt),
      p50: quantile(ages, 0.5),
      p99: quantile(ages, 0.99),
      silent: heard.length - ages.length,
      fresh: ending.filter(({ status }) => status === 'ok').length,
      longestQueue,
      memoryStart,
      memoryEnd: await memoryMiB(),
      drops: Object.fromEntries(
        Object.entries(dropsEnd).map(([reason, total]) => [reason, total - (drops[reason] ?? 0)]),
      ),
    };
  }

  async function dropsSoFar(): Promise<Record<string, number>> {
    const text = await (await fetch(`${system.url}/metrics`)).text();
    const drops: Record<string, number> = {};
    for (const [, labels, value] of text.matchAll(/^headroom_frames_dropped_total\{([^}]*)\} (\S+)/gm)) {
      const reason = /reason="([^"]*)"/.exec(labels as string)?.[1] ?? '';
      drops[reason] = (drops[reason] ?? 0) + Number(value);
    }
    return drops;
  }

  async function memoryMiB(): Promise<Record<string, number>> {
    const sizes: Record<string, number> = {};
    for (const [name, pattern] of [
      ['services', /services\//],
      ['ffmpeg', /ffmpeg/],
    ] as const) {
      const pids = await descendants(system.launcher.pid as number, pattern);
      const rss = await Promise.all(
        pids.map(async (pid) =>
          Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1] ?? 0),
        ),
      );
      sizes[name] = Math.round(rss.reduce((a, b) => a + b, 0) / 1024);
    }
    return sizes;
  }
}

/** The model alone on all cores, pictures a second. */
async function bareFps(picture: string): Promise<number> {
  const args = [resolve('test/bench/bare-loop.ts'), modelFolder('models', 'standard'), picture, String(BARE_SECONDS)];
  const loops = Array.from({ length: availableParallelism() }, () => run(pinnedNode(), args));
  const each = await Promise.all(loops);
  return each.reduce((sum, { stdout }) => sum + Number(stdout), 0);
}

const round = (value: number) => Math.round(value * 1000) / 1000;
