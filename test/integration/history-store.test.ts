/** What is kept of readings and of people over lines, and how it is asked for: the same on SQLite and on PostgreSQL. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { addHistory, pruneHistory, readHistory } from '../../services/alerts/history/history-store.ts';
import { HistoryTally } from '../../services/alerts/history/history-tally.ts';
import { addLineHistory, pruneLineHistory, readLineHistory } from '../../services/alerts/history/line-history-store.ts';
import { LineTally } from '../../services/alerts/history/line-tally.ts';
import { AlertStore } from '../../services/alerts/store/alert-store.ts';
import { AlertCommand } from '../../shared/contracts/alert-command.ts';
import type { LineReading, PublicReading } from '../../shared/contracts/reading.ts';
import { DATABASES, type TestDatabase } from '../helpers/databases.ts';

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

const lineQuery = (more: object) => {
  const head = { commandId: 'command-1', actor: 'kim', type: 'list-line-history', cameraId: 'gate', lineId: 'door' };
  const parsed = AlertCommand.parse({ ...head, from: BEGIN, to: BEGIN + 600_000, ...more });
  assert.equal(parsed.type, 'list-line-history');
  return parsed as Extract<AlertCommand, { type: 'list-line-history' }>;
};

for (const { name, create } of DATABASES) {
  describe(`history on ${name}`, () => {
    let database: TestDatabase;
    let store: AlertStore;
    before(async () => {
      database = await create();
      store = await AlertStore.open(database.where);
    });
    after(async () => {
      await store?.close();
      await database?.remove();
    });
    it('merges what comes in pieces into ten seconds and minutes', async () => {
      const tally = new HistoryTally();
      for (let half = 0; half < 240; half++) {
        tally.add(reading(half / 2, half, half < 120 ? undefined : 2));
        tally.add(reading(half / 2, half));
        if (half % 7 === 0) await addHistory(store.db, tally.take());
      }
      tally.add({
        ...reading(130, 9999),
        status: 'stale',
        reason: 'late-picture',
        since: 0,
        zones: [],
      } as PublicReading);
      await addHistory(store.db, tally.take());

      const fine = await readHistory(store.db, query({ zoneId: '', stepMs: 10_000 }));
      assert.equal(fine.length, 12);
      assert.deepEqual(fine[0], {
        cameraId: 'gate',
        at: BEGIN,
        stepMs: 10_000,
        countedMs: 10_000,
        samples: 20,
        countMean: 9.5,
        countMin: 0,
        countMax: 19,
        countLow: 9.5,
        countHigh: 9.5,
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
      assert.deepEqual(
        all.map((p) => [p.zoneId, p.at % 120_000, p.samples]),
        [
          [undefined, 0, 240],
          ['stage', 0, 240],
        ],
      );
      assert.equal((await readHistory(store.db, query({ cameraId: 'other' }))).length, 0);
    });

    it('adds a long backlog in one go, several spans of one minute included', async () => {
      const tally = new HistoryTally();
      for (let tens = 0; tens < 700; tens++) {
        tally.add({ ...reading(86_400 + tens * 10, tens), cameraId: 'back' } as PublicReading);
      }
      await addHistory(store.db, tally.take());
      const from = BEGIN + 86_400_000;
      const minutes = await readHistory(store.db, query({ cameraId: 'back', zoneId: '', from, to: from + 86_400_000 }));
      assert.equal(minutes.length, 117);
      assert.deepEqual([minutes[1]?.samples, minutes[1]?.countMin, minutes[1]?.countMax], [6, 6, 11]);
    });

    it('lists zones in the order of their bytes', async () => {
      const tally = new HistoryTally();
      const base = reading(0, 4);
      const zones = ['b', 'a-b', 'ab', 'a1', 'z'].map((zoneId) => ({ ...base.zones[0], zoneId }));
      tally.add({ ...base, cameraId: 'order', zones } as PublicReading);
      await addHistory(store.db, tally.take());
      const points = await readHistory(store.db, query({ cameraId: 'order' }));
      assert.deepEqual(
        points.map((point) => point.zoneId),
        [undefined, 'a-b', 'a1', 'ab', 'b', 'z'],
      );
    });

    it('time without pictures is missing, not zero', async () => {
      const later = await readHistory(store.db, query({ zoneId: '', from: BEGIN + 120_000, stepMs: 10_000 }));
      assert.deepEqual(later, []);
    });

    it('gathers days of a time zone, also those with 23 and 25 hours', async () => {
      const HOUR = 3_600_000;
      const timeZone = 'Europe/Berlin';
      for (const [cameraId, sunday] of [
        ['spring', Date.UTC(2026, 2, 29)],
        ['autumn', Date.UTC(2026, 9, 25)],
      ] as const) {
        const from = sunday - 36 * HOUR;
        const hours = Array.from({ length: 96 }, (_, i) => from + i * HOUR);
        const sums = { countMin: 1, countMax: 1, countLowSum: 1, countHighSum: 1, samples: 1, countSum: 1 };
        const density = { densitySamples: 0, densitySum: 0, densityPeak: 0 };
        await addHistory(
          store.db,
          hours.map((at) => ({ cameraId, zoneId: '', at, ...sums, ...density })),
        );
        const totals = { lineId: 'door', since: from, out: 0, blindMs: 0, doubtful: false };
        await addLineHistory(
          store.db,
          hours.map((at, i) => ({ cameraId, ...totals, at, lastAt: at + 59_000, in: i + 1 })),
        );
        const asked = { cameraId, timeZone, from: sunday - 12 * HOUR, to: sunday + 36 * HOUR, stepMs: 24 * HOUR };
        const days = await readHistory(store.db, query({ ...asked, zoneId: '' }));
        const long = cameraId === 'spring' ? 23 : 25;
        assert.deepEqual(
          days.map(({ at, stepMs, samples, countedMs }) => [
            new Date(at).toLocaleString('sv', { timeZone }),
            stepMs / HOUR,
            samples,
            countedMs / 60_000,
          ]),
          cameraId === 'spring'
            ? [
                ['2026-03-28 00:00:00', 24, 24, 24],
                ['2026-03-29 00:00:00', long, long, long],
                ['2026-03-30 00:00:00', 24, 14, 14],
              ]
            : [
                ['2026-10-24 00:00:00', 24, 24, 24],
                ['2026-10-25 00:00:00', long, long, long],
                ['2026-10-26 00:00:00', 24, 13, 13],
              ],
        );
        const flows = await readLineHistory(store.db, lineQuery(asked));
        assert.deepEqual(
          flows.map(({ at, stepMs }) => [at, stepMs]),
          days.map(({ at, stepMs }) => [at, stepMs]),
        );
        assert.deepEqual(
          flows.map((flow) => flow.in),
          days.map(({ samples }) => samples),
        );
        const utc = await readHistory(store.db, query({ ...asked, timeZone: undefined, zoneId: '' }));
        assert.deepEqual(
          utc.map(({ at, stepMs, samples }) => [at % stepMs, samples]),
          [
            [0, 24],
            [0, 24],
            [0, 12],
          ],
        );
      }
    });

    it('reads months in pieces, between which readings are judged: SQLite halts its process', async () => {
      const [first, last] = [BEGIN + 400 * 86_400_000, BEGIN + 460 * 86_400_000];
      const head = { cameraId: 'long', zoneId: '', samples: 1, countSum: 1, countMin: 1, countMax: 1 };
      const rest = { countLowSum: 1, countHighSum: 1, densitySamples: 0, densitySum: 0, densityPeak: 0 };
      await addHistory(
        store.db,
        [first, last].map((at) => ({ ...head, ...rest, at })),
      );
      const totals = { cameraId: 'long', lineId: 'door', since: first, out: 0, blindMs: 0, doubtful: false };
      await addLineHistory(
        store.db,
        [first, last].map((at, i) => ({ ...totals, at, lastAt: at + 59_000, in: 3 * (i + 1) })),
      );
      const asked = { cameraId: 'long', from: 0, to: last + 86_400_000, stepMs: 86_400_000 };
      for (const read of [
        () => readHistory(store.db, query({ ...asked, zoneId: '' })),
        () => readLineHistory(store.db, lineQuery(asked)),
      ]) {
        let turns = 0;
        let over = false;
        const turn = (): void => {
          turns += 1;
          if (!over) setImmediate(turn);
        };
        setImmediate(turn);
        const points = await read();
        over = true;
        assert.equal(points.length, 2);
        assert.ok(turns >= 8, `${turns} turns`);
      }
    });

    it('tells what went over a line from totals, through restarts, midnights and gaps', async () => {
      const line = (second: number, inTotal: number, more: Partial<LineReading> = {}): PublicReading => {
        const counted = { lineId: 'door', name: 'Door', in: inTotal, out: 2 * inTotal, blindMs: 0, from: 'start' };
        const since = BEGIN - 3_600_000;
        return { ...reading(second, 1), lines: [{ ...counted, since, ...more } as LineReading] } as PublicReading;
      };
      const keep = async (...readings: PublicReading[]): Promise<void> => {
        const tally = new LineTally();
        for (const reading of readings) tally.add(reading);
        await addLineHistory(store.db, tally.take());
      };
      await keep(line(-30, 100));
      await keep(line(1, 101), line(50, 104), line(59, 105));
      // Read again by a successor, and a late word of the one before it: nothing is counted twice.
      await keep(line(59, 105), line(50, 104));
      await keep(line(61, 105), line(110, 109, { doubt: 'too-crowded' }), line(119, 109));
      // Nobody wrote anything down for three minutes; a new day begins.
      await keep(line(310, 120));
      const midnight = { since: BEGIN + 360_000, from: 'midnight' as const };
      await keep(line(361, 0, midnight), line(419, 7, { ...midnight, blindMs: 4000 }));

      const ask = (more: object = {}) => readLineHistory(store.db, lineQuery(more));
      const told = await ask();
      assert.deepEqual(
        told.map((p) => [(p.at - BEGIN) / 1000, p.in, p.out, p.coveredMs, p.blindMs, p.doubtful]),
        [
          [0, 5, 10, 89_000, 0, false],
          [60, 4, 8, 60_000, 0, true],
          [300, 11, 22, 191_000, 0, false],
          [360, 7, 14, 59_000, 4000, false],
        ],
      );
      const parts = [...(await ask({ to: BEGIN + 60_000 })), ...(await ask({ from: BEGIN + 60_000 }))];
      assert.deepEqual(parts, told, 'in parts as in one');
      const [whole, ...none] = await ask({ stepMs: 3_600_000, from: BEGIN - 600_000 });
      assert.deepEqual(none.length, 0, 'the first minute of all counts from before: nobody knows when');
      assert.deepEqual([whole?.in, whole?.out, whole?.doubtful], [27, 54, true]);
      assert.deepEqual(await ask({ lineId: 'other' }), []);
      while (await pruneLineHistory(store.db, BEGIN + 86_400_000, 86_400_000 - 60_000));
      assert.equal((await ask()).length, 2, 'kept minutes stay; the first of them counts from before');
    });

    it('forgets ten-second spans before minutes', async () => {
      const keep = { keepFineMs: 3_600_000, keepMinutesMs: 86_400_000 };
      await pruneHistory(store.db, BEGIN + 7_200_000, keep);
      assert.equal((await readHistory(store.db, query({ stepMs: 10_000 }))).length, 0);
      assert.ok((await readHistory(store.db, query({}))).length > 0);
      await pruneHistory(store.db, BEGIN + 2 * 86_400_000, keep);
      assert.equal((await readHistory(store.db, query({}))).length, 0);
    });
  });
}
