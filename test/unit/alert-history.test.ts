/** Readings over time: added up, merged, asked for, exported, forgotten. On a real SQLite file. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { addHistory, pruneHistory, readHistory } from '../../services/alerts/history/history-store.ts';
import { HistoryTally } from '../../services/alerts/history/history-tally.ts';
import { AlertStore } from '../../services/alerts/store/alert-store.ts';
import { AlertCommand } from '../../shared/contracts/alert.ts';
import { eventsCsv, type HistoryPoint, historyCsv } from '../../shared/contracts/history.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import { calibrated, run } from '../helpers/timeline.ts';

const BEGIN = 1_790_000_040_000;

const reading = (atS: number, count: number, density?: number): PublicReading => ({
  type: 'reading',
  cameraId: 'gate',
  seq: Math.round(atS * 2) + 1,
  capturedAt: BEGIN + atS * 1000,
  status: 'ok',
  count,
  interval: [count, count],
  heads: 0,
  zones: [
    {
      zoneId: 'stage',
      name: 'stage',
      count: count / 2,
      interval: [0, count],
      calibrated: density !== undefined,
      ...(density === undefined ? {} : { peoplePerSqm: density, peakPeoplePerSqm: density * 2 }),
    },
  ],
  model: { name: 'm', version: '1', steps: 1, warmStart: false },
  publishedAt: BEGIN,
});

const query = (more: Record<string, unknown>) => {
  const head = { commandId: 'command-1', actor: 'kim', type: 'list-history', cameraId: 'gate' };
  const parsed = AlertCommand.parse({ ...head, from: BEGIN, to: BEGIN + 600_000, ...more });
  assert.equal(parsed.type, 'list-history');
  return parsed as Extract<AlertCommand, { type: 'list-history' }>;
};

describe('history', () => {
  let dir: string;
  let store: AlertStore;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hr-history-'));
    store = await AlertStore.open(join(dir, 'headroom.db'));
  });
  after(async () => {
    await store.close();
    await rm(dir, { recursive: true, force: true });
  });

  it('merges what comes in pieces into ten seconds and minutes', async () => {
    const tally = new HistoryTally();
    for (let half = 0; half < 240; half++) {
      tally.add(reading(half / 2, half, half < 120 ? undefined : 2));
      tally.add(reading(half / 2, half));
      if (half % 7 === 0) await addHistory(store.db, tally.take());
    }
    tally.add({ ...reading(130, 9999), status: 'stale', reason: 'late-picture', since: 0, zones: [] } as PublicReading);
    await addHistory(store.db, tally.take());

    const fine = await readHistory(store.db, query({ zoneId: '', stepMs: 10_000 }));
    assert.equal(fine.length, 12);
    assert.deepEqual(fine[0], {
      cameraId: 'gate',
      at: BEGIN,
      stepMs: 10_000,
      samples: 20,
      countMean: 9.5,
      countMin: 0,
      countMax: 19,
    });
    const minutes = await readHistory(store.db, query({ zoneId: 'stage' }));
    assert.deepEqual(
      minutes.map((p) => [p.at - BEGIN, p.samples, p.countMean, p.countMax, p.densityMean, p.densityPeak]),
      [
        [0, 120, 29.75, 59.5, undefined, undefined],
        [60_000, 120, 89.75, 119.5, 2, 4],
      ],
    );
    const thirty = await readHistory(store.db, query({ zoneId: '', stepMs: 30_000 }));
    assert.deepEqual(
      thirty.map((p) => p.samples),
      [60, 60, 60, 60],
    );
    const all = await readHistory(store.db, query({ stepMs: 120_000 }));
    assert.ok(all.every((p) => p.at % 120_000 === 0));
    assert.equal((await readHistory(store.db, query({ cameraId: 'other' }))).length, 0);
  });

  it('time without pictures is missing, not zero', async () => {
    const later = await readHistory(store.db, query({ zoneId: '', from: BEGIN + 120_000, stepMs: 10_000 }));
    assert.deepEqual(later, []);
  });

  it('forgets ten-second spans before minutes', async () => {
    const keep = { keepFineMs: 3_600_000, keepMinutesMs: 86_400_000 };
    await pruneHistory(store.db, BEGIN + 7_200_000, keep);
    assert.equal((await readHistory(store.db, query({ stepMs: 10_000 }))).length, 0);
    assert.ok((await readHistory(store.db, query({}))).length > 0);
    await pruneHistory(store.db, BEGIN + 2 * 86_400_000, keep);
    assert.equal((await readHistory(store.db, query({}))).length, 0);
  });

  it('steps that are no whole tens of seconds are refused', () => {
    for (const stepMs of [0, 1000, 15_000, 10_000.5]) {
      assert.ok(!AlertCommand.safeParse({ ...query({}), stepMs }).success, String(stepMs));
    }
  });
});

describe('exports', () => {
  it('readings as CSV', () => {
    const point: HistoryPoint = {
      cameraId: 'gate',
      zoneId: 'stage',
      at: BEGIN,
      stepMs: 60_000,
      samples: 3,
      countMean: 1.5,
      countMin: 1,
      countMax: 2,
    };
    assert.equal(
      historyCsv([point]),
      'at,cameraId,zoneId,stepMs,samples,countMean,countMin,countMax,densityMean,densityPeak\r\n' +
        '2026-09-21T14:14:00.000Z,gate,stage,60000,3,1.5,1,2,,\r\n',
    );
  });

  it('events as CSV, in which no text becomes a formula or breaks a line', () => {
    const { events } = run({
      config: calibrated(),
      untilS: 10,
      steps: [
        { kind: 'density', from: 0, to: 10, value: 6 },
        { kind: 'command', at: 6, command: { type: 'comment', note: '=HYPERLINK("x"),\nsecond line' } },
      ],
    });
    const lines = eventsCsv(events).split('\r\n');
    assert.equal(lines.length, 4);
    assert.ok(lines[1]?.startsWith('1,2026-09-21T14:13:24.000Z,'));
    assert.ok(lines[2]?.includes(`"'=HYPERLINK(""x""),\nsecond line"`));
  });
});
