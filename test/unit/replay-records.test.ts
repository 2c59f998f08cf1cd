/** The records of kept heat maps: what is written is read, and what is no record is refused. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeReplayRecords, encodeReplayRecord, type ReplayRecord } from '../../shared/contracts/replay.ts';

const record = (count: number, map: number[]): ReplayRecord => ({
  summary: { capturedAt: 1_700_000_000_000 + count, count, interval: [0, count + 1], zones: [] },
  deflatedMap: Uint8Array.from(map),
});

describe('replay records', () => {
  it('any number of records, one after the other, come back as they were', () => {
    const records = fc.array(fc.tuple(fc.nat(1000), fc.array(fc.nat(255), { maxLength: 200 })), { maxLength: 8 });
    fc.assert(
      fc.property(records, (pairs) => {
        const written = pairs.map(([count, map]) => record(count, map));
        const read = decodeReplayRecords(Buffer.concat(written.map(encodeReplayRecord)));
        assert.deepEqual(
          read.map(({ summary, deflatedMap }) => ({ summary, deflatedMap: Uint8Array.from(deflatedMap) })),
          written,
        );
      }),
    );
  });

  it('a zone keeps its own count and density', () => {
    const zones = [{ zoneId: 'stage', count: 4.5, interval: [3, 6] as [number, number], peakPeoplePerSqm: 1.2 }];
    const bytes = encodeReplayRecord({ ...record(9, [1]), summary: { ...record(9, []).summary, zones } });
    assert.deepEqual(decodeReplayRecords(bytes)[0]?.summary.zones, zones);
  });

  it('every cut short answer is refused, wherever it was cut', () => {
    const whole = encodeReplayRecord(record(3, [1, 2, 3]));
    for (let length = 1; length < whole.length; length++) {
      assert.throws(() => decodeReplayRecords(whole.subarray(0, length)), `cut to ${length} bytes`);
    }
  });

  it('a summary of another form is refused', () => {
    const bytes = encodeReplayRecord({ ...record(3, []), summary: { count: -1 } as never });
    assert.throws(() => decodeReplayRecords(bytes));
  });
});
