/** Inference processes with the committed model, and pictures for them. */
import sharp from 'sharp';
import type { PoolOptions } from '../../services/worker/inference-pool.ts';
import { openModelFolder } from '../../services/worker/model/manifest.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { descendants } from './system.ts';

export const MODEL = 'models/standard';

const noise = { type: 'gaussian', mean: 120, sigma: 30 } as const;
/** A picture of noise, 320 × 256 px. */
export const JPEG = await sharp({ create: { width: 320, height: 256, channels: 3, background: 'grey', noise } })
  .jpeg()
  .toBuffer();

/** One process with one model. @param folder the model */
export const poolOptions = async (change: Partial<PoolOptions> = {}, folder = MODEL): Promise<PoolOptions> => ({
  setup: { models: { standard: await openModelFolder(folder) }, provider: 'cpu', threads: 1 },
  processes: 1,
  deadlineMs: 10_000,
  logger: createLogger('test', 'silent'),
  ...change,
});

let seq = 0;
/** The newest picture of a camera, as a pool asks for it: {@link JPEG}, taken now. */
export const request =
  (change: object = {}) =>
  async () => ({
    cameraId: 'a',
    seq: ++seq,
    capturedAt: Date.now(),
    jpeg: JPEG,
    model: 'standard',
    inferenceWidth: 'native' as const,
    warmStart: true,
    zones: [],
    ...change,
  });

/** Inference processes that this test has running, by number. */
export const inferenceProcesses = (): Promise<number[]> => descendants(process.pid, /inference-process\.ts/);
