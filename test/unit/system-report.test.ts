/** Figures out of metrics: rates, percentiles, restarts, and what a report leaves out. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  gauge,
  labelValues,
  percentiles,
  rise,
  type Sample,
  sampleOf,
  total,
} from '../../services/gateway/system/metric-sample.ts';
import { firstHeard } from '../../services/gateway/system/metrics-window.ts';
import { type Known, systemReport } from '../../services/gateway/system/system-report.ts';
import { SystemReport } from '../../shared/contracts/system.ts';
import { createRegistry, Gauge, Histogram } from '../../shared/runtime/metrics.ts';

const counter = (name: string, values: [number, Record<string, string>][]) => ({
  name,
  values: values.map(([value, labels]) => ({ value, labels })),
});
const look = (at: number, ...metrics: ReturnType<typeof counter>[]): Sample =>
  sampleOf(at, metrics, new Set(metrics.map(({ name }) => name)));

describe('metrics between two looks', () => {
  it('a counter rises by what it rose; a service that started anew has risen by what it has', () => {
    const before = look(
      0,
      counter('n', [
        [10, { instance: 'a' }],
        [50, { instance: 'b' }],
      ]),
    );
    const after = look(
      1,
      counter('n', [
        [25, { instance: 'a' }],
        [4, { instance: 'b' }],
        [1, { instance: 'c' }],
      ]),
    );
    assert.equal(rise(before, after, 'n'), 15 + 4 + 1);
    assert.equal(rise(before, after, 'n', { instance: 'a' }), 15);
    assert.equal(total(after, 'n'), 30);
    assert.deepEqual(labelValues(after, 'n', 'instance'), ['a', 'b', 'c']);
  });

  it('a service that a look missed has not risen from nothing; a new series of one that was heard has', () => {
    const [a, b] = [{ instance: 'a' }, { instance: 'b' }];
    const missed = look(0, counter('n', [[5, b]]));
    const heard = look(
      5,
      counter('n', [
        [1000, a],
        [6, b],
      ]),
    );
    const newest = look(
      10,
      counter('n', [
        [1003, a],
        [7, b],
        [2, { ...b, reason: 'too-old' }],
      ]),
    );
    const before = firstHeard([missed, heard, newest]) as Sample;
    assert.equal(before.at, 0);
    assert.equal(rise(before, newest, 'n', a), 3);
    assert.equal(rise(before, newest, 'n', b), 2 + 2);
    assert.equal(firstHeard([]), undefined);
  });

  it('what is not asked about is not kept', () => {
    const sample = sampleOf(0, [counter('n', [[1, {}]]), counter('m', [[1, {}]])], new Set(['n']));
    assert.equal(sample.series.size, 1);
    assert.equal(gauge(sample, 'm'), undefined);
  });

  it("percentiles of a real histogram's last observations, whatever came before", async () => {
    const registry = createRegistry('test', 'i');
    const histogram = new Histogram({ name: 'h', help: 'h', buckets: [0.1, 0.2, 0.5, 1], registers: [registry] });
    const sample = async () => sampleOf(0, (await registry.getMetricsAsJSON()) as never, new Set(['h']));
    for (let i = 0; i < 1000; i++) histogram.observe(0.9);
    const before = await sample();
    assert.equal(percentiles(before, await sample(), 'h', [0.5]), undefined, 'nothing since');
    for (let i = 0; i < 100; i++) histogram.observe(0.15);
    const [p50, p99] = percentiles(before, await sample(), 'h', [0.5, 0.99]) ?? [];
    assert.ok(p50 !== undefined && p50 > 0.1 && p50 <= 0.2, `${p50}`);
    assert.ok(p99 !== undefined && p99 > 0.19 && p99 <= 0.2, `${p99}`);
    for (let i = 0; i < 100; i++) histogram.observe(7);
    const slow = percentiles(before, await sample(), 'h', [0.99]);
    assert.deepEqual(slow, [1], 'beyond the last bucket its bound is all that is known');
  });
});

const gigabyte = 1024 ** 3;
const known = (more: Partial<Known> = {}): Known => ({
  ...{ now: 100_000, version: '1', presence: [], models: [], instance: 'g', queue: undefined, redis: undefined },
  state: { ingest: 'down', inference: 'down', redis: 'down', alerts: { leader: 'down' } },
  ...{ before: look(0), after: look(0), cameras: [], readings: [], connections: new Map() },
  ...more,
});

describe('a system report', () => {
  it('leaves out what nobody says: no service, no disk, no latency is not zero', () => {
    const report = SystemReport.parse(systemReport(known()));
    for (const part of ['queue', 'redis', 'disk', 'database', 'configVersion'] as const) {
      assert.equal(report[part], undefined, part);
    }
    assert.deepEqual(report.latency, {});
    assert.deepEqual(report.services, []);
  });

  it('tells rates over the window, ages, reconnects and drops of each camera', () => {
    const labels = { camera: 'gate', instance: 'w' };
    const at = (ms: number, n: number) =>
      look(
        ms,
        counter('headroom_frames_counted_total', [[n, labels]]),
        counter('headroom_frames_sampled_total', [[2 * n, { camera: 'gate' }]]),
        counter('headroom_frames_dropped_total', [[n / 10, { camera: 'gate', reason: 'too-old' }]]),
        counter('headroom_camera_restarts_total', [[3, { camera: 'gate', reason: 'timeout' }]]),
      );
    const camera = { id: 'gate', name: 'Gate', sampleFps: 2 } as Known['cameras'][number];
    const reading = { cameraId: 'gate', status: 'stale', reason: 'late-picture', capturedAt: 91_000 } as never;
    const presence = [{ service: 'worker', instance: 'w', startedAt: 1, at: 99_600 }];
    const models = [
      { instance: 'w', defaultModel: 'm', models: [{ name: 'm', version: '2', loaded: true, cameraIds: [] }] },
    ];
    const report = SystemReport.parse(
      systemReport(
        known({ before: at(0, 0), after: at(60_000, 120), cameras: [camera], readings: [reading], presence, models }),
      ),
    );
    const { countedFps, sampledFps, pictureAgeMs, reconnects, recentDrops, status, reason } = report.cameras[0] ?? {};
    assert.deepEqual(
      { countedFps, sampledFps, pictureAgeMs, reconnects, recentDrops, status, reason },
      {
        ...{ countedFps: 2, sampledFps: 4, pictureAgeMs: 9_000, reconnects: 3, recentDrops: 12 },
        status: 'stale',
        reason: 'late-picture',
      },
    );
    assert.deepEqual(report.drops, [{ reason: 'too-old', total: 12, recent: 12 }]);
    assert.deepEqual(report.workers, [{ instance: 'w', models: ['m@2'], countedPerSecond: 2, crashes: 0 }]);
    assert.equal(report.services[0]?.seenAgoMs, 400);
  });

  it('warns of a full disk by what is left and by its share', async () => {
    const disk = async (freeBytes: number, totalBytes: number) => {
      const registry = createRegistry('test', 'i');
      const registers = [registry];
      new Gauge({ name: 'headroom_data_disk_free_bytes', help: '-', registers }).set(freeBytes);
      new Gauge({ name: 'headroom_data_disk_bytes', help: '-', registers }).set(totalBytes);
      const wanted = new Set(['headroom_data_disk_free_bytes', 'headroom_data_disk_bytes']);
      const after = sampleOf(0, (await registry.getMetricsAsJSON()) as never, wanted);
      return systemReport(known({ after })).disk?.low;
    };
    assert.equal(await disk(50 * gigabyte, 100 * gigabyte), false);
    assert.equal(await disk(1 * gigabyte, 10 * gigabyte), true, 'little is left');
    assert.equal(await disk(30 * gigabyte, 1000 * gigabyte), true, 'a small share is left');
  });
});
