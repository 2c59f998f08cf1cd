/** What the alerts service deletes when the clock says that everything is old. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { addHistory } from '../../services/alerts/history/history-store.ts';
import { HistoryTally } from '../../services/alerts/history/history-tally.ts';
import { startAlerts } from '../../services/alerts/service.ts';
import { AlertStore } from '../../services/alerts/store/alert-store.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { fastConfig } from '../helpers/alert-feed.ts';
import { DATABASES, type TestDatabase } from '../helpers/databases.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const reading = (capturedAt: number): PublicReading => ({
  ...{ type: 'reading', cameraId: 'gate', seq: Math.round(capturedAt / 1000), capturedAt, publishedAt: capturedAt },
  ...{ status: 'ok', count: 5, interval: [4, 6], heads: 5, zones: [] },
  model: { name: 'm', version: '1', steps: 1, warmStart: false },
});

for (const { name, create } of DATABASES)
  describe(`retention on ${name}`, () => {
    let redis: TestRedis;
    let dir: string;
    let database: TestDatabase;
    let store: AlertStore;
    before(async () => {
      redis = await startRedis();
      dir = await mkdtemp(join(tmpdir(), 'hr-retention-'));
      database = await create();
      store = await AlertStore.open(database.where);
    });
    after(async () => {
      await store.close();
      await redis.stop();
      await database.remove();
      await rm(dir, { recursive: true, force: true });
    });

    /** Instants of the minutes that are kept. */
    const minutes = async (): Promise<number[]> =>
      (await store.db.selectFrom('history').select('at').where('step_ms', '=', 60_000).execute()).map(({ at }) =>
        Number(at),
      );
    const keep = async (...agesMs: number[]): Promise<void> => {
      const tally = new HistoryTally();
      for (const age of agesMs) tally.add(reading(Date.now() - age));
      await addHistory(store.db, tally.take());
    };
    /** Days of evidence on the disk, all ten years ago. */
    const evidence = () => readdir(join(dir, 'evidence'));
    /** Lets the service lead for a while. @returns what it logged */
    const lead = async (done: (lines: string) => Promise<boolean> | boolean): Promise<string> => {
      const lines: string[] = [];
      const service = await startAlerts({
        ...{ config: fastConfig(), instance: 'a', dataDir: dir, databaseUrl: database.where },
        redisUrls: { state: redis.url, frames: redis.framesUrl },
        logger: createLogger('test', 'info', { write: (line: string) => void lines.push(line) }),
      });
      try {
        await until('it', () => done(lines.join('')), 15_000);
        // Time for one more piece of deleting.
        await delay(500);
      } finally {
        await service.close();
      }
      return lines.join('');
    };

    it('keeps all while everything is old at once, and says so', async () => {
      await keep(3651 * DAY_MS, 3650 * DAY_MS);
      const day = new Date(Date.now() - 3650 * DAY_MS).toISOString().slice(0, 10);
      await mkdir(join(dir, 'evidence', day), { recursive: true });
      const before = await minutes();
      const lines = await lead((said) => said.includes('nothing old is deleted for now'));
      assert.equal(lines.split('nothing old is deleted').length, 2, 'once');
      assert.deepEqual(await minutes(), before);
      // What is written by the wrong clock proves nothing yet.
      await keep(0, 2 * HOUR_MS);
      await lead((said) => said.includes('nothing old is deleted for now'));
      assert.equal((await minutes()).length, 4);
      assert.deepEqual(await evidence(), [day]);
    });

    it('deletes what is old once a day of history lies behind it', async () => {
      await keep(25 * HOUR_MS, 5 * HOUR_MS);
      const oldest = Date.now() - 90 * DAY_MS;
      const lines = await lead(async () => (await minutes()).every((at) => at > oldest));
      assert.ok(!lines.includes('nothing old is deleted'), lines);
      assert.deepEqual(await evidence(), []);
      assert.equal((await minutes()).length, 4);
    });
  });
