/** What the page keeps of a camera whose pictures are dated wrongly. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import type { CameraInfo } from '../../shared/contracts/socket.ts';
import '../helpers/rune-modules.ts';

const { CameraLive } = await import('../../services/dashboard/src/live/camera-live.svelte.ts');

const NOW = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const info = { id: 'gate', name: 'Gate', sampleFps: 1, staleAfterMs: 3_000, zones: [] } as unknown as CameraInfo;
const reading = (capturedAt: number, seq: number) =>
  ({
    ...{ type: 'reading', cameraId: 'gate', status: 'ok', seq, capturedAt, count: 5, interval: [4, 6], zones: [] },
  }) as unknown as PublicReading;

test('one picture dated an hour ahead is no count, and what is counted after it is drawn', () => {
  const camera = new CameraLive(info, { now: NOW, connected: true });
  camera.take(reading(NOW, 1), NOW);
  camera.take(reading(NOW + HOUR_MS, 2), NOW + 1_000);
  assert.equal(camera.view.status, 'stale');
  assert.equal(camera.lastCountedAt, NOW);
  for (const second of [2, 3, 4]) camera.take(reading(NOW + second * 1_000, second + 1), NOW + second * 1_000);
  assert.equal(camera.lastCountedAt, NOW + 4_000);
  const drawn = (series: typeof camera.trend) =>
    series.stretches(NOW, 10_000).map((stretch) => stretch.map(({ at }) => (at - NOW) / 1_000));
  assert.deepEqual(drawn(camera.trend), [[0], [2, 3, 4]], 'a gap where it was');
  assert.deepEqual(drawn(camera.spark.whole), [[0], [2, 4]]);
});

test('what a snapshot brings is measured by the clock as it is known by then', () => {
  const camera = new CameraLive(info, { now: NOW, connected: true });
  camera.take(reading(NOW + HOUR_MS, 1));
  assert.equal(camera.lastCountedAt, undefined);
  assert.deepEqual(camera.trend.stretches(0, 10_000), []);
});
