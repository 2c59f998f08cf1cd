/** Evidence between a database that comes and goes and pictures that do not wait; the whole path: test/integration/evidence.test.ts. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Redis } from 'ioredis';
import { EvidenceDesk } from '../../services/alerts/evidence/evidence-desk.ts';
import { EvidenceFiles } from '../../services/alerts/evidence/evidence-files.ts';
import type { EvidenceStore } from '../../services/alerts/evidence/evidence-store.ts';
import { parseConfig } from '../../shared/config/load.ts';
import type { Evidence } from '../../shared/contracts/evidence.ts';
import { encodeHeatmap } from '../../shared/contracts/heatmap.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { until } from '../helpers/until.ts';

const CAPTURED_AT = 1_790_000_000_000;
const entry = (more: Partial<Evidence> = {}): Evidence => ({
  ...{ eventId: 'e~gate~stage~zone-density~1~1', alertId: 'e~gate~stage~zone-density~1', sequence: 1 },
  ...{ cameraId: 'gate', zoneId: 'stage', mode: 'actual', level: 'severe', privacy: 'heatmap', state: 'pending' },
  ...{ capturedAt: CAPTURED_AT, at: CAPTURED_AT, files: {} },
  ...more,
});
const shape = { cameraId: 'gate', seq: 1, capturedAt: CAPTURED_AT, width: 96, height: 54, peoplePerUnit: 0.01 };
const heatmap = Buffer.from(encodeHeatmap({ ...shape, values: new Uint8Array(96 * 54).fill(9), heads: [] }));

describe('the desk of evidence', () => {
  let dir: string;
  let desk: EvidenceDesk;
  /** What the database was told, and whether it is there. */
  let stored: Evidence[];
  let away: boolean;
  let ring: Record<string, unknown> | undefined;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hr-evidence-desk-'));
    stored = [];
    away = false;
    ring = { capturedAt: String(CAPTURED_AT), widthPx: '320', heightPx: '180', heatmap };
    const frames = {
      hget: async () => ring?.capturedAt ?? null,
      hgetallBuffer: async () => ring ?? {},
    } as unknown as Redis;
    const store = {
      update: async (done: Evidence) => {
        if (away) throw new Error('the database is away');
        stored.push(done);
      },
      pending: async () => [entry()],
    } as unknown as EvidenceStore;
    const config = parseConfig('alerts: { evidence: { minFreeMb: 0 } }\ncameras: []');
    desk = new EvidenceDesk(
      {
        ...{ frames, store, files: new EvidenceFiles(dir), logger: createLogger('test', 'silent') },
        metrics: { evidence: { inc: () => undefined } } as never,
      },
      config,
    );
  });
  afterEach(async () => {
    await desk.close();
    await rm(dir, { recursive: true, force: true });
  });

  it('what was written while the database was away is recorded when it is back', async () => {
    away = true;
    desk.take([entry()]);
    await until('the file', () => new EvidenceFiles(dir).read(entry(), 'map').catch(() => undefined));
    away = false;
    const [kept] = await until('the record', () => (stored.length > 0 ? stored : undefined));
    assert.equal(kept?.state, 'kept');
    assert.equal(stored.length, 1);
  });

  it('a picture that is gone is one thing, a predecessor that ended another', async () => {
    ring = undefined;
    // Stored late, as after an outage of the database: nobody was interrupted.
    desk.take([entry({ at: Date.now() - 60_000 })]);
    await until('the record', () => stored.length === 1 || undefined);
    await desk.resume();
    await until('the record', () => stored.length === 2 || undefined);
    assert.deepEqual(
      stored.map(({ gap }) => gap),
      ['picture-gone', 'interrupted'],
    );
  });
});
