/** A machine that decodes more slowly than video comes: what is shown is old, and must not pass for now. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startIngest } from '../../services/ingest/service.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { CameraState } from '../../shared/contracts/camera.ts';
import { frameKeys, stateKeys } from '../../shared/contracts/keys.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { createFakeCamera } from '../helpers/fake-camera.ts';
import { startRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const CLIP = 'infra/demo/crowd.mp4';

test('video that waits to be decoded is not counted as live, and is dropped for the present', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'hr-behind-'));
  const slow = join(dir, 'slow-ffmpeg');
  // ffmpeg itself, made to take its input at a third of the rate it comes at.
  await writeFile(slow, `#!/bin/sh\nexec '${process.env.HEADROOM_FFMPEG ?? 'ffmpeg'}' -readrate 0.33 "$@"\n`);
  await chmod(slow, 0o755);
  const own = process.env.HEADROOM_FFMPEG;
  const [redis, camera] = await Promise.all([startRedis(), createFakeCamera({ clip: CLIP })]);
  const file = join(dir, 'headroom.yaml');
  const text = JSON.stringify({ cameras: [{ id: 'gate', url: camera.url, sampleFps: 5 }] });
  await writeFile(file, text);
  const [state, frames] = [redis.client(), redis.client()];
  await frames.select(1);
  const told = async () => {
    const body = await state.hget(stateKeys.cameraStates, 'gate');
    return body === null ? undefined : CameraState.parse(JSON.parse(body));
  };
  const counted = async () => (await frames.hget(frameKeys.frame('gate'), 'gated')) === '0';
  process.env.HEADROOM_FFMPEG = slow;
  const ingest = await startIngest({
    ...{ config: parseConfig(text), configFile: file, logger: createLogger('test', 'silent') },
    redisUrls: { state: redis.url, frames: redis.framesUrl },
  });
  try {
    await until('pictures to be counted while they are in time', counted);
    const late = await until('the delay to be told', async () => {
      const now = await told();
      return now?.trouble === 'decoding-behind' ? now : undefined;
    });
    assert.equal(late.phase, 'live');
    await until('pictures no longer to be counted', async () => !(await counted()));

    // A machine that has recovered.
    if (own === undefined) delete process.env.HEADROOM_FFMPEG;
    else process.env.HEADROOM_FFMPEG = own;
    await until('the old video to be dropped, and the present to be counted', async () => {
      const now = await told();
      return now?.phase === 'live' && now.trouble === undefined && (await counted());
    });
    assert.ok(camera.connectCount() >= 2, 'in a new session');
  } finally {
    if (own !== undefined) process.env.HEADROOM_FFMPEG = own;
    await ingest.close();
    await Promise.all([camera.close(), redis.stop()]);
    await rm(dir, { recursive: true, force: true });
  }
});
