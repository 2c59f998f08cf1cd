/** Exports of readings and events, and what may be asked for; what is stored: test/integration/history-store.test.ts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { eventsCsv, historyCsv } from '../../services/gateway/routes/csv.ts';
import type { AlertEvent } from '../../shared/contracts/alert.ts';
import { AlertCommand } from '../../shared/contracts/alert-command.ts';
import type { HistoryPoint } from '../../shared/contracts/history.ts';
import { dayOf, localIso, midnightBefore, offsetsIn } from '../../shared/readings/local-day.ts';
import { calibrated, run } from '../helpers/timeline.ts';

const BEGIN = 1_790_000_040_000;

const query = (more: Record<string, unknown>) => {
  const head = { commandId: 'command-1', actor: 'kim', type: 'list-history', cameraId: 'gate' };
  const parsed = AlertCommand.parse({ ...head, from: BEGIN, to: BEGIN + 600_000, ...more });
  assert.equal(parsed.type, 'list-history');
  return parsed as Extract<AlertCommand, { type: 'list-history' }>;
};

describe('history', () => {
  it('steps that are no whole tens of seconds are refused', () => {
    for (const stepMs of [0, 1000, 15_000, 10_000.5]) {
      assert.ok(!AlertCommand.safeParse({ ...query({}), stepMs }).success, String(stepMs));
    }
  });
});

describe('days of a time zone', () => {
  const HOUR = 3_600_000;
  const ZONES = [
    'Asia/Seoul',
    'Europe/Berlin',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Africa/Cairo',
    'America/Santiago',
  ];

  it('follow each other without a gap, and every instant lies in the one its clocks show', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.integer({ min: Date.UTC(2001, 0), max: Date.UTC(2035, 0) }),
        (timeZone, at) => {
          const [now] = offsetsIn(at, at + 1, timeZone);
          assert.ok(now);
          const localMs = at + now.offsetMs;
          const key = localMs - (localMs % (24 * HOUR));
          const day = dayOf(key, timeZone);
          assert.ok(day.at <= at && at < day.at + day.lengthMs, localIso(at, timeZone));
          assert.equal(day.at, midnightBefore(at, timeZone));
          assert.equal(dayOf(key + 24 * HOUR, timeZone).at, day.at + day.lengthMs);
        },
      ),
    );
  });

  it('last 23 and 25 hours where clocks are changed', () => {
    const hours = (month: number, day: number) => dayOf(Date.UTC(2026, month, day), 'Europe/Berlin').lengthMs / HOUR;
    assert.deepEqual([hours(2, 28), hours(2, 29), hours(9, 25), hours(9, 26)], [24, 23, 25, 24]);
    const year = offsetsIn(Date.UTC(2026, 0), Date.UTC(2027, 0), 'Europe/Berlin');
    assert.deepEqual(
      year.map(({ from, offsetMs }) => [new Date(from).toISOString(), offsetMs / HOUR]),
      [
        ['2026-01-01T00:00:00.000Z', 1],
        ['2026-03-29T01:00:00.000Z', 2],
        ['2026-10-25T01:00:00.000Z', 1],
      ],
    );
  });
});

describe('exports', () => {
  it('readings as CSV', () => {
    const point: HistoryPoint = {
      cameraId: 'gate',
      zoneId: 'stage',
      at: BEGIN,
      stepMs: 60_000,
      countedMs: 60_000,
      samples: 3,
      countMean: 1.5,
      countMin: 1,
      countMax: 2,
    };
    assert.equal(
      historyCsv([point]),
      'at,cameraId,zoneId,stepMs,samples,countMean,countMin,countMax,densityMean,densityPeak,' +
        'countLow,countHigh,countedMs\r\n' +
        '2026-09-21T14:14:00.000Z,gate,stage,60000,3,1.5,1,2,,,,,60000\r\n',
    );
    assert.match(historyCsv([point], 'rows', 'Asia/Seoul'), /^2026-09-21T23:14:00\.000\+09:00,gate,/);
    assert.equal(historyCsv([], 'rows'), '', 'a later part has no header');
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

    // Spreadsheets of East Asia take the wide forms of these signs for the signs themselves.
    for (const note of ['+1', '-1', '@x', '\t=1', '\n=1', '＝1+1', '＋1', '－1', '＠x']) {
      const [row = ''] = eventsCsv([{ ...(events[0] as AlertEvent), note }], 'rows').split('\r\n');
      assert.ok(row.includes(`'${note}`), JSON.stringify(note));
    }

    const first = events[0] as AlertEvent;
    const [header, row] = eventsCsv([{ ...first, lineId: 'turnstile' }]).split('\r\n');
    const cells = row?.split(',') ?? [];
    const named = Object.fromEntries((header?.split(',') ?? []).map((name, i) => [name, cells[i]]));
    assert.equal(Object.keys(named).length, cells.length);
    const { offset, zoneId, lineId, toLevel, unit, epoch } = named;
    assert.deepEqual(
      { offset, zoneId, lineId, toLevel, unit, epoch },
      {
        offset: '1',
        zoneId: first.zoneId,
        lineId: 'turnstile',
        toLevel: first.to.level,
        unit: first.unit,
        epoch: first.epoch,
      },
    );
  });
});
