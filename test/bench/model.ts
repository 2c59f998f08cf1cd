/** `bench model`: milliseconds a picture by model, size and number of steps, on one core and on all. Prints, never judges. */
import { availableParallelism } from 'node:os';
import { CrowdCounter } from '../../services/worker/model/crowd-counter.ts';
import { modelFolder } from '../../services/worker/model/manifest.ts';
import { quantile } from './statistics.ts';

const SIZES = [
  [640, 384],
  [1024, 576],
  [1024, 768],
] as const;

type BenchOptions = { seconds: number; models: string[]; json?: boolean };

export async function benchModel({ seconds, models, json }: BenchOptions): Promise<void> {
  const rows: {
    model: string;
    threads: number;
    size: string;
    steps: number;
    warm: boolean;
    medianMs: number;
    p95Ms: number;
    runs: number;
  }[] = [];
  const cases = models.length * 2 * SIZES.length * 4;
  for (const [model, threads] of models.flatMap((name) => [1, availableParallelism()].map((n) => [name, n] as const))) {
    const counter = await CrowdCounter.open(modelFolder('models', model), { provider: 'cpu', threads });
    for (const [widthPx, heightPx] of SIZES) {
      const picture = {
        widthPx,
        heightPx,
        rgb: new Uint8Array(widthPx * heightPx * 3).map((_, i) => (i * 7919) % 251),
      };
      const { latent } = await counter.estimate(picture, { steps: 1, seed: 1 });
      for (const [steps, previous] of [
        [1, undefined],
        [2, undefined],
        [4, undefined],
        [1, latent],
      ] as const) {
        const times: number[] = [];
        const until = performance.now() + (seconds * 1000) / cases;
        while (times.length < 3 || performance.now() < until) {
          const startedAt = performance.now();
          await counter.estimate(picture, { steps, seed: 1, previous });
          times.push(performance.now() - startedAt);
        }
        const [medianMs, p95Ms] = [quantile(times, 0.5), quantile(times, 0.95)].map(
          (ms) => Math.round(ms * 10) / 10,
        ) as [number, number];
        rows.push({
          model,
          threads,
          size: `${widthPx}x${heightPx}`,
          steps,
          warm: previous !== undefined,
          medianMs,
          p95Ms,
          runs: times.length,
        });
      }
    }
  }
  if (json) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else console.table(rows);
}
